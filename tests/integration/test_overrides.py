"""What calls, estimates and access lists pretend of block and accounts, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from byline.node.config import NodeConfig
from byline.node.evm import engines
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import Port, served

CODE = "0x" + "c0" * 20
ELSEWHERE = "0x" + "ee" * 20
IDENTITY = "0x" + "00" * 19 + "04"
SENDER = "0x" + ALICE.address.hex()
POOR = "0x" + "ab" * 20


@pytest.fixture(scope="module", params=sorted({engines.DEFAULT, engines.REFERENCE}))
def made(request: pytest.FixtureRequest) -> World:
    here = world(NodeConfig(engine=request.param))
    for _ in range(3):
        here.send("l1")
        here.send("l2")
    return here


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found


def _look(*opcodes: int) -> dict[str, Any]:
    """Return an override whose code returns a word of each opcode."""
    code = "".join(f"{op:02x}60{32 * at:02x}52" for at, op in enumerate(opcodes))
    return {CODE: {"code": f"0x{code}60{32 * len(opcodes):02x}5ff3"}}


def _words(output: str) -> list[int]:
    return [int(output[at : at + 64], 16) for at in range(2, len(output), 64)]


def test_a_call_sees_every_block_override(port: Port) -> None:
    # NUMBER, COINBASE, TIMESTAMP, PREVRANDAO, GASLIMIT, BASEFEE, BLOBBASEFEE
    code = _look(0x43, 0x41, 0x42, 0x44, 0x45, 0x48, 0x4A)
    block = {
        "number": "0x1234",
        "feeRecipient": ELSEWHERE,
        "time": "0x7fffffff0",
        "prevRandao": "0x" + "00" * 31 + "07",
        "gasLimit": "0x2625a00",
        "baseFeePerGas": "0x9",
        "blobBaseFee": "0x63",
    }
    pays = {"from": SENDER, "to": CODE, "gasPrice": "0x9"}
    wanted = [0x1234, int(ELSEWHERE, 16), 0x7FFFFFFF0, 7, 0x2625A00, 9, 99]
    assert _words(port.result("eth_call", pays, "latest", code, block)) == wanted
    free = {"to": CODE}
    wanted[5] = 0
    assert _words(port.result("eth_call", free, "latest", code, block)) == wanted
    assert _words(port.result("eth_call", free, "latest", code, {})) != wanted


def test_a_fee_below_an_overridden_base_fee_is_refused(port: Port) -> None:
    call = {"from": SENDER, "to": CODE, "gasPrice": "0x9"}
    error = port.error("eth_call", call, "latest", {}, {"baseFeePerGas": "0xa"})
    assert error["message"].startswith("max fee per gas less than block base fee")


def test_hashes_of_blocks_follow_the_overridden_number(port: Port) -> None:
    # BLOCKHASH of NUMBER - 1
    code = {CODE: {"code": "0x6001430340" + "5f5260205ff3"}}
    for number in (1, 2):
        block = port.result("eth_getBlockByNumber", hex(number), False)
        found = port.result("eth_call", {"to": CODE}, "latest", code, {"number": hex(number + 1)})
        assert found == block["hash"]
    assert (
        int(port.result("eth_call", {"to": CODE}, "latest", code, {"number": "0x9999"}), 16) == 0
    )


def test_an_estimate_and_an_access_list_follow_the_overridden_block(port: Port) -> None:
    # Reads slot 5 where TIMESTAMP is 7, and burns gas with it.
    code = {CODE: {"code": "0x6007421460085700" + "5b600554505f5f5500"}}
    call = {"from": SENDER, "to": CODE}
    early = int(port.result("eth_estimateGas", call, "latest", code, {"time": "0x7"}), 16)
    late = int(port.result("eth_estimateGas", call, "latest", code, {"time": "0x8"}), 16)
    assert early > late + 2_000
    found = port.result("eth_createAccessList", call, "latest", code, {"time": "0x7"})
    slots = ["0x" + "00" * 31 + end for end in ("00", "05")]
    assert found["accessList"] == [{"address": CODE, "storageKeys": slots}]
    assert port.result("eth_createAccessList", call, "latest", code)["accessList"] == []


def test_a_precompile_moves_and_its_place_has_other_code(port: Port) -> None:
    moved = {
        IDENTITY: {"movePrecompileToAddress": ELSEWHERE, "code": "0x602a5f5260205ff3"},
    }
    data = "0x" + "11" * 32
    assert port.result("eth_call", {"to": ELSEWHERE, "data": data}, "latest", moved) == data
    assert _words(port.result("eth_call", {"to": IDENTITY, "data": data}, "latest", moved)) == [42]
    bare = port.result("eth_call", {"to": IDENTITY, "data": data}, "latest", {})
    assert bare == data
    traced = port.result(
        "debug_traceCall",
        {"to": ELSEWHERE, "data": data},
        "latest",
        {"tracer": "callTracer", "stateOverrides": moved},
    )
    assert traced["output"] == data
    error = port.error("eth_call", {"to": CODE}, "latest", {CODE: moved[IDENTITY]})
    assert error["message"].endswith("is not a precompile")


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_createAccessList"])
def test_overrides_of_accounts_are_taken_wherever_geth_takes_them(port: Port, method: str) -> None:
    rich = {POOR: {"balance": hex(10**18)}}
    spends = {"from": POOR, "to": ELSEWHERE, "value": "0x1"}
    assert "insufficient funds" in port.error(method, spends, "latest")["message"]
    port.result(method, spends, "latest", rich)


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_createAccessList"])
def test_overrides_that_no_call_can_see_are_refused(port: Port, method: str) -> None:
    block = {"beaconRoot": "0x" + "11" * 32}
    error = port.error(method, {"to": CODE}, "latest", {}, block)
    assert 'block override "beaconRoot" is not supported' in error["message"]
