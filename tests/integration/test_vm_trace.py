"""Parity's vmTrace, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byline.node.config import NodeConfig
from byline.node.evm import engines
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import Port, served

FROM = "0x" + ALICE.address.hex()
INNER = created_address(ALICE.address, 0)
OUTER = created_address(ALICE.address, 1)
# Writes 7 to slot 5 and returns a word of 9.
INNER_CODE = "60076005556009" + "5f5260205ff3"
# Calls it with 100,000 gas and has the answer at 32 in memory.
OUTER_CODE = f"602060205f5f5f73{INNER.hex()}620186a0f15000"
NOBODY = "0x" + "c0" * 20
# With all gas, until there is none.
CALLS_ITSELF_CODE = "5f5f5f5f5f305af100"


def _init(code: str) -> bytes:
    raw = bytes.fromhex(code)
    return bytes([0x60, len(raw), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + raw


@pytest.fixture(scope="module", params=sorted({engines.DEFAULT, engines.REFERENCE}))
def made(request: pytest.FixtureRequest) -> World:
    here = world(NodeConfig(engine=request.param))
    for chain in ("l1", "l2"):
        name: ChainName = "l1" if chain == "l1" else "l2"
        here.send(name, to=None, data=_init(INNER_CODE), gas=300_000)
        here.send(name, to=None, data=_init(OUTER_CODE), gas=300_000)
        here.send(name, to=OUTER, gas=300_000)
    return here


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found


def _hash(port: Port, nonce: int) -> str:
    return str(port.result("ots_getTransactionBySenderAndNonce", FROM, nonce))


def _trace(port: Port, nonce: int) -> Any:
    found = port.result("trace_replayTransaction", _hash(port, nonce), ["vmTrace"])
    assert (found["stateDiff"], found["trace"]) == (None, [])
    return found["vmTrace"]


def test_every_opcode_tells_what_it_pushed_wrote_and_left(port: Port) -> None:
    outer = _trace(port, 2)
    assert outer["code"] == "0x" + OUTER_CODE
    call = next(op for op in outer["ops"] if op["sub"] is not None)
    inner = call["sub"]
    assert inner["code"] == "0x" + INNER_CODE
    assert [op["pc"] for op in inner["ops"]] == [0, 2, 4, 5, 7, 8, 9, 11, 12]
    push, store = inner["ops"][0], inner["ops"][2]
    assert (push["cost"], push["ex"]["push"]) == (3, ["0x7"])
    assert store["ex"]["store"] == {"key": "0x5", "val": "0x7"}
    assert store["cost"] == 22_100
    mstore = inner["ops"][5]
    assert mstore["ex"]["mem"] == {"data": f"0x{9:064x}", "off": 0}
    assert inner["ops"][-1]["ex"] == {
        "mem": None,
        "push": [],
        "store": None,
        "used": inner["ops"][-2]["ex"]["used"],
    }
    assert call["ex"]["mem"] == {"data": f"0x{9:064x}", "off": 32}
    assert call["ex"]["push"] == ["0x1"]


def test_gas_adds_up_as_struct_logs_have_it(port: Port) -> None:
    logs = port.result("debug_traceTransaction", _hash(port, 2))["structLogs"]

    def flat(trace: Any) -> Iterator[Any]:
        for op in trace["ops"]:
            yield op
            if op["sub"] is not None:
                yield from flat(op["sub"])

    ops = list(flat(_trace(port, 2)))
    assert [op["pc"] for op in ops] == [log["pc"] for log in logs]
    assert [op["cost"] for op in ops] == [log["gasCost"] for log in logs]
    for op, log in zip(ops, logs, strict=True):
        if op["sub"] is None:
            assert op["ex"]["used"] == log["gas"] - log["gasCost"]


def test_an_opcode_that_halts_has_no_outcome(port: Port) -> None:
    creation = port.result("trace_call", {"data": "0x6001fe"}, ["vmTrace", "trace"])
    (push, halt) = creation["vmTrace"]["ops"]
    assert (push["ex"]["push"], halt["ex"], halt["pc"]) == (["0x1"], None, 2)
    assert creation["trace"][0]["error"] == "Bad instruction"


def test_a_creation_shows_its_init_code(port: Port) -> None:
    found = _trace(port, 0)
    assert found["code"] == "0x" + _init(INNER_CODE).hex()
    copied = found["ops"][4]["ex"]["mem"]
    assert copied == {"data": "0x" + INNER_CODE, "off": 0}
    logs = port.result("debug_traceTransaction", _hash(port, 0))["structLogs"]
    assert found["ops"][-1]["cost"] == logs[-1]["gasCost"]


def test_a_transfer_has_no_opcodes(port: Port) -> None:
    found = port.result("trace_call", {"from": FROM, "to": NOBODY}, ["vmTrace"])
    assert found["vmTrace"] == {"code": "0x", "ops": []}


def test_frames_may_lie_deep_in_each_other(port: Port) -> None:
    deep = port.result("trace_call", {"data": "0x" + _program(CALLS_ITSELF_CODE)}, ["vmTrace"])
    depth, at = 0, deep["vmTrace"]
    while at is not None:
        subs = [op["sub"] for op in at["ops"] if op["sub"] is not None]
        at = subs[-1] if subs else None
        depth += 1
    assert depth > 200


def _program(runtime: str) -> str:
    init = _init(runtime)
    # CREATE(0, 0, size), then CALL(gas, it, ...).
    stored = f"7f{init.hex().ljust(64, '0')}5f52"
    return f"{stored}60{len(init):02x}5f5ff0" + "5f5f5f5f5f855af1" + "00"
