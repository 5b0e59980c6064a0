"""The pool takes, orders, replaces and gives up transactions as its docstring says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey

from byline.derivation.transaction import (
    BLOB,
    LEGACY,
    SET_CODE,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.node.chain.mempool import AccountView, Mempool, PoolContext, PoolLimits, Refusal
from tests.unit.node.chain.pool_kit import ALICE, BOB, CAROL, CONTEXT, GWEI, RICH, transaction


def taken(pool: Mempool, *transactions: Transaction) -> None:
    for tx in transactions:
        assert pool.add(tx, RICH, CONTEXT) is None


def reason(
    tx: Transaction, account: AccountView = RICH, context: PoolContext = CONTEXT
) -> str | None:
    pool = Mempool()
    refusal = pool.add(tx, account, context)
    assert (refusal is None) == (tx.hash in pool) == (len(pool) == 1)
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": BLOB}, "transaction type not supported"),
        ({"raw": bytes(131_073)}, "oversized data: transaction size 131073, limit 131072"),
        (
            {"to": None, "data": bytes(49_153), "gas": 10**6},
            "max initcode size exceeded: code size 49153, limit 49152",
        ),
        (
            {"gas": 30_000_001},
            "exceeds block gas limit: tx gas 30000001, block gas limit 30000000",
        ),
        (
            {"tip": 2, "cap": 1},
            "max priority fee per gas higher than max fee per gas: "
            "maxPriorityFeePerGas: 2, maxFeePerGas: 1",
        ),
        ({"chain_id": 1}, "invalid chain id for signer: have 1 want 901"),
        ({"nonce": 2**64 - 1}, f"nonce has max value: {2**64 - 1}"),
        ({"type": SET_CODE}, "EIP-7702 transaction with empty auth list"),
        ({"gas": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        # The floor of EIP-7623: 10 for each token, where execution would ask for 4.
        ({"data": bytes(100)}, "intrinsic gas too low: gas 21000, minimum needed 22000"),
    ],
)
def test_what_no_account_could_send_is_refused_in_geths_words(
    changes: dict[str, Any], words: str
) -> None:
    assert reason(transaction(**changes)) == words


@pytest.mark.parametrize(
    ("changes", "context"),
    [
        ({}, CONTEXT),
        ({"type": LEGACY, "chain_id": None}, CONTEXT),
        ({"type": BLOB, "blob_hashes": (b"\1" * 32,) * 6}, replace(CONTEXT, blobs=True)),
        ({"data": bytes(100), "gas": 21_400}, replace(CONTEXT, prague=False)),
        ({"to": None, "data": bytes(49_152), "gas": 10**6}, CONTEXT),
        ({"gas": 30_000_000}, CONTEXT),
        ({"gas": 2**24}, replace(CONTEXT, transaction_gas_cap=2**24)),
        ({"cap": 1}, CONTEXT),  # below the base fee: it waits for better times
    ],
)
def test_what_stands_at_a_bound_is_taken(changes: dict[str, Any], context: PoolContext) -> None:
    assert reason(transaction(**changes), context=context) is None


def test_set_code_transactions_come_with_prague() -> None:
    early = replace(CONTEXT, prague=False)
    assert reason(transaction(type=SET_CODE), context=early) == "transaction type not supported"


def test_karst_caps_the_gas_of_one_transaction() -> None:
    context = replace(CONTEXT, transaction_gas_cap=2**24)
    words = f"transaction gas limit too high (cap: {2**24}, tx: {2**24 + 1})"
    assert reason(transaction(gas=2**24 + 1), context=context) == words


def test_a_used_nonce_is_refused_with_the_next_one() -> None:
    account = AccountView(nonce=5, balance=10**24)
    assert reason(transaction(nonce=4), account) == "nonce too low: next nonce 5, tx nonce 4"
    assert reason(transaction(nonce=5), account) is None


def test_a_contract_cannot_send_but_a_delegated_account_can() -> None:
    words = reason(transaction(), replace(RICH, code=b"\x60\x00"))
    assert words is not None
    assert words.startswith("sender not an eoa")
    assert reason(transaction(), replace(RICH, code=b"\xef\x01\x00" + BOB)) is None


def test_funds_count_gas_at_the_cap_value_and_the_extra_cost() -> None:
    context = replace(CONTEXT, extra_cost=lambda tx: 7)
    cost = 21_000 * 100 * GWEI + 5 + 7
    tx = transaction(value=5)
    assert reason(tx, AccountView(0, cost), context) is None
    assert reason(transaction(value=5), AccountView(0, cost - 1), context) == (
        "insufficient funds for gas * price + value: "
        f"balance {cost - 1}, tx cost {cost}, overshot 1"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "blob transaction missing blob hashes"),
        ({"blob_hashes": (b"\1" * 32,) * 7}, "blob transaction has too many blobs: have 7, max 6"),
        (
            {"blob_hashes": (b"\1" * 32, b"\2" * 32)},
            "blob 1 has invalid hash version: 0x02, want 0x01",
        ),
        ({"to": None, "gas": 10**6}, "blob transaction of type create"),
    ],
)
def test_a_blob_transaction_that_no_block_could_hold_is_refused(
    changes: dict[str, Any], words: str
) -> None:
    context = replace(CONTEXT, blobs=True)
    assert reason(transaction(type=BLOB, **changes), context=context) == words


def test_funds_count_blobs_too() -> None:
    context = replace(CONTEXT, blobs=True)
    blobs: dict[str, Any] = {
        "type": BLOB,
        "blob_hashes": (b"\1" * 32, b"\1" * 32),
        "max_fee_per_blob_gas": 3,
    }
    cost = 21_000 * 100 * GWEI + 2 * 131_072 * 3
    assert reason(transaction(**blobs), AccountView(0, cost), context) is None
    words = reason(transaction(**blobs), AccountView(0, cost - 1), context)
    assert words is not None
    assert words.endswith(f"tx cost {cost}, overshot 1")


def test_all_that_waits_must_be_paid_for_together() -> None:
    one = 21_000 * 100 * GWEI
    account = AccountView(0, 2 * one)
    pool = Mempool()
    assert pool.add(transaction(nonce=0), account, CONTEXT) is None
    assert pool.add(transaction(nonce=1), account, CONTEXT) is None
    assert pool.add(transaction(nonce=2), account, CONTEXT) == Refusal(
        "insufficient funds for gas * price + value: "
        f"balance {2 * one}, queued cost {2 * one}, tx cost {one}, overshot {one}"
    )
    # A replacement does not pay for what it replaces.
    better = transaction(nonce=1, tip=10, cap=100 * GWEI, gas=21_000)
    assert pool.add(better, replace(account, balance=2 * one), CONTEXT) == Refusal(
        "replacement transaction underpriced"
    )


def test_the_same_transaction_is_taken_once() -> None:
    pool, tx = Mempool(), transaction()
    taken(pool, tx)
    assert pool.add(tx, RICH, CONTEXT) == Refusal("already known")
    assert len(pool) == 1


def test_a_wrong_signature_is_refused() -> None:
    tx = transaction(s=2**256 - 1)
    del tx.__dict__["sender"]
    words = reason(tx)
    assert words is not None
    assert words.startswith("invalid sender: ")


def test_the_sender_of_a_signed_transaction_is_recovered() -> None:
    from eth_account import Account

    key = PrivateKey(b"\x11" * 32)
    signed = Account.sign_transaction(
        {"type": 2, "chainId": 901, "nonce": 0, "gas": 21_000, "to": "0x" + "00" * 20,
         "value": 1, "data": b"", "maxFeePerGas": GWEI, "maxPriorityFeePerGas": 1},
        key.to_bytes(),
    )  # fmt: skip
    tx = decode_transaction(bytes(signed.raw_transaction))
    assert isinstance(tx, Transaction)
    pool = Mempool()
    assert pool.add(tx, RICH, CONTEXT) is None
    assert pool.pending(key.public_key.to_canonical_address()) == (tx,)


@pytest.mark.parametrize(
    ("tip", "cap", "good"),
    [(110, 1100, True), (109, 1100, False), (110, 1099, False), (111, 1000, False)],
)
def test_a_replacement_raises_both_fees_by_ten_percent(tip: int, cap: int, good: bool) -> None:
    pool, old = Mempool(), transaction(tip=100, cap=1000)
    taken(pool, old)
    new = transaction(tip=tip, cap=cap)
    refusal = pool.add(new, RICH, CONTEXT)
    assert (refusal is None) is good
    assert refusal is None or refusal.reason == "replacement transaction underpriced"
    assert pool.transactions() == ((new,) if good else (old,))


def test_a_replacement_of_a_transaction_that_offers_nothing_must_offer_something() -> None:
    pool = Mempool()
    taken(pool, transaction(tip=0, cap=0))
    assert pool.add(transaction(tip=0, cap=0), RICH, CONTEXT) is not None
    taken(pool, transaction(tip=1, cap=1))


def test_the_block_takes_the_highest_effective_tip_first_and_early_ones_on_ties() -> None:
    pool = Mempool()
    low = transaction(ALICE, tip=1)
    capped = transaction(BOB, tip=50, cap=GWEI + 2)  # the cap leaves a tip of 2
    high = transaction(CAROL, tip=3)
    tie = transaction(bytes([9]) * 20, tip=3)
    taken(pool, low, capped, high, tie)
    assert list(pool.best(GWEI)) == [high, tie, capped, low]
    assert list(pool.best(0)) == [capped, high, tie, low]


def test_a_sender_goes_in_order_of_nonce_whatever_it_offers() -> None:
    pool = Mempool()
    first, second = transaction(ALICE, 0, tip=1), transaction(ALICE, 1, tip=100)
    other = transaction(BOB, 0, tip=50)
    taken(pool, second, first, other)
    assert list(pool.best(GWEI)) == [other, first, second]


def test_a_sender_stops_at_the_first_that_does_not_pay_the_base_fee() -> None:
    pool = Mempool()
    poor, rich = transaction(ALICE, 0, cap=GWEI - 1), transaction(ALICE, 1)
    taken(pool, poor, rich)
    assert list(pool.best(GWEI)) == []
    assert list(pool.best(GWEI - 1)) == [poor, rich]


def test_a_gap_queues_what_follows_until_it_is_filled() -> None:
    pool = Mempool()
    zero, one, two, four = (transaction(nonce=n) for n in (0, 1, 2, 4))
    taken(pool, zero, two, four)
    assert (pool.pending(), pool.queued(), pool.count(ALICE)) == ((zero,), (two, four), 1)
    taken(pool, one)
    assert (pool.pending(ALICE), pool.queued(ALICE)) == ((zero, one, two), (four,))
    assert pool.count(ALICE) == 3
    assert pool.pending(BOB) == pool.queued(BOB) == ()
    assert pool.count(BOB) == 0


def test_each_transaction_becomes_pending_once_when_no_gap_is_before_it_any_more() -> None:
    pool = Mempool()
    first, second, third = (transaction(ALICE, nonce=nonce) for nonce in range(3))
    taken(pool, third)
    assert pool.newly_pending(third) == ()
    taken(pool, first)
    assert pool.newly_pending(first) == (first,)
    taken(pool, second)
    assert pool.newly_pending(second) == (second, third)
    better = transaction(ALICE, nonce=1, tip=20 * GWEI, cap=200 * GWEI)
    taken(pool, better)
    assert pool.newly_pending(better) == (better,)
    pool.remove_mined([first, better, third])
    fourth = transaction(ALICE, nonce=3)
    assert pool.add(fourth, replace(RICH, nonce=3), CONTEXT) is None
    assert pool.newly_pending(fourth) == (fourth,)


def test_a_block_takes_out_its_transactions_and_those_of_the_same_nonce() -> None:
    pool = Mempool()
    zero, one, two = (transaction(nonce=n) for n in range(3))
    taken(pool, zero, one, two)
    elsewhere = transaction(nonce=1)  # another one with nonce 1 was mined
    pool.remove_mined([zero, elsewhere])
    assert pool.transactions() == (two,)
    assert list(pool.best(GWEI)) == [two]


def test_a_deposit_raises_its_senders_nonce_too() -> None:
    pool = Mempool()
    zero, one = (transaction(nonce=n) for n in range(2))
    taken(pool, zero, one)
    pool.remove_mined([DepositTransaction(bytes(32), ALICE, BOB, 0, 0, 21_000, False, b"")])
    assert pool.transactions() == (one,)
    assert list(pool.best(GWEI)) == [one]


def test_an_account_that_has_moved_on_takes_its_old_transactions_along() -> None:
    pool = Mempool()
    taken(pool, transaction(nonce=0), transaction(nonce=1))
    late = transaction(nonce=7)
    assert pool.add(late, replace(RICH, nonce=7), CONTEXT) is None
    assert pool.transactions() == (late,)
    last = transaction(nonce=2**64 - 2)
    assert pool.add(last, replace(RICH, nonce=2**64 - 2), CONTEXT) is None
    assert pool.transactions() == (last,)


def test_removing_one_queues_what_follows() -> None:
    pool = Mempool()
    zero, one = (transaction(nonce=n) for n in range(2))
    taken(pool, zero, one)
    assert pool.remove(zero.hash)
    assert not pool.remove(zero.hash)
    assert (pool.pending(), pool.queued()) == ((), (one,))
    assert pool.get(one.hash) is one
    assert pool.get(zero.hash) is None


def test_a_full_pool_gives_up_the_cheapest_for_a_better_one_and_refuses_a_worse_one() -> None:
    pool = Mempool(PoolLimits(transactions=2))
    low, high = transaction(ALICE, tip=2), transaction(BOB, tip=5)
    taken(pool, low, high)
    for tip in (1, 2):  # on equal offers who came first stays
        refusal = pool.add(transaction(CAROL, tip=tip), RICH, CONTEXT)
        assert refusal is not None
        assert refusal.reason.startswith("transaction underpriced")
    better = transaction(CAROL, tip=3)
    taken(pool, better)
    assert pool.transactions() == (high, better)


def test_a_full_pool_still_replaces() -> None:
    pool = Mempool(PoolLimits(transactions=2))
    low, high = transaction(ALICE, tip=10), transaction(BOB, tip=500)
    taken(pool, low, high)
    new = transaction(ALICE, tip=20, cap=200 * GWEI)
    taken(pool, new)
    assert set(pool.transactions()) == {new, high}
    # What the refusal looked at is still known as a candidate.
    for _ in range(2):
        assert pool.add(transaction(CAROL, tip=1), RICH, CONTEXT) is not None
    taken(pool, transaction(CAROL, tip=30))
    assert new not in pool.transactions()


def test_bytes_are_bounded_too() -> None:
    pool = Mempool(PoolLimits(size=300))
    small = [transaction(bytes([n]) * 20, tip=n) for n in (1, 2)]
    taken(pool, *small)
    big = transaction(CAROL, tip=9, raw=b"\x02" + bytes(250))
    taken(pool, big)
    assert pool.transactions() == (big,)
    assert pool.add(transaction(ALICE, tip=1), RICH, CONTEXT) is not None


def test_one_sender_is_bounded() -> None:
    pool = Mempool(PoolLimits(per_sender=2))
    taken(pool, transaction(nonce=0), transaction(nonce=5))
    refusal = pool.add(transaction(nonce=1), RICH, CONTEXT)
    assert refusal is not None
    assert refusal.reason.startswith("account limit exceeded: 2 transactions of 0x0101")
    taken(pool, transaction(nonce=5, tip=100, cap=200 * GWEI))


def test_limits_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="pool limits"):
        PoolLimits(transactions=0)


def test_after_a_reorganisation_dropped_transactions_come_back_before_the_waiting_ones() -> None:
    pool = Mempool()
    mined = [transaction(nonce=n) for n in range(2)]
    taken(pool, *mined, transaction(nonce=2))
    pool.remove_mined(mined)
    [waiting] = pool.transactions()
    spent = transaction(BOB, 0)
    dropped = pool.reset(
        lambda address: RICH if address == ALICE else replace(RICH, nonce=1),
        CONTEXT,
        [*mined, spent],
    )
    assert pool.transactions() == (*mined, waiting)
    assert dropped == [(spent, Refusal("nonce too low: next nonce 1, tx nonce 0"))]


def test_memory_follows_what_waits_and_not_what_came() -> None:
    pool = Mempool()
    for number in range(500):
        tx = transaction(tip=number)
        taken(pool, tx)
        pool.remove(tx.hash)
    assert len(pool) == 0
    assert len(pool._cheapest) <= 64 + 1


def test_a_jump_of_the_nonce_keeps_what_is_still_ahead() -> None:
    pool = Mempool()
    ahead = transaction(nonce=9)
    taken(pool, transaction(nonce=0), ahead)
    late = transaction(nonce=7)
    assert pool.add(late, replace(RICH, nonce=7), CONTEXT) is None
    assert pool.transactions() == (ahead, late)


def test_what_has_left_is_no_longer_to_be_paid_for() -> None:
    one = 21_000 * 100 * GWEI
    pool, mined = Mempool(), transaction(nonce=0)
    assert pool.add(mined, AccountView(0, 2 * one), CONTEXT) is None
    assert pool.add(transaction(nonce=1), AccountView(0, 2 * one), CONTEXT) is None
    pool.remove_mined([mined])
    assert pool.add(transaction(nonce=2), AccountView(1, 2 * one), CONTEXT) is None


def test_a_replacement_takes_the_room_of_what_it_replaces() -> None:
    pool = Mempool(PoolLimits(size=202))
    other = transaction(BOB, tip=5)
    taken(pool, transaction(ALICE, tip=10), other)
    taken(pool, transaction(ALICE, tip=20, cap=200 * GWEI))
    assert other in pool.transactions()
    assert len(pool) == 2
