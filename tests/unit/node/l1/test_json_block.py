"""Blocks from JSON-RPC are believed only as far as they hash."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.errors import InvalidData
from byline.derivation.transaction import BLOB, DEPOSIT, SET_CODE, DepositTransaction
from byline.node.l1.json_block import body_of, header_of, receipts_of
from tests.unit.node.l1.l1_kit import GENESIS, SECOND, block_json, receipts_json
from tests.vectors_folder import load

VECTORS = "l1-rpc/block_verification.json.gz"


def test_blocks_of_goerli_pass_or_fail_for_the_reason_that_op_node_gives() -> None:
    cases = load(VECTORS)["blocks"]
    assert len(cases) == 12
    for name, case in cases.items():
        meta, document = case["metadata"], case["data"]
        if not meta.get("fail"):
            header, transactions = body_of(document)
            assert header.hash.hex() == document["hash"][2:]
            for transaction, item in zip(transactions, document["transactions"], strict=True):
                assert transaction.hash.hex() == item["hash"][2:]
                assert transaction.sender.hex() == item["from"][2:]
            continue
        with pytest.raises(InvalidData) as caught:
            body_of(document)
        assert meta["reason"] in str(caught.value), name


def test_headers_of_goerli_pass_or_fail_by_their_hash() -> None:
    cases = load(VECTORS)["headers"]
    assert len(cases) == 7
    for case in cases.values():
        if case["metadata"].get("fail"):
            with pytest.raises(InvalidData, match="failed to verify block hash"):
                header_of(case["data"])
        else:
            assert header_of(case["data"]).hash.hex() == case["data"]["hash"][2:]


@pytest.mark.parametrize("executed", [GENESIS, SECOND])
def test_a_prague_block_with_every_type_of_transaction_reads_back(executed: Any) -> None:
    header, transactions = body_of(block_json(executed))
    assert (header, transactions) == (executed.header, executed.block.transactions)
    assert receipts_of(receipts_json(executed), header, transactions) == executed.receipts


def test_the_kit_covers_every_type() -> None:
    kinds = [tx.type for tx in SECOND.block.transactions]
    assert kinds == [0, 0, 1, 2, BLOB, SET_CODE, DEPOSIT, DEPOSIT]
    assert {tx.mint for tx in SECOND.block.transactions if isinstance(tx, DepositTransaction)} == {
        0, 7,
    }  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [one for key in value for one in _paths(value[key], (*path, key))]
    if isinstance(value, list):
        return [one for key, item in enumerate(value) for one in _paths(item, (*path, key))]
    return [path]


def _put(document: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(document)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return changed


BLOCK, RECEIPTS = block_json(SECOND), receipts_json(SECOND)
strange = st.one_of(
    st.none(), st.integers(), st.just("0x"), st.just("0xzz"), st.just("text"), st.just([]),
    st.just({}), st.just("0x" + "ff" * 40), st.just("0x1234567890abcdef"), st.just("0x+1"),
    st.just("0x 1"), st.just("0x1_1"),
)  # fmt: skip


@given(st.sampled_from(_paths(BLOCK)), strange)
def test_a_strange_value_anywhere_in_a_block_changes_nothing_or_is_refused(
    path: tuple[Any, ...], new: Any
) -> None:
    try:
        found = body_of(_put(BLOCK, path, new))
    except InvalidData:
        return
    assert found == (SECOND.header, SECOND.block.transactions)


@given(st.sampled_from(_paths(RECEIPTS)), strange)
def test_a_strange_value_anywhere_in_the_receipts_changes_nothing_or_is_refused(
    path: tuple[Any, ...], new: Any
) -> None:
    try:
        found = receipts_of(_put(RECEIPTS, path, new), SECOND.header, SECOND.block.transactions)
    except InvalidData:
        return
    assert found == SECOND.receipts


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "block: want an object, got NoneType"),
        ([], "block: want an object, got list"),
        ({}, "parentHash: want 0x-hex, got None"),
        (BLOCK | {"stateRoot": "0x12"}, "stateRoot: 1 bytes, want 32"),
        (BLOCK | {"number": "0x"}, "number: want a hex number"),
        (BLOCK | {"withdrawalsRoot": None}, "an optional field is missing before one set"),
        (BLOCK | {"transactions": None}, "block transactions: want a list"),
        (BLOCK | {"transactions": ["0x12"]}, "block tx 0: transaction: want an object, got str"),
        (BLOCK | {"withdrawals": None}, "block withdrawals: want a list"),
        (
            BLOCK | {"transactions": [{"type": "0x6a", "input": "0x"}]},
            "block tx 0: transaction type not supported: 0x6a",
        ),
    ],
)
def test_malformed_blocks_are_refused_with_what_is_wrong(document: Any, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        body_of(document)


def test_receipts_that_do_not_belong_to_the_block_are_refused() -> None:
    given = (SECOND.header, SECOND.block.transactions)
    with pytest.raises(InvalidData, match="7 receipts for 8 transactions"):
        receipts_of(RECEIPTS[1:], *given)
    failed = _put(RECEIPTS, (0, "status"), "0x0")
    with pytest.raises(InvalidData, match="failed to verify receipts list"):
        receipts_of(failed, *given)
