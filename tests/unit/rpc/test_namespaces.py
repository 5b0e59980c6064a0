"""What the methods do beyond shapes, which test_schemas.py holds against the specification."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import decode_transaction
from byline.rpc.limits import Limits
from byline.rpc.method import Method
from byline.rpc.namespaces import merge
from tests.unit.rpc.client import Client, client, run
from tests.unit.rpc.fakes import HALTS, REVERTS, SENDER, TARGET, dynamic, legacy

ADDRESS = "0x" + SENDER.hex()
TO = "0x" + TARGET.hex()
NOBODY = "0x" + "00" * 32


def ask(method: str, *params: Any, made: Client | None = None) -> Any:
    return run((made or client()).result(method, *params))


def refused(method: str, *params: Any, made: Client | None = None) -> tuple[int, str]:
    error = run((made or client()).error(method, *params))
    return error["code"], error["message"]


def sent(*raws: bytes) -> Client:
    made = client()
    for raw in raws:
        ask("eth_sendRawTransaction", "0x" + raw.hex(), made=made)
    return made


def test_a_name_in_two_tables_is_refused() -> None:
    async def nothing(context: object) -> None: ...

    with pytest.raises(ValueError, match="eth_x is in two tables"):
        merge({"eth_x": Method(nothing)}, {"eth_x": Method(nothing)})


# Blocks


@pytest.mark.parametrize(
    "method",
    [
        "eth_getBlockByHash", "eth_getHeaderByHash", "eth_getBlockTransactionCountByHash",
        "eth_getUncleCountByBlockHash", "eth_getTransactionByHash", "eth_getTransactionReceipt",
        "eth_getBlockReceipts", "eth_getRawTransactionByHash",
    ],
)  # fmt: skip
def test_what_is_unknown_is_null(method: str) -> None:
    assert ask(method, NOBODY) is None


@pytest.mark.parametrize(
    "method",
    [
        "eth_getTransactionByBlockHashAndIndex", "eth_getRawTransactionByBlockHashAndIndex",
        "eth_getUncleByBlockHashAndIndex",
    ],
)  # fmt: skip
def test_what_is_at_no_place_is_null(method: str) -> None:
    made = client()
    assert ask(method, NOBODY, "0x0", made=made) is None
    genesis = "0x" + made.node.blocks[0].hash.hex()
    assert ask(method, genesis, "0x0", made=made) is None


def test_the_genesis_block_has_no_receipts() -> None:
    assert ask("eth_getBlockReceipts", "0x0") == []


def test_uncles_are_none() -> None:
    assert ask("eth_getUncleCountByBlockNumber", "0x0") == "0x0"
    assert ask("eth_getUncleByBlockNumberAndIndex", "0x0", "0x0") is None


def test_constants_of_a_chain_without_work_or_peers() -> None:
    made = client()
    assert ask("eth_syncing", made=made) is False
    assert ask("eth_mining", made=made) is False
    assert ask("eth_hashrate", made=made) == "0x0"
    assert ask("eth_protocolVersion", made=made) == "0x44"
    assert ask("net_version", made=made) == "901"
    assert ask("net_listening", made=made) is True
    assert ask("net_peerCount", made=made) == "0x0"


def test_deposits_in_full_blocks_show_their_nonce() -> None:
    made = sent(dynamic(), dynamic(nonce=1))
    found = ask("eth_getBlockByNumber", "0x2", True, made=made)
    assert found["transactions"][0]["nonce"] == "0x1"
    by_index = ask("eth_getTransactionByBlockNumberAndIndex", "0x2", "0x0", made=made)
    assert by_index == found["transactions"][0]


def test_a_pending_transaction_stands_in_no_block() -> None:
    made = client()
    made.node.automine = False
    name = ask("eth_sendRawTransaction", "0x" + dynamic().hex(), made=made)
    found = ask("eth_getTransactionByHash", name, made=made)
    by_index = ask("eth_getTransactionByBlockNumberAndIndex", "pending", "0x0", made=made)
    assert found == by_index
    assert found["blockNumber"] is None
    assert ask("eth_getTransactionReceipt", name, made=made) is None
    block = ask("eth_getBlockByNumber", "pending", True, made=made)
    assert block["transactions"] == [found]
    assert (block["hash"], block["number"]) == (None, "0x1")
    assert ask("eth_getHeaderByNumber", "pending", made=made)["hash"] is None


def test_raw_transactions_come_back_as_they_were_sent() -> None:
    raw = "0x" + legacy().hex()
    made = sent(legacy())
    name = "0x" + decode_transaction(legacy()).hash.hex()
    assert ask("eth_getRawTransactionByHash", name, made=made) == raw
    assert ask("debug_getRawTransaction", name, made=made) == raw
    assert ask("eth_getRawTransactionByBlockNumberAndIndex", "0x1", "0x1", made=made) == raw


def test_the_fee_history_is_clipped_and_checked() -> None:
    made = sent(dynamic(), dynamic(nonce=1))
    assert len(ask("eth_feeHistory", "0xffffffff", "latest", made=made)["gasUsedRatio"]) == 3
    assert len(ask("eth_feeHistory", "2", "latest", made=made)["gasUsedRatio"]) == 2
    assert len(ask("eth_feeHistory", 2, "latest", [20.0], made=made)["reward"]) == 2
    assert "reward" not in ask("eth_feeHistory", 2, "latest", [], made=made)
    few = client(Limits(fee_history_blocks=1))
    few.node.add_block([])
    assert len(ask("eth_feeHistory", 2, "latest", made=few)["gasUsedRatio"]) == 1
    assert refused("eth_feeHistory", "0x1", "0x9", made=made) == (
        -32602,
        "request beyond head block: requested 9, head 2",
    )


@pytest.mark.parametrize(("next_base_fee", "price"), [(900, 1010), (1000, 1010), (1100, 1110)])
def test_the_gas_price_suits_the_head_and_the_next_block(next_base_fee: int, price: int) -> None:
    """cast estimates on the head with it, and a price below the head's base fee is refused."""
    made = client()
    made.node.next_base_fee = next_base_fee
    assert ask("eth_gasPrice", made=made) == hex(price)


# State


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", [TO]),
        ("eth_getCode", [TO]),
        ("eth_getTransactionCount", [TO]),
        ("eth_getStorageAt", [TO, "0x0"]),
        ("eth_getProof", [TO, []]),
        ("eth_call", [{}]),
        ("eth_estimateGas", [{}]),
    ],
)
def test_state_of_an_unknown_block_is_an_error_and_of_none_the_latest(
    method: str, params: list[Any]
) -> None:
    for block in ("0x99", NOBODY, {"blockHash": NOBODY}):
        assert refused(method, *params, block) == (-32000, "header not found")
    assert ask(method, *params) == ask(method, *params, "latest") == ask(method, *params, None)


def test_a_call_gets_its_overrides() -> None:
    made = client()
    overrides = {TO: {"balance": "0x7"}}
    assert (
        ask("eth_call", {"to": TO, "data": "0x1234"}, "latest", overrides, made=made) == "0x1234"
    )
    assert made.node.overrides[TARGET].balance == 7


def test_reverts_and_halts_are_told_apart() -> None:
    assert refused("eth_call", {"to": "0x" + REVERTS.hex()}) == (3, "execution reverted")
    assert refused("eth_estimateGas", {"to": "0x" + REVERTS.hex()})[0] == 3
    assert refused("eth_call", {"to": "0x" + HALTS.hex()}) == (-32000, "out of gas")


def test_an_access_list_of_a_reverting_call_is_a_result() -> None:
    found = ask("eth_createAccessList", {"to": "0x" + REVERTS.hex()})
    assert found["error"] == "execution reverted"
    assert "error" not in ask("eth_createAccessList", {"to": TO})


def test_proof_keys_come_back_as_they_were_asked() -> None:
    keys = ["0x1", "0x01", "0x" + "00" * 31 + "AB"]
    found = ask("eth_getProof", TO, keys)
    assert [item["key"] for item in found["storageProof"]] == [key.lower() for key in keys]
    made = client(Limits(proof_keys=1))
    assert refused("eth_getProof", TO, ["0x1", "0x2"], made=made)[0] == -32602


def test_a_storage_word_is_padded() -> None:
    assert ask("eth_getStorageAt", TO, "0x5") == "0x" + "00" * 31 + "05"


# Transactions


def test_a_refusal_of_the_pool_keeps_its_words() -> None:
    made = sent(dynamic())
    assert refused("eth_sendRawTransaction", "0x" + dynamic().hex(), made=made) == (
        -32000,
        "nonce too low: next nonce 1, tx nonce 0",
    )
    assert refused("eth_sendRawTransaction", "0x", made=made) == (-32000, "transaction: empty")
    assert refused("eth_sendRawTransaction", "0x05", made=made)[1].startswith(
        "transaction type not supported"
    )


def test_the_type_asked_for_is_the_type_signed() -> None:
    for asked, want in ((None, "0x2"), ("0x0", "0x0"), ("0x1", "0x1"), ("0x2", "0x2")):
        request = {"from": ADDRESS, "to": TO, "type": asked}
        assert ask("eth_signTransaction", request)["tx"]["type"] == want
    code, message = refused(
        "eth_signTransaction", {"from": ADDRESS, "type": "0x2", "gasPrice": "0x1"}
    )
    assert (code, message) == (-32602, "type: 0x2 was asked for, but the other fields make it 0x0")


def test_a_signed_transaction_is_shown_with_its_bytes() -> None:
    found = ask("eth_signTransaction", {"from": ADDRESS, "to": TO})
    item = decode_transaction(bytes.fromhex(found["raw"][2:]))
    assert found["tx"]["hash"] == "0x" + item.hash.hex()
    assert "blockHash" not in found["tx"]


def test_only_unlocked_accounts_sign() -> None:
    assert refused("eth_sendTransaction", {"from": TO}) == (-32000, "unknown account")
    assert refused("eth_sign", TO, "0x00") == (-32000, "unknown account")
    assert refused("eth_sendTransaction", {})[0] == -32602


def test_sign_and_personal_sign_take_their_parameters_the_other_way_round() -> None:
    made = client()
    signature = ask("eth_sign", ADDRESS, "0xdeadbeef", made=made)
    assert signature == ask("personal_sign", "0xdeadbeef", ADDRESS, made=made)
    signer = Account.recover_message(
        encode_defunct(hexstr="0xdeadbeef"), signature=bytes.fromhex(signature[2:])
    )
    assert signer.lower() == ADDRESS


def test_typed_data_may_be_an_object_or_its_text() -> None:
    made = client()
    document = {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}],
            "Pay": [{"name": "amount", "type": "uint256"}],
        },
        "primaryType": "Pay",
        "domain": {"name": "x"},
        "message": {"amount": 2**200 + 1},
    }
    text = json.dumps(document)
    signature = ask("eth_signTypedData_v4", ADDRESS, text, made=made)
    signer = Account.recover_message(
        encode_typed_data(full_message=document), signature=bytes.fromhex(signature[2:])
    )
    assert signer.lower() == ADDRESS

    assert ask("eth_signTypedData", ADDRESS, document, made=made) == signature
    assert refused("eth_signTypedData", ADDRESS, "[" * 100_000, made=made)[0] == -32602
    assert refused("eth_signTypedData", ADDRESS, "[]", made=made)[0] == -32602


def test_filling_needs_no_key() -> None:
    found = ask("eth_fillTransaction", {"from": TO, "to": TO, "value": "0x5"})
    assert found["tx"] == {
        "type": "0x2",
        "chainId": hex(901),
        "from": TO,
        "to": TO,
        "nonce": "0x0",
        "gas": hex(21_000),
        "gasPrice": hex(2010),
        "value": "0x5",
        "input": "0x",
        "accessList": [],
        "maxFeePerGas": hex(2010),
        "maxPriorityFeePerGas": "0xa",
    }
    assert found["raw"][:4] == "0x02"
    fields = rlp.decode(bytes.fromhex(found["raw"][4:]))
    assert (fields[0], fields[4], fields[-3:]) == (b"\x03\x85", b"\x52\x08", [b"", b"", b""])


def test_filling_refuses_what_no_signer_could_mend() -> None:
    assert refused("eth_fillTransaction", {"chainId": "0x1"}) == (
        -32000,
        "invalid chain id for signer: have 1 want 901",
    )
    tips = {"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}
    assert refused("eth_fillTransaction", tips)[1].startswith(
        "max priority fee per gas higher than max fee per gas"
    )
    request: dict[str, Any] = {"authorizationList": []}
    assert refused("eth_fillTransaction", request)[0] == -32602
    request |= {"to": TO, "gasPrice": "0x1"}
    assert refused("eth_fillTransaction", request)[0] == -32602


def test_a_given_fee_cap_bounds_the_tip_that_is_filled_in() -> None:
    found = ask("eth_fillTransaction", {"maxFeePerGas": "0x3"})["tx"]
    assert (found["maxFeePerGas"], found["maxPriorityFeePerGas"]) == ("0x3", "0x3")


# Logs


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        ({"fromBlock": "0x5"}, -32602, "block range extends beyond current head block"),
        ({"toBlock": "0x5"}, -32602, "block range extends beyond current head block"),
        ({"toBlock": "0x0"}, -32602, "invalid block range params"),
        ({"fromBlock": "latest", "toBlock": "earliest"}, -32602, "invalid block range params"),
        ({"fromBlock": "latest", "toBlock": "finalized"}, -32602, "invalid block range params"),
        ({"blockHash": NOBODY}, -32000, "unknown block"),
    ],
)
def test_ranges_outside_the_chain_are_refused(wanted: Any, code: int, words: str) -> None:
    made = sent(dynamic(data=b"\x01"))
    assert refused("eth_getLogs", wanted, made=made) == (code, words)


def test_logs_are_found_by_range_and_by_block() -> None:
    made = sent(dynamic(data=b"\x01"), dynamic(nonce=1, data=b"\x02"))
    found = ask("eth_getLogs", {"fromBlock": "earliest"}, made=made)
    assert [log["data"] for log in found] == ["0x01", "0x02"]
    assert ask("eth_getLogs", {}, made=made) == found[1:]
    by_hash = {"blockHash": "0x" + made.node.blocks[1].hash.hex()}
    assert ask("eth_getLogs", by_hash, made=made) == found[:1]


def test_filter_logs_include_the_past_and_changes_do_not() -> None:
    made = sent(dynamic(data=b"\x01"))
    name = ask("eth_newFilter", {"fromBlock": "0x0"}, made=made)
    assert ask("eth_getFilterChanges", name, made=made) == []
    assert len(ask("eth_getFilterLogs", name, made=made)) == 1
    assert ask("eth_uninstallFilter", name, made=made) is True
    assert refused("eth_getFilterChanges", name, made=made) == (-32000, "filter not found")


def test_there_are_no_subscriptions_over_http() -> None:
    for method, argument in (("eth_subscribe", "newHeads"), ("eth_unsubscribe", "0x1")):
        assert refused(method, argument) == (-32601, "notifications not supported")


# The others


def test_raw_blocks_and_headers_hash_to_the_block_hash() -> None:
    made = sent(legacy(), dynamic(nonce=1))
    header = bytes.fromhex(ask("debug_getRawHeader", "latest", made=made)[2:])
    assert keccak256(header) == made.node.blocks[-1].hash
    block = rlp.decode(bytes.fromhex(ask("debug_getRawBlock", "0x1", made=made)[2:]))
    assert Header.from_fields(block[0]).hash == made.node.blocks[1].hash
    receipts = ask("debug_getRawReceipts", "0x1", made=made)
    assert receipts[0][:4] == "0x7e"
    assert refused("debug_getRawBlock", "0x99")[1] == "block #153 not found"
    assert refused("debug_getRawReceipts", "0x99")[1] == "header not found"
    assert ask("debug_getRawTransaction", NOBODY) == "0x"


def test_web3_methods() -> None:
    assert ask("web3_clientVersion") == "anvil/byline-test"
    assert ask("web3_sha3", "0x") == "0x" + keccak256(b"").hex()


def test_modules_are_those_served() -> None:
    with_rollup = ask("rpc_modules")
    assert with_rollup["optimism"] == "1.0"
    assert "rpc" in with_rollup
    without = client(rollup=False)
    assert set(ask("rpc_modules", made=without)) == set(with_rollup) - {"optimism"}
    assert refused("optimism_version", made=without)[0] == -32601


def test_the_pool_is_shown_by_sender_and_nonce() -> None:
    made = client()
    made.node.automine = False
    ask("eth_sendRawTransaction", "0x" + dynamic().hex(), made=made)
    assert ask("txpool_status", made=made) == {"pending": "0x1", "queued": "0x0"}
    content = ask("txpool_content", made=made)
    (sender,) = content["pending"]
    assert sender.lower() == ADDRESS
    assert sender != ADDRESS
    assert content["pending"][sender]["0"]["from"] == ADDRESS
    assert ask("txpool_contentFrom", ADDRESS, made=made)["pending"].keys() == {"0"}
    assert ask("txpool_contentFrom", TO, made=made) == {"pending": {}, "queued": {}}
    line = ask("txpool_inspect", made=made)["pending"][sender]["0"]
    assert line == f"{TO}: 1 wei + 50000 gas × 5000 wei"  # noqa: RUF001


@pytest.mark.parametrize(
    ("params", "blocks", "timestamp"),
    [
        ([], 1, None),
        (["0x65540000"], 1, 0x65540000),
        ([1_700_000_100], 1, 1_700_000_100),
        ([{"blocks": 3}], 3, None),
        ([{"timestamp": "0x65540000", "blocks": "0x2"}], 2, 0x65540002),
    ],
)
def test_evm_mine_takes_a_time_or_a_wish(
    params: list[Any], blocks: int, timestamp: int | None
) -> None:
    made = client()
    assert ask("evm_mine", *params, made=made) == "0x0"
    assert len(made.node.blocks) == 1 + blocks
    if timestamp is not None:
        assert made.node.blocks[-1].header.timestamp == timestamp


def test_mining_counts_and_intervals() -> None:
    made = client()
    assert ask("anvil_mine", "0x3", made=made) is None
    assert ask("hardhat_mine", "0x2", "0x1", made=made) is True
    assert len(made.node.blocks) == 6
    before = made.node.blocks[-1].header.timestamp
    ask("hardhat_mine", "0x2", "0x64", made=made)
    assert made.node.blocks[-1].header.timestamp == before + 200
    ask("anvil_mine", made=made)
    assert len(made.node.blocks) == 9


def test_mining_is_bounded_and_refusals_keep_their_words() -> None:
    made = client(Limits(mined_blocks=5))
    for method, argument in (("anvil_mine", 6), ("hardhat_mine", 6), ("evm_mine", {"blocks": 6})):
        code, message = refused(method, argument, made=made)
        assert (code, message) == (-32602, "6 blocks: want at most 5 at once")
    assert refused("evm_mine", "0x1", made=made)[1] == "timestamp 1 is not after the head's"


@pytest.mark.parametrize("prefix", ["evm", "anvil"])
@pytest.mark.parametrize("seconds", ["0xe10", 3600, "3600"])
def test_time_travel_reads_hex_numbers_and_decimals(prefix: str, seconds: object) -> None:
    made = client()
    assert ask(f"{prefix}_increaseTime", seconds, made=made) == 3600
    assert ask(f"{prefix}_increaseTime", seconds, made=made) == 7200
    assert ask(f"{prefix}_setNextBlockTimestamp", 1_900_000_000, made=made) is None
    assert made.node.times[-1] == ("next", 1_900_000_000)
    assert refused(f"{prefix}_setNextBlockTimestamp", 1, made=made)[1] == (
        "timestamp 1 is not after the head's"
    )
    assert refused(f"{prefix}_increaseTime", -1, made=made)[0] == -32602


@pytest.mark.parametrize("method", ["evm_setTime", "anvil_setTime"])
@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (1_900_000_000, 1_900_000_000),
        (hex(1_900_000_000), 1_900_000_000),
        (1_900_000_000_999, 1_900_000_000),
        (10**11 - 1, 10**11 - 1),
        (10**11, 10**8),
    ],
)
def test_a_set_time_is_in_seconds_or_in_milliseconds(
    method: str, given: object, seconds: int
) -> None:
    made = client()
    now = made.node.blocks[-1].header.timestamp
    assert ask(method, given, made=made) == seconds - now
    assert made.node.times == [("set", seconds)]


def test_the_distance_of_blocks_is_set_and_taken_away() -> None:
    made = client()
    assert ask("anvil_setBlockTimestampInterval", 60, made=made) is None
    assert ask("anvil_removeBlockTimestampInterval", made=made) is True
    assert ask("anvil_removeBlockTimestampInterval", made=made) is False
    assert made.node.times == [("apart", 60), ("apart", None), ("apart", None)]


def test_a_snapshot_is_used_once_and_takes_later_ones_with_it() -> None:
    made = client()
    first = ask("evm_snapshot", made=made)
    later = ask("evm_snapshot", made=made)
    ask("evm_mine", made=made)
    assert ask("evm_revert", first, made=made) is True
    assert len(made.node.blocks) == 1
    assert ask("evm_revert", first, made=made) is False
    assert ask("evm_revert", later, made=made) is False


def test_the_rollup_answers_in_op_nodes_shapes() -> None:
    made = client()
    status = ask("optimism_syncStatus", made=made)
    assert set(status) == {
        "current_l1", "current_l1_finalized", "head_l1", "safe_l1", "finalized_l1", "unsafe_l2",
        "safe_l2", "finalized_l2", "pending_safe_l2", "cross_unsafe_l2", "local_safe_l2",
    }  # fmt: skip
    assert status["unsafe_l2"] == {
        "hash": NOBODY,
        "number": 0,
        "parentHash": NOBODY,
        "timestamp": 0,
        "l1origin": {"hash": NOBODY, "number": 0},
        "sequenceNumber": 0,
    }
    output = ask("optimism_outputAtBlock", "0x0", made=made)
    assert output["version"] == NOBODY
    assert output["syncStatus"] == status
    assert refused("optimism_outputAtBlock", "0x99", made=made) == (-32000, "header not found")
    assert ask("optimism_safeHeadAtL1Block", "0x6", made=made) == {
        "l1Block": {"hash": "0x" + "05" * 32, "number": 5},
        "safeHead": {"hash": "0x" + "09" * 32, "number": 9},
    }
    assert refused("optimism_safeHeadAtL1Block", "0x4", made=made) == (-32000, "not found")
    assert ask("optimism_rollupConfig", made=made) == {"l2_chain_id": 901}
    assert ask("optimism_version", made=made) == "anvil/byline-test"
