from __future__ import annotations

from dataclasses import replace

import pytest

from byline.node.attribution.serving.book import PaymentBook, Taken
from byline.node.attribution.serving.operator import (
    MOST_OWNERS,
    OperatorSettings,
    choose,
    is_due,
)
from tests.paid_answers import DOMAIN, offer, payment

SETTINGS = OperatorSettings(most_receipts=4, most_age=30)


def taken(nonce: int = 0, *, at: int = 1_000, fee: int = 10**12) -> Taken:
    one = offer(fee=fee, now=at)
    book = PaymentBook(DOMAIN)
    return book.take(payment(one.terms, nonce=nonce), one, fee, at, block=1)


def of_owners(nonce: int, first: int, count: int) -> Taken:
    points = tuple((number.to_bytes(20, "big"), 1) for number in range(first, first + count))
    return replace(taken(nonce), points=points)


def test_no_receipt_no_batch() -> None:
    assert not is_due((), 10**9, SETTINGS)
    assert choose((), 10**9, SETTINGS) == ()


def test_a_batch_is_due_by_number_or_by_age() -> None:
    waiting = [taken(nonce) for nonce in range(4)]
    assert is_due(waiting, 1_000, SETTINGS)
    assert not is_due(waiting[:3], 1_029, SETTINGS)
    assert is_due(waiting[:3], 1_030, SETTINGS)


def test_a_batch_is_due_before_a_deadline() -> None:
    (one,) = [taken()]
    settings = OperatorSettings(most_receipts=4, most_age=510)
    deadline = one.signed.receipt.deadline
    late = replace(one, at=deadline - 10)
    assert is_due([late], deadline - 10, settings)


def test_the_oldest_come_first_and_the_rest_waits() -> None:
    waiting = [taken(nonce) for nonce in range(6)]
    assert choose(waiting, 1_000, SETTINGS) == tuple(waiting[:4])


def test_those_that_are_too_late_are_left_out() -> None:
    early, late = taken(1, at=1_000), taken(2, at=2_000)
    deadline = early.signed.receipt.deadline
    assert choose([early, late], deadline, SETTINGS) == (early, late)
    assert choose([early, late], deadline + 1, SETTINGS) == (late,)


def test_a_batch_has_no_more_owners_than_the_ledger_takes() -> None:
    half = MOST_OWNERS // 2
    first, second = of_owners(1, 0, half), of_owners(2, half, half)
    third, same = of_owners(3, MOST_OWNERS, 1), of_owners(4, 7, 9)
    assert choose([first, second, third, same], 1_000, SETTINGS) == (first, second, same)


def test_a_batch_has_no_more_units_than_the_ledger_takes() -> None:
    most = (2**64 - 1) * 10**9
    large, small = taken(1, fee=most - 10**9), taken(2, fee=10**9)
    assert choose([large, small, small], 1_000, SETTINGS) == (large, small)


@pytest.mark.parametrize("count", [0, 201])
def test_a_batch_that_the_ledger_would_not_take_is_no_setting(count: int) -> None:
    with pytest.raises(ValueError, match="want 1 to 200"):
        OperatorSettings(most_receipts=count)
