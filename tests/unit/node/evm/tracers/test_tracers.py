"""What tracers show, to the letter, on both engines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from eth_account import Account

from byline.derivation.transaction import decode_transaction
from byline.node.accounts import dev_accounts
from byline.node.evm.engines import engine
from byline.node.evm.machine import OpcodeSet
from byline.node.evm.opcodes import OPCODES as PYEVM_OPCODES
from byline.node.evm.tracers.opcode_table import OPCODES
from byline.rpc.backend import (
    AccountOverride,
    BlockOverrides,
    CallRequest,
    Halted,
    Pretended,
    Refused,
    TraceKind,
    TraceOptions,
)
from tests.unit.node.evm.tracers.programs import (
    CALL,
    call,
    push,
    reason,
    returns,
    reverts,
    sload,
    sstore,
)
from tests.unit.node.evm.tracers.running import PLACE, mined, ran
from tests.unit.node.evm.tracers.scenarios import (
    CODES,
    LEAF,
    PLACES,
    SCENARIOS,
    Scenario,
)
from tests.unit.node.evm.tracers.traced_chain import (
    ALICE,
    CHAIN_ID,
    traced_chain,
)

TRACERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("callTracer", {"withLog": True}),
    ("callTracer", {"onlyTopCall": True, "withLog": True}),
    ("flatCallTracer", {"includePrecompiles": True}),
    ("flatCallTracer", {"convertParityErrors": True}),
    ("prestateTracer", {}),
    ("prestateTracer", {"diffMode": True}),
    ("prestateTracer", {"disableCode": True, "disableStorage": True, "includeEmpty": True}),
    ("4byteTracer", {}),
    ("noopTracer", {}),
    ("muxTracer", {"prestateTracer": None, "callTracer": {"withLog": True}}),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_both_engines_trace_alike(scenario: Scenario) -> None:
    found: dict[str, list[Any]] = {}
    for on in ("fast", "pyevm"):
        to = None if scenario.creates else PLACES[scenario.name]
        data = scenario.code if scenario.creates else scenario.data
        chain, tx = mined(on, CODES, to=to, value=scenario.value, data=data, gas=scenario.gas)
        found[on] = [chain.trace(tx, name, **config) for name, config in TRACERS]
        found[on].append(chain.every_opcode(tx, enable_memory=True, enable_return_data=True))
        kinds: frozenset[TraceKind] = frozenset(("trace", "stateDiff"))
        found[on].append(chain.ask(lambda asked: asked.replay_transaction(tx.hash, kinds)))  # noqa: B023
    assert found["fast"] == found["pyevm"]


def test_the_table_of_opcodes_agrees_with_that_of_py_evm() -> None:
    theirs = PYEVM_OPCODES[OpcodeSet.OSAKA]
    assert set(OPCODES) - set(theirs) == {0xFE}
    names = {op: getattr(run, "mnemonic", None) for op, run in theirs.items()}
    other_names = {0x20: "SHA3", 0x44: "PREVRANDAO"}
    told = {op for op, name in names.items() if name is not None and op not in other_names}
    assert len(told) > 120
    assert {op: names[op] for op in told} == {op: OPCODES[op].name for op in told}


def test_a_call_is_written_as_geth_writes_it() -> None:
    chain, tx = ran(call(CALL, LEAF, data=b"abcd", gas=50_000, out=4) + reverts(reason("no")))
    shown = chain.ask(
        lambda asked: asked.trace_transaction(tx.hash, TraceOptions(tracer="callTracer"))
    )
    word = b"leaf".ljust(32, b"\0")[:4]
    assert json.dumps(shown, separators=(",", ":")) == (
        f'{{"from":"0x{ALICE.address.hex()}","gas":"0xf4240","gasUsed":"{shown["gasUsed"]}",'
        f'"to":"0x{PLACE.hex()}","input":"0x","output":"0x{reason("no").hex()}",'
        '"error":"execution reverted","revertReason":"no","calls":['
        f'{{"from":"0x{PLACE.hex()}","gas":"0xc350","gasUsed":"{shown["calls"][0]["gasUsed"]}",'
        f'"to":"0x{LEAF.hex()}","input":"0x{b"abcd".hex()}","output":"0x{word.hex()}",'
        '"value":"0x0","type":"CALL"}],"value":"0x0","type":"CALL"}'
    )


def test_an_opcode_is_written_as_geth_writes_it() -> None:
    chain, tx = ran(sstore(1, 2) + push(1) + push(0) + b"\x52\x01")
    shown = chain.every_opcode(tx, enable_memory=True)
    assert list(shown) == ["gas", "failed", "returnValue", "structLogs"]
    assert (shown["gas"], shown["failed"], shown["returnValue"]) == (1_000_000, True, "0x")
    logs = shown["structLogs"]
    assert [list(entry) for entry in logs[2:4]] == [
        ["pc", "op", "gas", "gasCost", "depth", "stack", "storage"],
        ["pc", "op", "gas", "gasCost", "depth", "stack"],
    ]
    assert logs[2]["storage"] == {f"0x{1:064x}": f"0x{2:064x}"}
    assert logs[2]["gasCost"] == 22_100
    assert logs[-2]["gasCost"] == 6
    assert logs[-1] == {
        "pc": 9,
        "op": "ADD",
        "gas": logs[-2]["gas"] - 6,
        "gasCost": 3,
        "depth": 1,
        "error": "stack underflow (0 <=> 2)",
        "stack": [],
        "memory": [f"0x{1:064x}"],
    }


@pytest.mark.parametrize(
    ("code", "gas", "words", "cost"),
    [
        # geth's words; the cost is what it asked for.
        (b"\x0c", 10**6, "invalid opcode: opcode 0xc not defined", 0),
        (b"\xfe", 10**6, "invalid opcode: INVALID", 0),
        (b"\x5f" * 1025, 10**6, "stack limit reached 1024 (1023)", 2),
        (push(5) + b"\x56", 10**6, "invalid jump destination", 8),
        (sstore(0, 1), 21_000 + 5 + 2_300, "out of gas: not enough gas for reentrancy sentry", 0),
        (sstore(0, 1), 21_000 + 5 + 22_099, "out of gas", 22_100),
        (sload(0), 21_000 + 2 + 2_099, "out of gas", 2_100),
        (push(0) + push(2**64) + b"\x51", 10**6, "gas uint64 overflow", 3),
        (push(2**40) + b"\x51", 10**6, "out of gas: gas uint64 overflow", 3),
        (push(49_153) + b"\x5f\x5f\xf0", 10**6,
         "out of gas: max initcode size exceeded: code size 49153 limit 49152", 32_000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("on", ["fast", "pyevm"])
def test_halts_have_geths_words_and_costs(
    on: str, code: bytes, gas: int, words: str, cost: int
) -> None:
    chain, tx = ran(code, on, gas=gas)
    assert chain.trace(tx, "callTracer")["error"] == words
    last = chain.every_opcode(tx)["structLogs"][-1]
    assert last["gasCost"] == cost
    begun = words.startswith(("invalid opcode", "invalid jump"))
    assert last.get("error") == (None if begun else words)


@pytest.mark.parametrize(
    ("init", "gas", "words"),
    [
        (push(20_000) + b"\x5f\xf3", 10**6, "contract creation code storage out of gas"),
        (push(24_577) + b"\x5f\xf3", 9 * 10**6,
         "max code size exceeded: code size 24577 limit 24576"),
        (returns(b"\xef"), 10**6, "invalid code: must not begin with 0xef"),
    ],
)  # fmt: skip
def test_creations_that_cannot_deploy_have_geths_words(init: bytes, gas: int, words: str) -> None:
    chain, tx = ran(b"", to=None, data=init, gas=gas)
    shown = chain.trace(tx, "callTracer")
    assert (shown["error"], shown["type"], "to" in shown) == (words, "CREATE", False)


def test_a_tree_of_the_greatest_depth_is_written() -> None:
    # Calls itself until the depth of 1,024 refuses; 15 million gas go far enough.
    code = push(0) * 5 + b"\x30\x5a\xf1\x00"
    chain = traced_chain(engine(), {PLACE: code})
    request = CallRequest(sender=ALICE.address, to=PLACE, gas=50_000_000)
    options = TraceOptions(tracer="callTracer")

    async def asked(tracing: Any) -> int:
        text = orjson.dumps(await tracing.trace_call(request, "latest", Pretended(), options))
        assert text.count(b"{") == text.count(b"}")
        assert text.endswith(b'"value":"0x0","type":"CALL"}')
        return text.count(b'"type":"CALL"')

    assert chain.ask(asked) > 300


def test_what_is_too_large_is_refused_and_little_is_kept() -> None:
    chain, tx = ran(b"\x5b\x5f\x50\x5f\x56", gas=600_000)
    chain.options["most_bytes"] = 1_000_000
    with pytest.raises(Refused, match=r"trace too large: over 1,000,000 bytes.*limit"):
        chain.every_opcode(tx)
    shown = chain.every_opcode(tx, limit=10_000)
    assert len(json.dumps(shown)) < 20_000
    assert shown["gas"] == 600_000
    assert chain.trace(tx, "callTracer")["error"] == "out of gas"


def test_large_inputs_of_many_calls_are_refused() -> None:
    # 100,000 bytes to nobody, as often as gas allows.
    loop = b"\x5b" + b"\x5f\x5f" + push(100_000) + b"\x5f\x5f\x5f\x5a\xf1\x50\x5f\x56"
    chain, tx = ran(loop, gas=3_000_000)
    chain.options["most_bytes"] = 10_000_000
    for tracer in ("callTracer", "flatCallTracer"):
        with pytest.raises(Refused, match="trace too large"):
            chain.trace(tx, tracer)


def test_what_takes_too_long_is_given_up() -> None:
    chain, tx = ran(b"\x5b\x5f\x56", gas=15_000_000)
    options = TraceOptions(disable_stack=True, timeout=0.05, limit=1)
    with pytest.raises(Halted, match=r"timeout = 0.05s"):
        chain.ask(lambda tracing: tracing.trace_transaction(tx.hash, options))


def test_an_unknown_tracer_is_refused_with_the_nearest() -> None:
    chain, tx = ran(b"")
    with pytest.raises(Refused, match="unknown tracer 'callTracr': did you mean callTracer"):
        chain.trace(tx, "callTracr")
    with pytest.raises(Refused, match=r"want one of callTracer.*JavaScript are not run"):
        chain.trace(tx, "{fault: function() {}, result: function() { return 1 }}")
    with pytest.raises(Refused, match="onlyTopCall: want true or false"):
        chain.trace(tx, "callTracer", onlyTopCall="yes")
    with pytest.raises(Refused, match="cannot use diffMode with includeEmpty"):
        chain.trace(tx, "prestateTracer", diffMode=True, includeEmpty=True)
    with pytest.raises(Refused, match="not itself"):
        chain.trace(tx, "muxTracer", muxTracer={})


def test_what_cannot_be_traced_is_refused_with_geths_words() -> None:
    chain, _ = ran(b"")
    options = TraceOptions()
    with pytest.raises(Refused, match="transaction not found"):
        chain.ask(lambda tracing: tracing.trace_transaction(bytes(32), options))
    with pytest.raises(Refused, match="genesis is not traceable"):
        chain.ask(lambda tracing: tracing.trace_block(0, options))
    with pytest.raises(Refused, match="block #7 not found"):
        chain.ask(lambda tracing: tracing.trace_block(7, options))
    with pytest.raises(Refused, match=r"block 0x0000.* not found"):
        chain.ask(lambda tracing: tracing.trace_block(bytes(32), options))
    with pytest.raises(Refused, match="on top of pending"):
        chain.ask(
            lambda tracing: tracing.trace_call(CallRequest(), "pending", Pretended(), options)
        )


def test_transactions_of_one_block_see_what_those_before_have_done() -> None:
    chain = traced_chain(engine(), {PLACE: push(0) + b"\x54" + push(1) + b"\x01\x5f\x55"})
    txs = [chain.transaction(PLACE) for _ in range(3)]
    block = chain.mine(*txs)
    options = TraceOptions(tracer="prestateTracer", config={"diffMode": True})
    shown = chain.ask(lambda tracing: tracing.trace_block(block.hash, options))
    assert [entry["txHash"] for entry in shown] == ["0x" + tx.hash.hex() for tx in txs]
    slots = [entry["result"]["post"]["0x" + PLACE.hex()]["storage"] for entry in shown]
    assert [int(found[f"0x{0:064x}"], 16) for found in slots] == [1, 2, 3]
    assert shown[2]["result"] == chain.trace(txs[2], "prestateTracer", diffMode=True)
    assert shown == chain.ask(lambda tracing: tracing.trace_block(block, options))
    for index in range(3):
        pretended = Pretended(tx_index=index)
        request = CallRequest(sender=ALICE.address, to=PLACE)
        found = chain.ask(
            lambda tracing: tracing.trace_call(request, "latest", pretended, options)  # noqa: B023
        )
        storage = found["post"]["0x" + PLACE.hex()]["storage"]
        assert int(storage[f"0x{0:064x}"], 16) == index + 1
    with pytest.raises(Refused, match="index 3 out of range"):
        chain.ask(
            lambda tracing: tracing.trace_call(
                CallRequest(), "latest", Pretended(tx_index=3), options
            )
        )


def test_logs_are_numbered_within_the_block() -> None:
    chain = traced_chain(engine(), CODES)
    place = PLACES["logs that are undone"]
    txs = [chain.transaction(place) for _ in range(2)]
    chain.mine(*txs)
    second = chain.trace(txs[1], "callTracer", withLog=True)
    assert [log["index"] for log in second["logs"]] == ["0x4"]
    assert "logs" not in second["calls"][0]
    assert [log["index"] for log in second["calls"][1]["logs"]] == ["0x5", "0x6", "0x7"]


def test_a_call_pretends_accounts_and_block_and_pays_what_it_offers() -> None:
    # NUMBER, TIMESTAMP, COINBASE, GASLIMIT, PREVRANDAO, BASEFEE and BLOBBASEFEE to memory.
    seen = b"".join(bytes([op]) + push(32 * i) + b"\x52" for i, op in enumerate(b"CBAEDHJ"))
    chain = traced_chain(engine(), {})
    chain.mine()
    block = BlockOverrides(100, 2**33, 123_456, b"\xaa" * 20, b"\xbb" * 32, 7, 11)
    pretended = Pretended({PLACE: AccountOverride(code=seen + push(224) + b"\x5f\xf3")}, block)
    request = CallRequest(sender=ALICE.address, to=PLACE, gas=100_000, gas_price=9)
    both = {"callTracer": {}, "prestateTracer": {"diffMode": True}}
    options = TraceOptions(tracer="muxTracer", config=both)
    shown = chain.ask(lambda tracing: tracing.trace_call(request, "latest", pretended, options))
    output = bytes.fromhex(shown["callTracer"]["output"][2:])
    words = [int.from_bytes(output[i : i + 32]) for i in range(0, 224, 32)]
    assert words == [
        100, 2**33, int.from_bytes(b"\xaa" * 20), 123_456, int.from_bytes(b"\xbb" * 32), 7, 11,
    ]  # fmt: skip
    used = int(shown["callTracer"]["gasUsed"], 16)
    post = shown["prestateTracer"]["post"]
    assert post["0x" + "aa" * 20]["balance"] == hex(2 * used)
    assert post["0x" + ALICE.address.hex()]["balance"] == hex(10_000 * 10**18 - 9 * used)


def test_a_call_of_the_block_after_sees_the_hash_of_the_block() -> None:
    code = b"\x60\x01\x43\x03\x40" + b"\x5f\x52" + push(32) + b"\x5f\xf3"  # BLOCKHASH(NUMBER - 1)
    chain = traced_chain(engine(), {PLACE: code})
    head = chain.mine().header
    options = TraceOptions(tracer="callTracer")
    for number, block_hash in ((2, head.hash), (1, head.parent_hash), (9, bytes(32))):
        pretended = Pretended(block=BlockOverrides(number=number))
        shown = chain.call(CallRequest(to=PLACE), pretended, options, 1)
        assert shown["output"] == "0x" + block_hash.hex()


def test_a_slot_that_was_never_paid_for_is_not_touched() -> None:
    slot = f"0x{5:064x}"
    for gas, kept in ((21_000 + 3 + 2_099, False), (21_000 + 3 + 2_100, True)):
        chain, tx = ran(push(5) + b"\x54", gas=gas)
        held = chain.trace(tx, "prestateTracer")["0x" + PLACE.hex()]
        assert (slot in held.get("storage", {})) == kept


@pytest.mark.parametrize("on", ["fast", "pyevm"])
def test_delegations_show_who_signed_and_where_they_lead(on: str) -> None:
    signer = dev_accounts()[3]
    signed = Account.from_key(signer.key).sign_authorization(
        {"chainId": CHAIN_ID, "address": LEAF, "nonce": 0}
    )
    fields = {
        "type": 4, "chainId": CHAIN_ID, "nonce": 0, "gas": 200_000, "to": signer.address,
        "value": 0, "data": b"", "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1,
        "authorizationList": [signed],
    }  # fmt: skip
    raw = Account.sign_transaction(fields, ALICE.key).raw_transaction
    tx = decode_transaction(bytes(raw))
    chain = traced_chain(engine(on), CODES)
    chain.mine(tx)
    name, marker = "0x" + signer.address.hex(), "0xef0100" + LEAF.hex()
    before = chain.trace(tx, "prestateTracer")
    assert before[name] == {"balance": hex(10_000 * 10**18)}
    shown = chain.trace(tx, "prestateTracer", diffMode=True)
    assert shown["post"][name]["code"] == marker
    assert shown["post"][name]["nonce"] == 1
    assert chain.trace(tx, "callTracer")["output"].startswith("0x" + b"leaf".hex())
    request = CallRequest(sender=ALICE.address, to=signer.address)
    options = TraceOptions(tracer="prestateTracer")
    touched = chain.call(request, Pretended(), options)
    assert touched[name]["code"] == marker
    assert "0x" + LEAF.hex() in touched


def test_geth_shows_the_gas_limit_where_parity_shows_what_the_code_had() -> None:
    chain, tx = ran(b"", gas=30_000)
    flat = chain.trace(tx, "flatCallTracer")[0]
    assert (flat["action"]["gas"], flat["result"]["gasUsed"]) == (hex(30_000), hex(21_000))
    parity = chain.ask(lambda tracing: tracing.flat_transaction(tx.hash))
    assert parity is not None
    assert (parity[0]["action"]["gas"], parity[0]["result"]["gasUsed"]) == (hex(9_000), "0x0")


def test_a_block_that_holds_too_much_is_refused() -> None:
    chain = traced_chain(engine(), {PLACE: b""})
    txs = [chain.transaction(PLACE, gas=1_000_000) for _ in range(2)]
    block = chain.mine(*txs)
    small = replace(block, header=block.header.with_(gas_limit=1_010_000))
    with pytest.raises(Refused, match="gas limit reached: 1000000 wanted, 989000 left in block"):
        chain.ask(lambda tracing: tracing.trace_block(small, TraceOptions()))
