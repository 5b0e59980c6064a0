"""`eth_simulateV1` on both chains: what it answers."""

from __future__ import annotations

import pytest

from byline.derivation.constants import BASE_FEE_VAULT
from byline.node.config import NodeConfig
from byline.node.evm import engines
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import World, world
from tests.integration.serving import Port
from tests.integration.simulating import (
    CODE,
    ELSEWHERE,
    ETHER,
    FROM,
    IDENTITY,
    POOR,
    TO,
    TRANSFER,
    calls,
    one,
    simulate,
)
from tests.unit.rpc.schema import check_result


@pytest.fixture(scope="module", params=sorted({engines.DEFAULT, engines.REFERENCE}))
def made(request: pytest.FixtureRequest) -> World:
    here = world(NodeConfig(engine=request.param))
    for _ in range(3):
        here.send("l1")
        here.send("l2")
    return here


def test_a_simulated_block_has_the_shape_of_the_specification(port: Port) -> None:
    head = port.result("eth_getBlockByNumber", "latest", False)
    (block,) = simulate(port, calls({"from": FROM, "to": TO, "value": "0x1"}))
    check_result("eth_simulateV1", [block])
    assert int(block["number"], 16) == int(head["number"], 16) + 1
    assert int(block["timestamp"], 16) == int(head["timestamp"], 16) + 12
    assert block["parentHash"] == head["hash"]
    assert block["gasLimit"] == head["gasLimit"]
    assert (block["baseFeePerGas"], block["gasUsed"]) == ("0x0", "0x5208")
    assert block["calls"] == [
        {
            "returnData": "0x",
            "logs": [],
            "gasUsed": "0x5208",
            "maxUsedGas": "0x5208",
            "status": "0x1",
        }
    ]
    assert len(block["transactions"]) == 1


def test_nothing_of_a_simulation_stays(port: Port) -> None:
    before = port.result("eth_getBlockByNumber", "latest", True)
    balance = port.result("eth_getBalance", TO)
    simulate(port, calls({"from": FROM, "to": TO, "value": "0xff"}))
    assert port.result("eth_getBlockByNumber", "latest", True) == before
    assert port.result("eth_getBalance", TO) == balance


def test_each_block_builds_on_the_one_before(port: Port) -> None:
    send = {"from": POOR, "to": ELSEWHERE, "value": "0x3"}
    # BALANCE of ELSEWHERE, then NUMBER and the hash of the block before, returned
    look = "0x73" + ELSEWHERE[2:] + "315f52436020526001430340604052" + "60605ff3"
    blocks = simulate(
        port,
        calls(send, stateOverrides={POOR: {"balance": "0x10"}, CODE: {"code": look}}),
        calls(send, {"to": CODE}),
        calls({"to": CODE}),
    )
    assert [block["parentHash"] for block in blocks[1:]] == [b["hash"] for b in blocks[:2]]
    second, third = blocks[1]["calls"][1]["returnData"], blocks[2]["calls"][0]["returnData"]
    words = [third[2:][at : at + 64] for at in (0, 64, 128)]
    assert int(words[0], 16) == 6
    assert hex(int(words[1], 16)) == blocks[2]["number"]
    assert "0x" + words[2] == blocks[1]["hash"]
    assert second[2:66] == words[0]


def test_gaps_in_the_numbers_are_filled_with_empty_blocks(port: Port) -> None:
    head = port.result("eth_getBlockByNumber", "latest", False)
    number, time = int(head["number"], 16), int(head["timestamp"], 16)
    blocks = simulate(port, calls(blockOverrides={"number": hex(number + 4)}), calls())
    assert [int(block["number"], 16) - number for block in blocks] == [1, 2, 3, 4, 5]
    assert [int(block["timestamp"], 16) - time for block in blocks] == [12, 24, 36, 48, 60]
    assert all(block["transactions"] == [] for block in blocks)


def test_block_overrides_are_what_code_sees(port: Port) -> None:
    # COINBASE, TIMESTAMP, PREVRANDAO, GASLIMIT, BASEFEE, BLOBBASEFEE, one word each
    opcodes = (0x41, 0x42, 0x44, 0x45, 0x48, 0x4A)
    look = "0x" + "".join(f"{op:02x}60{32 * at:02x}52" for at, op in enumerate(opcodes))
    look += "60c05ff3"
    given = {
        "feeRecipient": ELSEWHERE,
        "time": "0x7fffffff0",
        "prevRandao": "0x" + "00" * 31 + "07",
        "gasLimit": "0x1e8480",
        "baseFeePerGas": "0x9",
        "blobBaseFee": "0x63",
        "beaconRoot": "0x" + "ab" * 32,
    }
    (block,) = simulate(
        port,
        calls({"to": CODE}, stateOverrides={CODE: {"code": look}}, blockOverrides=given),
    )
    output = block["calls"][0]["returnData"][2:]
    words = [int(output[at : at + 64], 16) for at in range(0, len(output), 64)]
    assert words == [int(ELSEWHERE, 16), 0x7FFFFFFF0, 7, 2_000_000, 9, 99]
    assert block["miner"] == ELSEWHERE
    assert block["parentBeaconBlockRoot"] == given["beaconRoot"]


def test_a_revert_and_a_halt_are_told_apart(port: Port) -> None:
    reverted = one(port, {"to": CODE}, "0x602a5f5260205ffd")
    assert (reverted["status"], reverted["returnData"]) == ("0x0", "0x")
    assert reverted["error"] == {
        "code": 3,
        "message": "execution reverted",
        "data": "0x" + "00" * 31 + "2a",
    }
    halted = one(port, {"to": CODE, "gas": "0x7530"}, "0xfe")
    assert halted["error"] == {"code": -32015, "message": "invalid opcode"}
    assert halted["gasUsed"] == "0x7530"


def test_the_most_gas_is_that_before_refunds(port: Port) -> None:
    clear = {CODE: {"code": "0x5f5f55", "stateDiff": {"0x0": "0x" + "00" * 31 + "01"}}}
    (block,) = simulate(port, calls({"to": CODE}, stateOverrides=clear))
    done = block["calls"][0]
    assert int(done["maxUsedGas"], 16) - int(done["gasUsed"], 16) == 4_800


def test_transfers_show_as_logs_where_that_is_asked_for(port: Port) -> None:
    # LOG0 of nothing, then CALL of ELSEWHERE with 5 wei, then LOG0 again
    code = "0x5f5fa0" + "5f5f5f5f600573" + ELSEWHERE[2:] + "5af1" + "505f5fa0"
    call = {"from": FROM, "to": CODE, "value": "0x2"}
    plain = one(port, call, code)["logs"]
    assert [log["address"] for log in plain] == [CODE, CODE]
    logs = one(port, call, code, traceTransfers=True)["logs"]
    assert [log["address"] for log in logs] == [ETHER, CODE, ETHER, CODE]
    assert [log["logIndex"] for log in logs] == ["0x0", "0x1", "0x2", "0x3"]
    for log, sender, to, value in ((logs[0], FROM, CODE, 2), (logs[2], CODE, ELSEWHERE, 5)):
        padded = ["0x" + "00" * 12 + item[2:] for item in (sender, to)]
        assert log["topics"] == [TRANSFER, *padded]
        assert int(log["data"], 16) == value


def test_transfers_of_a_frame_that_reverts_are_not_shown(port: Port) -> None:
    code = "0x" + "5f5f5f5f600573" + ELSEWHERE[2:] + "5af1" + "5f5ffd"
    done = one(port, {"from": FROM, "to": CODE, "value": "0x2"}, code, traceTransfers=True)
    assert done["status"] == "0x0"
    assert done["logs"] == []
    # The same code, called by another, which goes on after the revert.
    outer = "0x" + "5f5f5f5f600173" + CODE[2:] + "5af100"
    state = {CODE: {"code": code, "balance": "0x64"}, POOR: {"code": outer}}
    (block,) = simulate(
        port,
        calls({"from": FROM, "to": POOR, "value": "0x2"}, stateOverrides=state),
        traceTransfers=True,
    )
    assert [log["data"][-1] for log in block["calls"][0]["logs"]] == ["2"]


def test_full_transactions_know_their_sender_and_have_no_signature(port: Port) -> None:
    sends = [
        {"from": FROM, "to": TO},
        {"from": FROM, "to": TO, "gasPrice": "0x0"},
        {"from": POOR, "to": TO, "accessList": [], "nonce": "0x9"},
    ]
    (block,) = simulate(port, calls(*sends), returnFullTransactions=True)
    check_result("eth_getBlockByHash", {k: v for k, v in block.items() if k != "calls"})
    assert [tx["from"] for tx in block["transactions"]] == [FROM, FROM, POOR]
    assert [tx["type"] for tx in block["transactions"]] == ["0x2", "0x0", "0x2"]
    assert block["transactions"][2]["nonce"] == "0x9"
    for tx in block["transactions"]:
        assert (tx["r"], tx["s"], tx["v"]) == ("0x0", "0x0", "0x0")
        assert tx["blockHash"] == block["hash"]


def test_a_precompile_moves_and_gives_way_to_code(port: Port) -> None:
    state = {
        IDENTITY: {"movePrecompileToAddress": ELSEWHERE, "code": "0x602a5f5260205ff3"},
    }
    asked = [{"to": ELSEWHERE, "input": "0x1234"}, {"to": IDENTITY, "input": "0x1234"}]
    moved, usual = simulate(port, calls(*asked, stateOverrides=state), calls(*asked))
    assert [call["returnData"][-4:] for call in moved["calls"]] == ["1234", "002a"]
    # The move holds for its block alone, the code stays.
    assert [call["returnData"] for call in usual["calls"]] == ["0x", "0x1234"]


def test_fees_are_paid_to_whom_they_belong(port: Port, name: ChainName) -> None:
    price = {"maxFeePerGas": "0xc", "maxPriorityFeePerGas": "0x2"}
    given = {"baseFeePerGas": "0xa", "feeRecipient": ELSEWHERE}
    vault = "0x" + BASE_FEE_VAULT.hex()
    # BALANCE of ELSEWHERE and of the vault, returned
    look = "0x73" + ELSEWHERE[2:] + "315f5273" + vault[2:] + "3160205260405ff3"
    start = {POOR: {"balance": hex(10**9)}, vault: {"balance": "0x0"}, CODE: {"code": look}}
    first, second = simulate(
        port,
        calls(
            {"from": POOR, "to": TO, "gas": "0x5208", **price},
            stateOverrides=start,
            blockOverrides=given,
        ),
        calls({"to": CODE}),
    )
    assert first["calls"][0]["status"] == "0x1"
    output = second["calls"][0]["returnData"][2:]
    assert int(output[:64], 16) == 21_000 * 2
    assert int(output[64:], 16) == (21_000 * 10 if name == "l2" else 0)
