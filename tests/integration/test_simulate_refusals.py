"""`eth_simulateV1` on both chains: what it refuses, with which words, and its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from byline.node.rollups.rollup import ChainName
from byline.rpc.quantities import checksummed
from tests.integration.rollups import ALICE, World, world
from tests.integration.serving import Port, served
from tests.integration.simulating import (
    CODE,
    ELSEWHERE,
    FROM,
    IDENTITY,
    POOR,
    TO,
    calls,
    refusal,
    simulate,
)


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    for _ in range(3):
        here.send("l1")
        here.send("l2")
    return here


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (
            {POOR: {"movePrecompileToAddress": ELSEWHERE}},
            "account 0xC000000000000000000000000000000000000000 is not a precompile",
        ),
        (
            {IDENTITY: {"movePrecompileToAddress": POOR}, POOR: {"nonce": "0x1"}},
            "account 0xC000000000000000000000000000000000000000 is already overridden",
        ),
    ],
)
def test_a_precompile_does_not_move_from_nowhere_or_onto_another_override(
    port: Port, state: Any, text: str
) -> None:
    assert refusal(port, calls(stateOverrides=state)) == {"code": -32000, "message": text}


def test_with_validation_the_nonce_and_the_base_fee_count(port: Port) -> None:
    nonce = int(port.result("eth_getTransactionCount", FROM), 16)
    fee = {"maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": "0x1"}
    send = {"from": FROM, "to": TO, "gas": "0x5208", **fee}
    (block,) = simulate(port, calls({**send, "nonce": hex(nonce)}), validation=True)
    assert int(block["baseFeePerGas"], 16) > 0
    state = f"address {checksummed(ALICE.address)}, tx: {{}} state: {nonce} (supplied gas 21000)"
    for wrong, code, word in ((nonce - 1, -38010, "low"), (nonce + 1, -38011, "high")):
        error = refusal(port, calls({**send, "nonce": hex(wrong)}), validation=True)
        assert error["code"] == code
        text = state.format(wrong)
        assert error["message"] == f"err: nonce too {word}: {text}"
    error = refusal(port, calls({"from": FROM, "to": TO}), validation=True)
    assert error["code"] == -38012
    assert error["message"].startswith("err: max fee per gas less than block base fee: address ")


@pytest.mark.parametrize(
    ("block", "code", "text"),
    [
        (
            calls({"from": POOR, "to": TO, "value": "0x3e8", "gas": "0x5208"}),
            -38014,
            "err: insufficient funds for gas * price + value: address "
            "0xC000000000000000000000000000000000000000 have 0 want 1000 (supplied gas 21000)",
        ),
        (
            calls({"from": POOR, "to": TO, "gas": "0x5207"}),
            -38013,
            "err: intrinsic gas too low: have 20999, want 21000 (supplied gas 20999)",
        ),
        (
            calls({"to": TO, "gas": "0x5208"}, blockOverrides={"gasLimit": "0x4e20"}),
            -38015,
            "block gas limit reached: remaining: 20000, required: 21000",
        ),
        (
            calls({"from": POOR, "gas": "0x1e8480", "input": "0x" + "00" * 49_153}),
            -38025,
            "err: max initcode size exceeded: code size 49153 limit 49152 (supplied gas 2000000)",
        ),
        (
            calls({"to": TO, "gas": "0x5208", "maxPriorityFeePerGas": "0x1"}),
            -32602,
            "err: max priority fee per gas higher than max fee per gas: address "
            "0x0000000000000000000000000000000000000000, maxPriorityFeePerGas: 1, "
            "maxFeePerGas: 0 (supplied gas 21000)",
        ),
        (calls(blockOverrides={"number": "0x0"}), -38020, None),
        (calls(blockOverrides={"time": "0x1"}), -38021, None),
        (calls(blockOverrides={"number": "0x7fffffff"}), -38026, "too many blocks"),
        (calls({"to": TO, "chainId": "0x1"}), -32000, None),
    ],
)
def test_refusals_have_the_codes_and_words_of_geth(
    port: Port, block: Any, code: int, text: str | None
) -> None:
    error = refusal(port, block)
    assert error["code"] == code
    assert text is None or error["message"] == text


def test_numbers_and_times_must_rise_from_block_to_block(port: Port) -> None:
    head = port.result("eth_getBlockByNumber", "latest", False)
    number, time = int(head["number"], 16), int(head["timestamp"], 16)
    at = calls(blockOverrides={"number": hex(number + 2)})
    assert refusal(port, at, at) == {
        "code": -38020,
        "message": f"block numbers must be in order: {number + 2} <= {number + 2}",
    }
    then = calls(blockOverrides={"time": hex(time + 5)})
    assert refusal(port, then, then) == {
        "code": -38021,
        "message": f"block timestamps must be in order: {time + 5} <= {time + 5}",
    }


def test_the_number_of_blocks_and_calls_is_bounded(port: Port) -> None:
    assert refusal(port) == {"code": -32602, "message": "empty input"}
    assert refusal(port, *[{}] * 257) == {"code": -38026, "message": "too many blocks"}
    error = refusal(port, calls(*[{"to": TO}] * 5_001))
    assert error == {"code": -38026, "message": "too many calls in block: 5001 > 5000"}
    error = refusal(port, *[calls(*[{"to": TO}] * 5_000)] * 2, calls({"to": TO}))
    assert error == {"code": -38026, "message": "too many calls: 10001 > 10000"}
    assert len(simulate(port, *[{}] * 256)) == 256


def test_all_blocks_together_have_the_gas_of_one_call(port: Port) -> None:
    burn = {"to": CODE, "gas": "0x1c9c380"}
    state = {CODE: {"code": "0xfe"}}
    limit = {"gasLimit": "0x3938700"}
    first, second = simulate(
        port,
        calls(burn, stateOverrides=state, blockOverrides=limit),
        calls(burn, blockOverrides=limit),
    )
    assert first["calls"][0]["gasUsed"] == "0x1c9c380"
    assert second["calls"][0]["gasUsed"] == hex(50_000_000 - 30_000_000)
    assert second["calls"][0]["error"] == {
        "code": -32015,
        "message": "invalid opcode (gas limit was capped by the RPC server's global gas cap)",
    }
    error = refusal(port, *[calls(burn, stateOverrides=state, blockOverrides=limit)] * 3)
    assert error["code"] == -38013


def test_the_outputs_are_bounded(port: Port) -> None:
    # RETURN of 105,600 bytes, which is the most for the gas.
    state = {CODE: {"code": "0x62019c805ff3"}}
    block = calls(
        *[{"to": CODE, "gas": "0xd6d8"}] * 500,
        stateOverrides=state,
        blockOverrides={"gasLimit": hex(50_000_000)},
    )
    error = refusal(port, block)
    assert error["code"] == -38026
    assert "the outputs and logs are longer than 50000000 bytes" in error["message"]


def test_a_simulation_ends_in_time(made: World, name: ChainName) -> None:
    loop = {CODE: {"code": "0x5b5f56"}}
    with served(made, name, timeout=0.002) as port:
        error = refusal(port, *[calls({"to": CODE}, stateOverrides=loop)] * 50)
    assert error["code"] == -32000
    assert "execution aborted (timeout = 0.002s)" in error["message"]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"stateOverride": {}}, "unknown member 'stateOverride'"),
        ({"blockOverrides": {"timestamp": "0x1"}}, "unknown member 'timestamp'"),
        ({"blockOverrides": {"withdrawals": [{}]}}, "withdrawals"),
        ({"calls": {}}, "calls: want a list"),
        ({"calls": [{"blobVersionedHashes": []}]}, "blob transactions are taken signed only"),
        (7, "want an object"),
    ],
)
def test_what_nobody_knows_is_refused_with_its_name(port: Port, block: Any, text: str) -> None:
    error = refusal(port, block)
    assert error["code"] == -32602
    assert "blockStateCalls[0]" in error["message"]
    assert text in error["message"]


def test_a_block_that_is_not_there_is_no_base(port: Port) -> None:
    asked: dict[str, Any] = {"blockStateCalls": [{}]}
    assert port.error("eth_simulateV1", asked, "0xffff")["message"] == "header not found"
    first = port.result("eth_simulateV1", asked, "0x0")[0]
    assert first["number"] == "0x1"
