from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.transaction import DepositTransaction, decode_transaction
from byline.rpc import views
from byline.rpc.backend import L1FeeDetail, LocatedTransaction
from byline.rpc.namespaces.debug import encode_block
from tests.unit.rpc.fakes import L1_FEES, FakeNode, attributes_deposit, dynamic, legacy, sign


def mined(*raws: bytes) -> FakeNode:
    node = FakeNode()
    node.add_block([decode_transaction(raw) for raw in raws])
    return node


@given(
    st.lists(st.binary(max_size=300), max_size=4),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=80),
    st.booleans(),
)
def test_the_size_of_a_block_is_that_of_its_rlp(
    datas: list[bytes], gas: int, extra: bytes, old: bool
) -> None:
    later: dict[str, Any] = {} if old else {"base_fee": gas // 3, "withdrawals_root": bytes(32)}
    header = Header(gas_limit=gas, extra_data=extra, **later)
    items = [decode_transaction(make(data=data)) for data in datas for make in (legacy, dynamic)]
    block = Block(header, (attributes_deposit(1), *items))
    assert views.block_size(block) == len(encode_block(block))


def test_a_pending_block_keeps_its_number_and_hides_what_sealing_decides() -> None:
    block = mined(dynamic()).blocks[-1]
    found = views.block(block, full=True, pending=True)
    assert (found["hash"], found["nonce"], found["miner"]) == (None, None, None)
    assert found["number"] == "0x1"
    assert found["transactions"][1]["blockHash"] is None


def test_a_pending_transaction_costs_at_most_its_fee_cap() -> None:
    """web3.py replaces pending transactions by what `gasPrice` says."""
    item = decode_transaction(dynamic())
    assert views.pending_transaction(item)["gasPrice"] == hex(5000)
    block = mined(dynamic()).blocks[-1]
    assert views.transaction(LocatedTransaction(item, block, 1))["gasPrice"] == hex(1010)


def test_v_of_a_legacy_transaction_tells_its_chain() -> None:
    protected = views.pending_transaction(decode_transaction(legacy()))
    assert int(protected["v"], 16) in (35 + 2 * 901, 36 + 2 * 901)
    assert protected["chainId"] == hex(901)
    assert "yParity" not in protected
    assert "accessList" not in protected


def test_v_and_y_parity_are_equal_from_type_1_on() -> None:
    found = views.pending_transaction(decode_transaction(sign(type=1, gasPrice=1, accessList=[])))
    assert found["v"] == found["yParity"]
    assert found["accessList"] == []


def test_a_deposit_shows_mint_and_system_flag_only_when_they_are_there() -> None:
    plain = attributes_deposit(1)
    rich = replace(plain, mint=5, is_system_transaction=True, to=None)
    block = Block(Header(base_fee=1), (plain, rich))
    found = [
        views.transaction(LocatedTransaction(item, block, index, 7))
        for index, item in enumerate(block.transactions)
    ]
    assert "mint" not in found[0]
    assert "isSystemTx" not in found[0]
    assert (found[1]["mint"], found[1]["isSystemTx"], found[1]["to"]) == ("0x5", True, None)
    assert found[0]["nonce"] == "0x7"
    assert found[0]["gasPrice"] == found[0]["v"] == found[0]["r"] == found[0]["s"] == "0x0"


def receipt(detail: L1FeeDetail | None) -> dict[str, Any]:
    node = mined(dynamic(data=b"\x01"))
    return views.receipt(replace(node.receipts_by_block[1][1], l1=detail))


def test_an_l2_receipt_shows_the_l1_fee_and_the_footprint() -> None:
    found = receipt(L1_FEES)
    assert found["l1Fee"] == hex(1234)
    assert found["blobGasUsed"] == hex(40_000)
    assert found["daFootprintGasScalar"] == hex(400)
    assert found["operatorFeeScalar"] == "0x0"
    assert found["operatorFeeConstant"] == "0x5"
    assert "blobGasPrice" not in found


def test_operator_fees_are_shown_when_either_is_set() -> None:
    found = receipt(replace(L1_FEES, operator_fee_constant=0, da_footprint_gas_scalar=None))
    assert "operatorFeeScalar" not in found
    assert "operatorFeeConstant" not in found
    assert "daFootprintGasScalar" not in found


def test_an_l1_receipt_has_none_of_it() -> None:
    found = receipt(None)
    assert not [name for name in found if name.startswith(("l1", "operator", "da", "deposit"))]
    assert "blockTimestamp" not in found
    assert found["logs"][0]["blockTimestamp"] == hex(1_700_000_002)


def test_a_deposit_receipt_shows_nonce_and_version() -> None:
    node = mined(dynamic())
    found = views.receipt(node.receipts_by_block[1][0])
    assert isinstance(node.blocks[1].transactions[0], DepositTransaction)
    assert (found["depositNonce"], found["depositReceiptVersion"]) == ("0x0", "0x1")
    assert found["effectiveGasPrice"] == "0x0"
    assert "l1Fee" not in found


def test_logs_are_numbered_through_the_block() -> None:
    node = mined(dynamic(data=b"\x01"), dynamic(nonce=1, data=b"\x02"))
    found = [views.receipt(one)["logs"] for one in node.receipts_by_block[1]]
    assert [[log["logIndex"] for log in logs] for logs in found] == [[], ["0x0"], ["0x1"]]


def test_fields_that_a_fork_lacks_are_absent() -> None:
    found = views.block(Block(Header(), ()), full=False)
    assert "baseFeePerGas" not in found
    assert "withdrawals" not in found
    assert "requestsHash" not in found
    assert "totalDifficulty" not in found


def test_addresses_have_the_checksum_of_eip_55() -> None:
    address = bytes.fromhex("fb6916095ca1df60bb79ce92ce3ea74c37c5d359")
    assert views.checksummed(address) == "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


@pytest.mark.parametrize("value", [0, 1, 2**256 - 1])
def test_a_word_is_32_bytes(value: int) -> None:
    assert len(views.word(value)) == 66
    assert int(views.word(value), 16) == value


def test_an_encoded_block_holds_typed_transactions_as_strings() -> None:
    node = mined(legacy(), dynamic(nonce=1))
    _, transactions, uncles, withdrawals = rlp.decode(encode_block(node.blocks[1]))
    assert [type(item) for item in transactions] == [bytes, list, bytes]
    assert (uncles, withdrawals) == ([], [])
