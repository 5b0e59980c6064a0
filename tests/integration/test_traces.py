"""Traces of an L2: deposits and fees; and every method as clients ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import orjson
import pytest

from byline.derivation.constants import L1_BLOCK
from byline.derivation.transaction import DepositTransaction
from byline.node.backend.chain import NodeChain
from byline.node.backend.threads import Threads
from byline.node.backend.tracing import NodeTracing
from byline.rpc.backend import Backend, TraceOptions
from byline.rpc.dispatch import Dispatcher
from byline.rpc.namespaces import trace
from byline.rpc.namespaces.debug import encode_block
from tests.integration.rollups import ALICE, BOB, World, world
from tests.unit.rpc.schema import violations

CALLS = TraceOptions(tracer="callTracer")
DEPOSITOR = bytes.fromhex("deaddeaddeaddeaddeaddeaddeaddeaddead0001")
VAULTS = {f"0x42000000000000000000000000000000000000{end}" for end in ("19", "1a", "1b")}
EMPTY = "0x" + "00" * 20


class NoEvents:
    """Nothing happens."""

    def subscribe(self) -> Any:
        raise NotImplementedError


def ask(made: World, work: Callable[[Dispatcher], Coroutine[Any, Any, Any]]) -> Any:
    async def asked() -> Any:
        threads = Threads()
        try:
            nothing = cast(Any, None)
            backend = Backend(
                name="l2",
                client_version="",
                chain=NodeChain(made.rollup, "l2", threads),
                state=nothing,
                pool=nothing,
                accounts=nothing,
                controls=nothing,
                events=cast(Any, NoEvents()),
                tracing=NodeTracing(made.rollup, "l2", threads),
            )
            return await work(Dispatcher(backend))
        finally:
            threads.close()

    return asyncio.run(asked())


def answer(made: World, method: str, *params: Any) -> Any:
    """Return the whole answer to a request."""

    async def work(dispatcher: Dispatcher) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return orjson.loads(await dispatcher.handle(orjson.dumps(body)))

    return ask(made, work)


def result(made: World, method: str, *params: Any) -> Any:
    found = answer(made, method, *params)
    assert "error" not in found, found
    return found["result"]


@pytest.fixture(scope="module")
def made() -> World:
    found = world()
    # Deploys code that stores 1 in slot 0 and returns; then calls it twice in later blocks.
    found.send("l2", to=None, data=bytes.fromhex("6460015f5500") + bytes.fromhex("5f526005601bf3"),
               gas=200_000)  # fmt: skip
    found.send("l2", to=BOB.address, value=5)
    return found


def head_hash(made: World, index: int) -> str:
    chain = made.rollup.chain("l2")
    block = chain.store.block(chain.head.hash)
    assert block is not None
    return "0x" + block.transactions[index].hash.hex()


def test_the_deposit_of_l1_attributes_is_traced(made: World) -> None:
    tx_hash = head_hash(made, 0)
    shown = result(made, "debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
    assert (shown["from"], shown["to"]) == ("0x" + DEPOSITOR.hex(), "0x" + L1_BLOCK.hex())
    assert (shown["gas"], shown["value"], shown["type"]) == (hex(1_000_000), "0x0", "CALL")
    assert "error" not in shown
    config = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    difference = result(made, "debug_traceTransaction", tx_hash, config)
    assert "0x" + L1_BLOCK.hex() in difference["post"]
    assert difference["post"]["0x" + DEPOSITOR.hex()] == {
        "nonce": difference["pre"].get("0x" + DEPOSITOR.hex(), {}).get("nonce", 0) + 1
    }


def test_fees_of_the_rollup_are_seen_by_parity_and_not_by_geth(made: World) -> None:
    tx_hash = head_hash(made, 1)
    config = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    shown = result(made, "debug_traceTransaction", tx_hash, config)
    assert VAULTS.isdisjoint(shown["post"])
    kinds = result(made, "trace_replayTransaction", tx_hash, ["stateDiff", "trace"])
    changed = kinds["stateDiff"]
    assert len(VAULTS & set(changed)) >= 2
    moved = sum(
        int(parts["balance"]["*"]["to"], 16) - int(parts["balance"]["*"]["from"], 16)
        for parts in changed.values()
        if "*" in parts["balance"]
    )
    # What the sender loses is what the others get.
    assert moved == 0


def test_a_deposit_that_mints_and_one_that_never_begins() -> None:
    found = world()
    chain = found.rollup.chain("l2")
    head = chain.store.block(chain.head.hash)
    if head is None or head.number == 0:
        found.send("l2", to=BOB.address, value=1)
        head = chain.store.block(chain.head.hash)
    assert head is not None

    def deposit(gas: int, **fields: Any) -> DepositTransaction:
        given = {
            "source_hash": bytes([gas % 251]) * 32, "sender": b"\x77" * 20, "to": BOB.address,
            "mint": 0, "value": 0, "gas": gas, "is_system_transaction": False, "data": b"",
            **fields,
        }  # fmt: skip
        return DepositTransaction(**given)

    minting = deposit(50_000, mint=10**18, value=10**17)
    failing = deposit(20_999, mint=3)
    poor = deposit(50_000, value=10**30)
    block = replace(head, transactions=(head.transactions[0], minting, failing, poor))

    def traced(options: TraceOptions) -> list[Any]:
        async def work(dispatcher: Dispatcher) -> Any:
            tracing = dispatcher.context(None).backend.tracing
            assert tracing is not None
            return orjson.loads(orjson.dumps(await tracing.trace_block(block, options)))

        return [entry["result"] for entry in ask(found, work)]

    _, minted, failed, unpaid = traced(CALLS)
    assert (minted["value"], minted["gasUsed"]) == (hex(10**17), hex(21_000))
    never_began = {
        "from": EMPTY, "gas": "0x0", "gasUsed": hex(20_999), "input": "0x",
        "error": "failed deposit transaction", "type": "STOP",
    }  # fmt: skip
    assert failed == never_began
    assert unpaid == {**never_began, "gasUsed": hex(50_000)}
    options = TraceOptions(tracer="prestateTracer", config={"diffMode": True})
    sender = "0x" + "77" * 20
    _, minted, failed, unpaid = traced(options)
    assert minted["post"][sender] == {"balance": hex(9 * 10**17), "nonce": 1}
    assert sender not in minted["pre"]
    assert failed["post"][sender] == {"balance": hex(9 * 10**17 + 3), "nonce": 2}
    assert unpaid["post"] == {sender: {"nonce": 3}}
    assert traced(TraceOptions())[2] == {
        "gas": 20_999, "failed": True, "returnValue": "0x", "structLogs": [],
    }  # fmt: skip
    flat = traced(TraceOptions(tracer="flatCallTracer"))[2]
    assert [entry["error"] for entry in flat] == ["failed deposit transaction"]


def test_blocks_are_traced_by_number_hash_and_bytes(made: World) -> None:
    chain = made.rollup.chain("l2")
    block = chain.store.block(chain.head.hash)
    assert block is not None
    config = {"tracer": "callTracer", "reexec": 128, "timeout": "10s"}
    by_number = result(made, "debug_traceBlockByNumber", hex(block.number), config)
    assert [list(entry) for entry in by_number] == [["txHash", "result"]] * 2
    assert result(made, "debug_traceBlockByNumber", "latest", config) == by_number
    by_hash = result(made, "debug_traceBlockByHash", "0x" + block.hash.hex(), config)
    assert by_hash == by_number
    raw = "0x" + encode_block(block).hex()
    assert result(made, "debug_traceBlock", raw, config) == by_number
    refused = answer(made, "debug_traceBlock", "0xc0", config)["error"]
    assert "could not decode block" in refused["message"]
    refused = answer(made, "debug_traceBlockByNumber", "0x0")["error"]
    assert refused == {"code": -32000, "message": "genesis is not traceable"}


@pytest.mark.parametrize("options", [{}, {"enableMemory": True, "enableReturnData": True}])
def test_opcodes_have_the_shape_of_the_execution_apis(made: World, options: Any) -> None:
    shape = {"$ref": "#/components/schemas/OpcodeTransactionTrace"}
    for index in (0, 1):
        shown = result(made, "debug_traceTransaction", head_hash(made, index), options)
        assert list(violations(shape, shown, "trace")) == []
        del shown["gas"]
        assert list(violations(shape, shown, "trace")) != []
    block = result(made, "debug_traceBlockByNumber", "latest", options)
    assert block[0]["result"]["structLogs"]
    for entry in block:
        assert list(violations(shape, entry["result"], "trace")) == []


def test_options_are_read_as_geth_reads_them(made: World) -> None:
    tx_hash = head_hash(made, 0)
    plain = result(made, "debug_traceTransaction", tx_hash, None)
    assert plain == result(made, "debug_traceTransaction", tx_hash)
    few = result(made, "debug_traceTransaction", tx_hash, {"disableStack": True, "limit": 1})
    assert [list(entry) for entry in few["structLogs"]] == [
        ["pc", "op", "gas", "gasCost", "depth"]
    ]
    for options, words in (
        ({"timeout": "soon"}, 'want a time such as "5s"'),
        ({"timeout": "-5s"}, 'want a time such as "5s"'),
        ({"tracer": 5}, "tracer: want a JSON string|string"),
        ({"enableMemory": "yes"}, "enableMemory: want true or false"),
        ("callTracer", "want an object"),
    ):
        error = answer(made, "debug_traceTransaction", tx_hash, options)["error"]
        assert error["code"] == -32602, error
        assert any(word in error["message"] for word in words.split("|")), error
    error = answer(made, "debug_traceTransaction", tx_hash, {"tracer": "calltracer"})["error"]
    assert error["code"] == -32000
    assert "did you mean callTracer?" in error["message"]
    error = answer(made, "debug_traceTransaction", "0x" + "00" * 32)["error"]
    assert error == {"code": -32000, "message": "transaction not found"}


def test_calls_are_traced_with_overrides(made: World) -> None:
    request = {"from": "0x" + ALICE.address.hex(), "to": "0x" + "ab" * 20, "gas": "0x186a0"}
    options = {
        "tracer": "callTracer",
        "stateOverrides": {"0x" + "ab" * 20: {"code": "0x435f5260205ff3"}},
        "blockOverrides": {"number": "0x1234"},
    }
    shown = result(made, "debug_traceCall", request, "latest", options)
    assert int(shown["output"], 16) == 0x1234
    plain = result(made, "debug_traceCall", request, "latest")
    assert (plain["gas"], plain["structLogs"]) == (21_000, [])
    error = answer(made, "debug_traceCall", request, "pending", options)["error"]
    assert error["message"] == "tracing on top of pending is not supported"
    options["blockOverrides"] = {"beaconRoot": "0x" + "00" * 32}
    assert answer(made, "debug_traceCall", request, "latest", options)["error"]["code"] == -32602


def test_parity_traces_are_asked_for_in_all_ways(made: World) -> None:
    chain = made.rollup.chain("l2")
    tx_hash = head_hash(made, 1)
    traces = result(made, "trace_transaction", tx_hash)
    assert len(traces) == 1
    assert traces[0]["action"]["to"] == "0x" + BOB.address.hex()
    assert (traces[0]["transactionHash"], traces[0]["transactionPosition"]) == (tx_hash, 1)
    assert result(made, "trace_get", tx_hash, []) == traces[0]
    assert result(made, "trace_get", tx_hash, ["0x0"]) is None
    assert result(made, "trace_transaction", "0x" + "00" * 32) is None
    block = result(made, "trace_block", hex(chain.head.number))
    assert block[-1] == traces[0]
    assert result(made, "trace_block", "0x0") == []
    assert result(made, "trace_block", "0xffff") is None
    found = result(
        made, "trace_filter", {"fromBlock": "0x0", "toAddress": ["0x" + BOB.address.hex()]}
    )
    assert found == traces
    every = result(made, "trace_filter", {"fromBlock": "0x1", "toBlock": "latest"})
    assert len(every) > len(block)
    window = {"fromBlock": "0x1", "toBlock": "latest", "after": 1, "count": 2}
    assert result(made, "trace_filter", window) == every[1:3]
    assert result(made, "trace_filter", {**window, "count": 0}) == []
    replayed = result(made, "trace_replayBlockTransactions", "latest", ["trace"])
    assert [entry["transactionHash"] for entry in replayed] == [head_hash(made, 0), tx_hash]
    assert list(replayed[1]) == ["output", "stateDiff", "trace", "vmTrace", "transactionHash"]
    error = answer(made, "trace_replayTransaction", tx_hash, ["vmtrace"])["error"]
    assert error["code"] == -32602
    assert 'want "trace", "stateDiff" or "vmTrace"' in error["message"]


def test_calls_and_signed_transactions_are_tried_in_paritys_form(made: World) -> None:
    request = {"from": "0x" + ALICE.address.hex(), "to": "0x" + BOB.address.hex(), "value": "0x7"}
    kinds = ["trace", "stateDiff"]
    shown = result(made, "trace_call", request, kinds)
    assert shown["trace"][0]["action"]["value"] == "0x7"
    assert "blockHash" not in shown["trace"][0]
    twice = result(made, "trace_callMany", [[request, kinds], [request, kinds]], "latest")
    to = "0x" + BOB.address.hex()
    ends = [entry["stateDiff"][to]["balance"]["*"] for entry in twice]
    assert ends[0]["to"] == ends[1]["from"]
    before = made.balance("l2", BOB.address)
    raw = made.transfer("l2", to=BOB.address, value=9).raw
    tried = result(made, "trace_rawTransaction", "0x" + raw.hex(), kinds)
    assert int(tried["stateDiff"][to]["balance"]["*"]["to"], 16) == before + 9
    assert made.balance("l2", BOB.address) == before
    assert result(made, "trace_rawTransaction", list(raw), kinds) == tried
    for wrong in ([256], ["0x02"], [None]):
        words = answer(made, "trace_rawTransaction", wrong, kinds)["error"]["message"]
        assert "want a hex string, or a list of bytes" in words
    error = answer(made, "trace_rawTransaction", "0x02c0", kinds)["error"]
    assert error["code"] == -32000


def test_a_range_that_is_too_wide_is_refused() -> None:
    found = world()
    for _ in range(101):
        found.send("l2", to=BOB.address)
    error = answer(found, "trace_filter", {"fromBlock": "0x1", "toBlock": "latest"})["error"]
    assert "want at most 100 blocks" in error["message"]


def test_an_answer_that_is_too_long_is_refused(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"fromBlock": "0x1", "toBlock": "latest"}
    monkeypatch.setattr(trace, "MOST_BYTES", 1_000)
    assert "over 1,000 bytes" in answer(made, "trace_filter", wanted)["error"]["message"]
    monkeypatch.setattr(trace, "MOST_TRACES", 2)
    assert len(result(made, "trace_filter", {**wanted, "count": 1})) == 1
    refused = answer(made, "trace_filter", {**wanted, "after": 9})["error"]
    assert "over 2 traces" in refused["message"]
