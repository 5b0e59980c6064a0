"""The objects that both ports answer with: fields, their forms, and the errors round them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from byline.derivation.hashing import keccak256
from byline.derivation.transaction import decode_transaction
from byline.node.config import NodeConfig
from byline.node.evm.accounts import created_address
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served
from tests.integration.test_rollup import deposit

FROM, TO = (f"0x{account.address.hex()}" for account in (ALICE, BOB))
NOBODY = "0x" + "99" * 20
UNKNOWN = "0x" + "77" * 32
TOPIC = f"0x{42:064x}"
ATTRIBUTES_SENDER = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"
# Emits a log with one topic, 0x2a, writes slot 0 and returns a word.
EMITS = "602a5f5fa160075f5560015f5260205ff3"


def _init(code: str) -> bytes:
    raw = bytes.fromhex(code)
    return bytes([0x60, len(raw), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + raw


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    for chain in ("l1", "l2"):
        name: ChainName = "l1" if chain == "l1" else "l2"
        here.send(name)
        here.send(name, to=None, data=_init(EMITS), gas=200_000)
        here.send(name, to=created_address(ALICE.address, 1), gas=100_000)
    return here


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found


EMITTER = "0x" + created_address(ALICE.address, 1).hex()


def _hash(port: Port, nonce: int) -> str:
    found = port.result("eth_getTransactionBySenderAndNonce", FROM, hex(nonce))
    return str(found["hash"])


# Transactions, receipts, logs


def test_a_transaction_tells_its_block_and_the_price_paid(port: Port) -> None:
    tx = port.result("eth_getTransactionByHash", _hash(port, 0))
    block = port.result("eth_getBlockByNumber", tx["blockNumber"], True)
    receipt = port.result("eth_getTransactionReceipt", tx["hash"])
    assert tx["blockTimestamp"] == block["timestamp"]
    assert tx["gasPrice"] == receipt["effectiveGasPrice"]
    assert tx["yParity"] == tx["v"]
    assert (tx["accessList"], "data" in tx) == ([], False)
    assert block["transactions"][int(tx["transactionIndex"], 16)] == tx
    for method, where in (
        ("eth_getTransactionByBlockHashAndIndex", tx["blockHash"]),
        ("eth_getTransactionByBlockNumberAndIndex", tx["blockNumber"]),
    ):
        assert port.result(method, where, tx["transactionIndex"]) == tx
    raw = port.result("eth_getRawTransactionByHash", tx["hash"])
    by_index = "eth_getRawTransactionByBlockNumberAndIndex"
    assert port.result(by_index, tx["blockNumber"], tx["transactionIndex"]) == raw
    assert "0x" + decode_transaction(bytes.fromhex(raw[2:])).hash.hex() == tx["hash"]


def test_a_legacy_transaction_has_a_chain_id_where_its_signature_has(port: Port) -> None:
    for kind, price in (("0x0", "0x174876e800"), ("0x1", "0x174876e800")):
        sent = {"from": FROM, "to": TO, "type": kind, "gasPrice": price, "nonce": "0x9"}
        tx = port.result("eth_signTransaction", {**sent, "gas": "0x5208"})["tx"]
        assert (tx["type"], tx["gasPrice"], tx["chainId"]) == (
            kind,
            price,
            port.result("eth_chainId"),
        )
        assert ("yParity" in tx) == ("accessList" in tx) == (kind == "0x1")


def test_a_receipt_has_no_time_but_its_logs_have(port: Port) -> None:
    receipt = port.result("eth_getTransactionReceipt", _hash(port, 2))
    block = port.result("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert "blockTimestamp" not in receipt
    (log,) = receipt["logs"]
    assert (log["blockTimestamp"], log["removed"]) == (block["timestamp"], False)
    assert log["transactionHash"] == receipt["transactionHash"]
    assert log["logIndex"] == "0x0"
    assert (receipt["contractAddress"], receipt["to"]) == (None, EMITTER)
    assert receipt["status"] == "0x1"


def test_a_creation_has_an_address_and_no_recipient(port: Port) -> None:
    receipt = port.result("eth_getTransactionReceipt", _hash(port, 1))
    assert (receipt["contractAddress"], receipt["to"]) == (EMITTER, None)


def test_a_block_has_the_fields_of_its_fork_and_no_others(port: Port) -> None:
    block = port.result("eth_getBlockByNumber", "latest", False)
    assert "totalDifficulty" not in block
    assert (block["uncles"], block["withdrawals"]) == ([], [])
    assert {
        "requestsHash",
        "withdrawalsRoot",
        "blobGasUsed",
        "excessBlobGas",
        "parentBeaconBlockRoot",
        "size",
        "mixHash",
        "baseFeePerGas",
    } <= block.keys()
    raw = port.result("debug_getRawBlock", "latest")
    assert int(block["size"], 16) == len(raw) // 2 - 1
    header = bytes.fromhex(port.result("debug_getRawHeader", "latest")[2:])
    assert "0x" + keccak256(header).hex() == block["hash"]


# Logs


def test_logs_are_found_by_address_topic_and_block(port: Port) -> None:
    receipt = port.result("eth_getTransactionReceipt", _hash(port, 2))
    wide = {"fromBlock": "0x0", "toBlock": "latest"}
    for wanted in (
        {**wide, "address": EMITTER},
        {**wide, "address": [NOBODY, EMITTER]},
        {**wide, "topics": [TOPIC]},
        {**wide, "topics": [[UNKNOWN, TOPIC]], "address": EMITTER},
        {**wide, "topics": [None], "address": EMITTER},
        {**wide, "topics": [[]], "address": EMITTER},
        {"blockHash": receipt["blockHash"], "address": EMITTER},
    ):
        assert port.result("eth_getLogs", wanted) == receipt["logs"]
    for wanted in (
        {**wide, "topics": [None, None], "address": EMITTER},
        {**wide, "address": NOBODY},
        {**wide, "topics": [UNKNOWN]},
    ):
        assert port.result("eth_getLogs", wanted) == []


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ({"fromBlock": "0x2", "toBlock": "0x1"}, -32602, "invalid block range params"),
        (
            {"fromBlock": "0x0", "toBlock": "0xffffff"},
            -32602,
            "block range extends beyond current head block",
        ),
        (
            {"blockHash": UNKNOWN, "fromBlock": "0x0"},
            -32602,
            "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
        ),
        ({"blockHash": UNKNOWN}, -32000, "unknown block"),
        ({"topics": [None] * 5}, -32602, "exceed max topics"),
        ({"fromBlock": "pending"}, -32602, "pending logs are not supported"),
    ],
)
def test_logs_that_cannot_be_are_refused(
    port: Port, wanted: dict[str, Any], code: int, message: str
) -> None:
    error = port.error("eth_getLogs", wanted)
    assert error["code"] == code
    assert error["message"].endswith(message)


@pytest.mark.parametrize("method", ["eth_getFilterChanges", "eth_getFilterLogs"])
def test_a_filter_that_is_not_there_is_a_plain_error(port: Port, method: str) -> None:
    assert port.error(method, "0xdead") == {"code": -32000, "message": "filter not found"}
    blocks = port.result("eth_newBlockFilter")
    assert port.error("eth_getFilterLogs", blocks)["message"] == "filter not found"
    assert port.result("eth_uninstallFilter", "0xdead") is False


# Fees and proofs


def test_a_fee_history_has_one_base_fee_more_than_blocks(port: Port) -> None:
    for count in ("0x2", 2, "2"):
        found = port.result("eth_feeHistory", count, "latest", [20.0, 50, 99.5])
        assert len(found["gasUsedRatio"]) == len(found["reward"]) == 2
        assert len(found["baseFeePerGas"]) == len(found["baseFeePerBlobGas"]) == 3
        assert all(len(tips) == 3 for tips in found["reward"])
    found = port.result("eth_feeHistory", "0xffff", "latest", [])
    assert "reward" not in found
    assert len(found["gasUsedRatio"]) == int(port.result("eth_blockNumber"), 16) + 1
    assert "reward" not in port.result("eth_feeHistory", 1, "pending", None)


@pytest.mark.parametrize("percentiles", [[50, 20], [101], [-1], ["a"]])
def test_percentiles_rise_from_0_to_100(port: Port, percentiles: list[Any]) -> None:
    error = port.error("eth_feeHistory", "0x1", "latest", percentiles)
    assert error["code"] in (-32000, -32602)
    assert "invalid reward percentile" in error["message"]


def test_fees_of_blocks_to_come_are_refused(port: Port) -> None:
    error = port.error("eth_feeHistory", "0x1", "0xffffff", [])
    assert "request beyond head block" in error["message"]


def test_a_proof_repeats_its_keys_as_they_were_asked(port: Port) -> None:
    keys = ["0x0", "0x00", "0x" + "00" * 32, "0x" + "00" * 31 + "07", "0x7"]
    found = port.result("eth_getProof", EMITTER, keys, "latest")
    assert [entry["key"] for entry in found["storageProof"]] == keys
    assert [entry["value"] for entry in found["storageProof"]] == ["0x7"] * 3 + ["0x0"] * 2
    assert port.error("eth_getProof", EMITTER, ["0x" + "00" * 33], "latest")["code"] == -32602


def test_a_slot_may_be_short_or_padded(port: Port) -> None:
    for slot in ("0x0", "0x00", "0x" + "00" * 32):
        assert port.result("eth_getStorageAt", EMITTER, slot, "latest") == f"0x{7:064x}"


# Traces


def test_struct_logs_leave_out_what_is_empty(port: Port) -> None:
    choices: list[list[Any]] = [[], [None], [{}]]
    for options in choices:
        found = port.result("debug_traceTransaction", _hash(port, 2), *options)
        assert found["returnValue"] == f"0x{1:064x}"
        assert (found["failed"], type(found["gas"])) == (False, int)
        first = found["structLogs"][0]
        assert (first["op"], first["pc"], first["depth"]) == ("PUSH1", 0, 1)
        assert not first.keys() & {"error", "storage", "memory"}
        for entry in found["structLogs"]:
            assert all(word.startswith("0x") for word in entry["stack"])
            assert ("storage" in entry) == (entry["op"] == "SSTORE")
    transfer = port.result("debug_traceTransaction", _hash(port, 0))
    assert (transfer["returnValue"], transfer["structLogs"]) == ("0x", [])


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("debug_traceTransaction", [UNKNOWN], "transaction not found"),
        ("debug_traceBlockByNumber", ["0x0"], "genesis is not traceable"),
        ("debug_traceBlockByHash", [UNKNOWN], f"block {UNKNOWN} not found"),
        ("debug_traceBlockByNumber", ["0xffffff"], "block #16777215 not found"),
        ("debug_traceCall", [{"to": TO}, "0xffffff"], "block #16777215 not found"),
    ],
)
def test_what_cannot_be_traced_is_a_plain_error(
    port: Port, method: str, params: list[Any], message: str
) -> None:
    assert port.error(method, *params) == {"code": -32000, "message": message}


# Signing


def test_a_signed_transaction_comes_with_its_fields(port: Port) -> None:
    found = port.result("eth_signTransaction", {"from": FROM, "to": TO, "value": "0x1"})
    decoded = decode_transaction(bytes.fromhex(found["raw"][2:]))
    assert found["tx"]["hash"] == "0x" + decoded.hash.hex()
    assert found["tx"]["from"] == FROM


def test_messages_are_signed_alike_whichever_way_they_are_asked(port: Port) -> None:
    signature = port.result("eth_sign", FROM, "0x1234")
    assert port.result("personal_sign", "0x1234", FROM) == signature
    assert port.result("personal_ecRecover", "0x1234", signature) == FROM
    assert signature[-2:] in ("1b", "1c")


@pytest.mark.parametrize(
    "method", ["eth_signTypedData", "eth_signTypedData_v3", "eth_signTypedData_v4"]
)
def test_typed_data_may_be_an_object_or_its_text(port: Port, method: str) -> None:
    text = (
        '{"types":{"EIP712Domain":[{"name":"name","type":"string"}],'
        '"Note":[{"name":"words","type":"string"}]},"primaryType":"Note",'
        '"domain":{"name":"x"},"message":{"words":"hello"}}'
    )
    assert port.result(method, FROM, text) == port.result(method, FROM, json.loads(text))


# The L2


@pytest.fixture(scope="module")
def bridged() -> World:
    here = world()
    deposit(here, 10**18)
    here.send("l2")
    return here


def test_a_deposit_has_op_geths_fields(bridged: World) -> None:
    with served(bridged, "l2") as port:
        blocks = [
            port.result("eth_getBlockByNumber", hex(number), True)
            for number in range(1, int(port.result("eth_blockNumber"), 16) + 1)
        ]
        every = [tx for block in blocks for tx in block["transactions"]]
        attributes = [tx for tx in every if tx["from"] == ATTRIBUTES_SENDER]
        users = [tx for tx in every if tx["type"] == "0x7e" and tx not in attributes]
        assert len(attributes) == len(blocks)
        assert users
        for tx in (*attributes, *users):
            assert {"sourceHash", "gasPrice", "v", "r", "s"} <= tx.keys()
            assert (tx["gasPrice"], tx["r"], tx["s"], tx["v"]) == ("0x0",) * 4
            assert "isSystemTx" not in tx
            receipt = port.result("eth_getTransactionReceipt", tx["hash"])
            assert receipt["depositNonce"] == tx["nonce"]
            assert receipt["depositReceiptVersion"] == tx["depositReceiptVersion"] == "0x1"
            assert not [field for field in receipt if field.startswith("l1")]
        assert "mint" not in attributes[0]
        assert int(users[0]["mint"], 16) == 10**18
        raw = port.result("eth_getRawTransactionByHash", users[0]["hash"])
        assert "0x" + keccak256(bytes.fromhex(raw[2:])).hex() == users[0]["hash"]


ECOTONE_FIELDS = {
    "l1GasPrice",
    "l1GasUsed",
    "l1Fee",
    "l1BaseFeeScalar",
    "l1BlobBaseFee",
    "l1BlobBaseFeeScalar",
}


@pytest.mark.parametrize(
    ("fork", "more"),
    [("holocene", set()), ("isthmus", set()), ("jovian", {"daFootprintGasScalar"})],
)
def test_receipts_have_the_rollups_fields_of_their_fork(fork: str, more: set[str]) -> None:
    here = world(NodeConfig(fork=fork))
    tx_hash = "0x" + here.send("l2").hex()
    with served(here, "l2") as port:
        receipt = port.result("eth_getTransactionReceipt", tx_hash)
        paid = 10_000 * 10**18 - int(port.result("eth_getBalance", FROM), 16)
    found = {field for field in receipt if field.startswith(("l1", "da", "operator"))}
    assert found == ECOTONE_FIELDS | more
    gas = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert paid == gas + int(receipt["l1Fee"], 16) + 1
    assert ("blobGasUsed" in receipt) == (fork == "jovian")


def test_the_l1s_receipts_have_nothing_of_a_rollup(made: World) -> None:
    with served(made, "l1") as port:
        receipt = port.result("eth_getTransactionReceipt", _hash(port, 0))
    assert not [field for field in receipt if field.startswith(("l1", "deposit", "operator"))]
