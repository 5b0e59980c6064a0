"""What clients take for granted of any node, asked of both ports of one that runs.

Texts, codes and forms are geth's, as viem, ethers and web3.py classify errors by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from byline.node.evm.accounts import created_address
from byline.node.rollups.mining import Mode
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.serving import Port, served

FROM, TO = (f"0x{account.address.hex()}" for account in (ALICE, BOB))
NOBODY = "0x" + "99" * 20
UNKNOWN = "0x" + "77" * 32
FUTURE = "0xffffff"
CODE = "0x" + "c0" * 20


def _word(value: int) -> str:
    return f"{value:064x}"


def _text(words: str) -> str:
    raw = words.encode()
    return _word(32) + _word(len(raw)) + raw.hex().ljust(64, "0")


def _reverting(output: str) -> dict[str, Any]:
    """Return an override whose code reverts with `output` (hex)."""
    size = len(output) // 2
    # CODECOPY of what follows the code, then REVERT.
    return {CODE: {"code": f"0x60{size:02x}600c5f3960{size:02x}5ffd0000{output}"}}


@pytest.fixture(scope="module")
def made() -> World:
    here = world()
    for chain in ("l1", "l2"):
        name: ChainName = "l1" if chain == "l1" else "l2"
        here.send(name)
        # Emits a log with one topic, 0x2a, when it is called.
        code = bytes.fromhex("602a5f5fa100")
        init = bytes([0x65, *code, 0x5F, 0x52, 0x60, 6, 0x60, 26, 0xF3])
        here.send(name, to=None, data=init, gas=200_000)
        here.send(name, to=created_address(ALICE.address, 1), gas=100_000)
    return here


@pytest.fixture
def port(made: World, name: ChainName) -> Iterator[Port]:
    with served(made, name) as found:
        yield found


# Calls that fail


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("08c379a0" + _text("nope"), "execution reverted: nope"),
        ("4e487b71" + _word(1), "execution reverted: assert(false)"),
        ("4e487b71" + _word(0x11), "execution reverted: arithmetic underflow or overflow"),
        ("da472023", "execution reverted"),
        ("", "execution reverted"),
    ],
)
@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
def test_a_revert_has_code_3_and_its_data(
    port: Port, method: str, output: str, message: str
) -> None:
    error = port.error(method, {"from": FROM, "to": CODE}, "latest", _reverting(output))
    assert error == {"code": 3, "message": message, "data": "0x" + output}


def test_a_halt_is_no_internal_error(port: Port) -> None:
    invalid = port.error("eth_call", {"to": CODE}, "latest", {CODE: {"code": "0xfe"}})
    assert invalid["code"] == -32000
    assert invalid["message"].startswith("invalid opcode")
    call = {"to": CODE, "gas": "0x7530"}
    endless = port.error("eth_call", call, "latest", {CODE: {"code": "0x5b5f56"}})
    assert endless["code"] == -32000
    assert endless["message"].startswith("out of gas")


def test_a_call_that_reverts_still_has_an_access_list(port: Port) -> None:
    found = port.result("eth_createAccessList", {"to": CODE}, "latest", _reverting(""))
    assert found["error"] == "execution reverted"
    assert {"accessList", "gasUsed"} <= found.keys()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"from": FROM, "to": TO, "maxFeePerGas": "0x1"},
            r"max fee per gas less than block base fee: .*",
        ),
        (
            {"from": FROM, "to": TO, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"},
            r"max priority fee per gas higher than max fee per gas: .*",
        ),
        (
            {"from": NOBODY, "to": TO, "value": "0x1"},
            r"insufficient funds for gas \* price \+ value: balance 0, tx cost 1, overshot 1",
        ),
        ({"from": FROM, "to": TO, "gas": "0x1"}, r"intrinsic gas too low: gas 1, .* 21000"),
    ],
)
def test_a_call_that_no_transaction_could_make_is_refused(
    port: Port, request_: dict[str, Any], message: str
) -> None:
    assert re.fullmatch(message, port.error("eth_call", request_)["message"])


def test_an_estimate_says_what_gas_is_allowed(port: Port) -> None:
    burns = {CODE: {"code": "0x5b5f56"}}
    error = port.error(
        "eth_estimateGas", {"from": FROM, "to": CODE, "gas": "0x7530"}, "latest", burns
    )
    assert error == {"code": -32000, "message": "gas required exceeds allowance (30000)"}


def test_a_transfer_takes_exactly_21000(port: Port) -> None:
    for block in ("latest", "pending"):
        for to in (TO, NOBODY):
            call = {"from": FROM, "to": to, "value": "0x1"}
            assert port.result("eth_estimateGas", call, block) == "0x5208"


def test_data_and_input_may_both_be_given_when_they_are_equal(port: Port) -> None:
    both = {"to": CODE, "data": "0x1234", "input": "0x1234"}
    code = {CODE: {"code": "0x5f355f5260205ff3"}}
    assert port.result("eth_call", both, "latest", code)[:6] == "0x1234"
    assert port.error("eth_call", {**both, "data": "0x12"})["code"] == -32602


def test_a_gas_price_beside_other_fees_is_refused(port: Port) -> None:
    call = {"from": FROM, "to": TO, "gasPrice": "0x1", "maxFeePerGas": "0x2"}
    error = port.error("eth_call", call)
    assert error["code"] == -32602
    words = "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
    assert error["message"].endswith(words)


def test_a_call_needs_no_funds_and_may_name_any_gas(port: Port) -> None:
    # BASEFEE and GASPRICE are 0 then.
    code = {CODE: {"code": "0x483a015f5260205ff3"}}
    call = {"from": NOBODY, "to": CODE, "gas": hex(2**63 - 1)}
    assert int(port.result("eth_call", call, "latest", code), 16) == 0


def test_a_deployless_call_may_have_a_long_init_code(port: Port) -> None:
    assert port.result("eth_call", {"data": "0x602a5f5260205ff3" + "00" * 60_000}).endswith("2a")


# Blocks and what names them


STATE_METHODS = [
    ("eth_getBalance", [FROM]),
    ("eth_getTransactionCount", [FROM]),
    ("eth_getCode", [FROM]),
    ("eth_getStorageAt", [FROM, "0x0"]),
    ("eth_getProof", [FROM, []]),
    ("eth_call", [{"to": TO}]),
    ("eth_estimateGas", [{"from": FROM, "to": TO}]),
    ("eth_createAccessList", [{"from": FROM, "to": TO}]),
    ("eth_getAccount", [FROM]),
    ("eth_getAccountInfo", [FROM]),
    ("eth_getStorageValues", [{FROM: ["0x0"]}]),
]


@pytest.mark.parametrize(("method", "params"), STATE_METHODS)
def test_state_is_asked_for_at_any_block(port: Port, method: str, params: list[Any]) -> None:
    head = port.result("eth_getBlockByNumber", "latest", False)
    want = port.result(method, *params)
    number, block_hash = head["number"], head["hash"]
    for block in (
        "latest",
        number,
        block_hash,
        {"blockNumber": number},
        {"blockHash": block_hash},
        {"blockHash": block_hash, "requireCanonical": True},
    ):
        assert port.result(method, *params, block) == want
    for tag in ("earliest", "pending", "safe", "finalized"):
        port.result(method, *params, tag)


@pytest.mark.parametrize(("method", "params"), STATE_METHODS)
def test_state_of_no_block_is_an_error(port: Port, method: str, params: list[Any]) -> None:
    for block in (FUTURE, UNKNOWN, {"blockHash": UNKNOWN}, {"blockNumber": FUTURE}):
        error = port.error(method, *params, block)
        assert (error["code"], error["message"]) == (-32000, "header not found")
    for block in ({}, {"blockNumber": "0x0", "blockHash": UNKNOWN}, "newest", "0x"):
        assert port.error(method, *params, block)["code"] == -32602


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", [FUTURE, False]),
        ("eth_getBlockByHash", [UNKNOWN, False]),
        ("eth_getBlockReceipts", [FUTURE]),
        ("eth_getBlockReceipts", [UNKNOWN]),
        ("eth_getBlockReceipts", ["0x" + "00" * 32]),
        ("eth_getBlockTransactionCountByNumber", [FUTURE]),
        ("eth_getBlockTransactionCountByHash", [UNKNOWN]),
        ("eth_getUncleCountByBlockNumber", [FUTURE]),
        ("eth_getTransactionByBlockNumberAndIndex", [FUTURE, "0x0"]),
        ("eth_getTransactionByBlockHashAndIndex", [UNKNOWN, "0x0"]),
        ("eth_getTransactionByBlockNumberAndIndex", ["latest", "0x99"]),
        ("eth_getTransactionByHash", [UNKNOWN]),
        ("eth_getTransactionReceipt", [UNKNOWN]),
        ("eth_getUncleByBlockNumberAndIndex", ["latest", "0x0"]),
        ("eth_getHeaderByNumber", [FUTURE]),
    ],
)
def test_what_is_not_there_is_null(port: Port, method: str, params: list[Any]) -> None:
    assert port.result(method, *params) is None


def test_a_block_without_transactions_has_no_receipts(port: Port) -> None:
    assert port.result("eth_getBlockReceipts", "0x0") == []
    assert port.result("eth_getUncleCountByBlockNumber", "latest") == "0x0"


def test_a_fresh_chain_has_safe_and_finalized_blocks(name: ChainName) -> None:
    with served(world(), name) as port:
        for tag in ("safe", "finalized", "earliest", "latest", "pending"):
            assert port.result("eth_getBlockByNumber", tag, False) is not None
            assert int(port.result("eth_getBalance", FROM, tag), 16) > 0


def test_the_pending_block_keeps_its_number_and_hides_what_sealing_decides(port: Port) -> None:
    head = int(port.result("eth_blockNumber"), 16)
    block = port.result("eth_getBlockByNumber", "pending", True)
    assert (block["hash"], block["nonce"], block["miner"]) == (None, None, None)
    assert int(block["number"], 16) == head + 1
    header = port.result("eth_getHeaderByNumber", "pending")
    assert (header["hash"], header["number"]) == (None, block["number"])


def test_the_pool_counts_in_what_is_pending(name: ChainName) -> None:
    here = world()
    with served(here, name) as port:
        here.rollup.mining = here.rollup.mining.tell(name, Mode(automine=False))
        tx_hash = port.result("eth_sendRawTransaction", "0x" + here.transfer(name).raw.hex())
        tx = port.result("eth_getTransactionByHash", tx_hash)
        assert (tx["blockHash"], tx["blockNumber"], tx["transactionIndex"]) == (None, None, None)
        assert tx["gasPrice"] == tx["maxFeePerGas"] == hex(10**11)
        assert port.result("eth_getTransactionReceipt", tx_hash) is None
        assert port.result("eth_getTransactionCount", FROM, "pending") == "0x1"
        assert port.result("eth_getTransactionCount", FROM, "latest") == "0x0"
        block = port.result("eth_getBlockByNumber", "pending", False)
        assert block["transactions"][-1] == tx_hash
        count = port.result("eth_getBlockTransactionCountByNumber", "pending")
        assert int(count, 16) == len(block["transactions"])


def test_the_count_of_transactions_is_known_at_every_block(port: Port) -> None:
    counts = [port.result("eth_getTransactionCount", FROM, hex(number)) for number in range(4)]
    assert counts == ["0x0", "0x1", "0x2", "0x3"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", ["0x01", False]),
        ("eth_getBalance", [FROM, "0x00"]),
        ("eth_call", [{"to": TO, "value": "0x01"}]),
        ("eth_getTransactionByBlockNumberAndIndex", ["latest", "0x00"]),
    ],
)
def test_quantities_have_no_leading_zeros(port: Port, method: str, params: list[Any]) -> None:
    error = port.error(method, *params)
    assert error["code"] == -32602
    assert "hex number with leading zero digits" in error["message"]


QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
NUMBERS = frozenset({
    "number", "gasLimit", "gasUsed", "timestamp", "size", "baseFeePerGas", "difficulty",
    "blobGasUsed", "excessBlobGas", "nonce", "gas", "gasPrice", "value", "chainId", "type",
    "maxFeePerGas", "maxPriorityFeePerGas", "transactionIndex", "blockNumber", "v", "yParity",
    "cumulativeGasUsed", "effectiveGasPrice", "status", "logIndex", "blockTimestamp", "r", "s",
    "l1Fee", "l1GasUsed", "l1GasPrice", "depositNonce", "depositReceiptVersion", "mint",
})  # fmt: skip


def _check_forms(found: Any, where: str = "") -> None:
    if isinstance(found, list):
        for entry in found:
            _check_forms(entry, where)
    elif isinstance(found, dict):
        for name, entry in found.items():
            _check_forms(entry, name)
    elif isinstance(found, str):
        assert found == found.lower()
        if where in NUMBERS and not (where == "nonce" and len(found) == 18):
            assert QUANTITY.fullmatch(found), (where, found)


def test_answers_are_lower_case_without_leading_zeros(port: Port) -> None:
    for number in range(4):
        _check_forms(port.result("eth_getBlockByNumber", hex(number), True))
        _check_forms(port.result("eth_getBlockReceipts", hex(number)))
    _check_forms(port.result("eth_getProof", FROM, ["0x0"], "latest"))


@pytest.mark.parametrize(("method", "params"), STATE_METHODS)
def test_a_block_that_was_taken_back_is_not_canonical(
    name: ChainName, method: str, params: list[Any]
) -> None:
    here = world()
    with served(here, name) as port:
        snapshot = port.result("evm_snapshot")
        here.send(name)
        lost = port.result("eth_getBlockByNumber", "latest", False)["hash"]
        assert port.result("evm_revert", snapshot) is True
        port.result(method, *params, {"blockHash": lost})
        error = port.error(method, *params, {"blockHash": lost, "requireCanonical": True})
        assert error == {"code": -32000, "message": "hash is not currently canonical"}
