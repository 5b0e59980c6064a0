from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.attribution.index.funding import Link, Transfer, linked, main_source
from byline.node.attribution.index.metrics import DAY, Metrics, Noise, Paid, Usage, measured

PEOPLE = tuple(bytes([number]) * 20 for number in range(1, 9))
OWNER, A, B, C, D, *_ = PEOPLE
NOBODY = bytes(20)


def paid(payer: bytes, fee: int, at: int = 0, request: int = 0, **changes: object) -> Paid:
    one = Paid(1, 0, payer, bytes([request]) * 32, fee, 0, at, 1, same_payer=True)
    return replace(one, **changes)  # type: ignore[arg-type]  # fields of Paid


def usage(*answers: Paid, **changes: object) -> Usage:
    one = Usage(answers, frozenset(), frozenset({OWNER}), {}, ())
    return replace(one, **changes)  # type: ignore[arg-type]  # fields of Usage


def badge(found: Metrics, name: str) -> bool:
    return next(one.noisy for one in found.badges if one.name == name)


def test_shares_of_the_fees_make_the_concentration() -> None:
    found = measured(usage(paid(A, 6), paid(B, 3), paid(C, 1)))
    assert found.fees == 10
    assert found.hhi == Fraction(36 + 9 + 1, 100)
    assert [found.top_1, found.top_5] == [Fraction(6, 10), 1]
    # Mean absolute difference of 6, 3, 1 over twice the mean.
    assert found.gini == Fraction(2 * (3 + 5 + 2), 9) / (2 * Fraction(10, 3))


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_the_gini_coefficient_is_that_of_its_definition(fees: list[int]) -> None:
    found = measured(usage(*(paid(PEOPLE[at], fee) for at, fee in enumerate(fees))))
    differences = sum(abs(one - other) for one in fees for other in fees)
    assert found.gini == Fraction(differences, 2 * len(fees) * sum(fees))
    assert found.hhi is not None
    assert Fraction(1, len(fees)) <= found.hhi <= 1


def test_equal_payers_are_not_concentrated() -> None:
    found = measured(usage(*(paid(one, 5) for one in PEOPLE[1:])))
    assert [found.gini, found.hhi] == [0, Fraction(1, 7)]
    assert not badge(found, "concentrated")
    assert badge(measured(usage(paid(A, 9), paid(B, 1))), "concentrated")


def test_payers_come_again_within_days_of_their_first_answer() -> None:
    answers = [paid(A, 1, 0), paid(B, 1, 5), paid(C, 1, 6), paid(A, 1, 7 * DAY)]
    found = measured(usage(*answers, paid(B, 1, 30 * DAY), before=frozenset({C})))
    assert (found.payers, found.new_payers) == (3, 2)
    assert found.repeat_share == Fraction(2, 3)
    assert found.within_7_days == Fraction(1, 3)
    assert found.within_30_days == Fraction(2, 3)


def test_a_payer_is_linked_by_identity_or_by_transfers() -> None:
    transfers = (Transfer(OWNER, D, 1), Transfer(D, B, 1), Transfer(C, OWNER, 1))
    found = measured(
        usage(paid(OWNER, 1), paid(A, 2), paid(B, 4), paid(C, 8), transfers=transfers)
    )
    assert found.links == {OWNER: Link(OWNER, 0), B: Link(OWNER, 2)}
    assert (found.linked_fees, found.external_fees) == (5, 10)
    assert found.external_share == Fraction(10, 15)
    rules = {one.payer: why for one, why in found.noise}
    assert rules == {OWNER: (Noise.SELF,), B: (Noise.FUNDED,)}


def test_money_that_comes_back_is_counted_once_a_group() -> None:
    transfers = (Transfer(OWNER, A, 1), Transfer(OWNER, B, 1))
    earned = {OWNER: 50, C: 1_000}
    found = measured(
        usage(paid(A, 30), paid(B, 30), paid(D, 40), transfers=transfers, earned=earned)
    )
    assert (found.circular, found.circularity) == (50, Fraction(1, 2))
    more = measured(
        usage(paid(A, 30), paid(B, 30), paid(D, 40), transfers=transfers, earned={OWNER: 70})
    )
    assert (more.circular, badge(more, "circular")) == (60, True)


def test_demand_is_the_product_of_its_terms() -> None:
    answers = [paid(A, 4, request=1), paid(A, 2, request=2), paid(B, 3), paid(OWNER, 1)]
    found = measured(usage(*answers))
    assert found.repeat_factor == Fraction(6, 9)
    assert found.hhi == Fraction(36 + 9 + 1, 100)
    assert found.demand == Fraction(9, 10) * Fraction(6, 9) * (1 - Fraction(46, 100))


def test_self_paid_answers_are_no_demand() -> None:
    answers = [paid(OWNER, 10, at, request=at) for at in range(20)]
    found = measured(usage(*answers, earned={OWNER: 9 * 20}))
    assert [found.external_share, found.demand] == [0, 0]
    assert found.circularity == Fraction(9, 10)
    assert len(found.noise) == 20
    assert badge(found, "few payers")
    assert badge(found, "clockwork")


def test_questions_asked_again_are_duplicates() -> None:
    answers = [paid(A, 1, request=1), paid(B, 1, request=1), paid(A, 1, request=1)]
    found = measured(usage(*answers))
    assert found.duplicates == 2
    assert [(one.payer, why) for one, why in found.noise] == [(A, (Noise.DUPLICATE,))]


def test_batches_of_one_payer_and_least_fees_are_counted() -> None:
    answers = [
        paid(A, 5, mates=2, same_payer=True),
        paid(A, 5, mates=2, same_payer=True, least_fee=5),
        paid(B, 5, mates=3, same_payer=False),
        paid(C, 5),
    ]
    found = measured(usage(*answers))
    assert found.batch_mates == Fraction(1, 2)
    assert found.least_fee_share == Fraction(1, 4)


def test_gaps_of_a_clock_do_not_vary() -> None:
    clock = measured(usage(*(paid(A, 1, 60 * at) for at in range(10))))
    assert [clock.gap_mean, clock.gap_variation] == [60, 0]
    people = measured(usage(*(paid(A, 1, at * at) for at in range(10))))
    mean = Fraction(81, 9)
    squares = Fraction(sum((2 * at + 1) ** 2 for at in range(9)), 9)
    assert people.gap_variation == (squares - mean**2) / mean**2
    assert not badge(people, "clockwork")
    few = measured(usage(*(paid(A, 1, 60 * at) for at in range(9))))
    assert few.gap_variation is None


def test_many_payers_of_one_source_stand_out() -> None:
    transfers = [Transfer(NOBODY, one, 1) for one in (A, B, C)]
    answers = [paid(one, 1) for one in (A, B, C, D)]
    found = measured(usage(*answers, transfers=transfers))
    assert found.main_source == (NOBODY, 3)
    assert badge(found, "one source")
    assert not badge(measured(usage(*answers, transfers=transfers[:2])), "one source")


def test_nothing_has_no_ratios() -> None:
    found = measured(usage())
    ratios = (found.hhi, found.gini, found.top_1, found.demand, found.circularity)
    assert (found.answers, found.fees, ratios) == (0, 0, (None,) * 5)
    assert not any(one.noisy for one in found.badges)


# -- funding


@pytest.mark.parametrize(("most", "expected"), [(0, 0), (1, 1), (2, 2), (3, 3), (9, 4)])
def test_links_end_after_so_many_transfers(most: int, expected: int) -> None:
    chain = [Transfer(one, after, 1) for one, after in pairwise(PEOPLE[:5])]
    found = linked([OWNER], chain, most)
    assert max(link.hops for link in found.values()) == expected
    assert len(found) == expected + 1


def test_the_nearest_insider_counts_and_the_lowest_of_equals() -> None:
    transfers = [Transfer(OWNER, C, 1), Transfer(C, D, 1), Transfer(B, D, 1), Transfer(A, D, 1)]
    found = linked([OWNER, B, A], transfers)
    assert found[D] == Link(A, 1)
    assert found[C] == Link(OWNER, 1)


def test_circles_of_transfers_end() -> None:
    transfers = [Transfer(A, B, 1), Transfer(B, A, 1), Transfer(A, A, 1)]
    assert set(linked([A], transfers, 99)) == {A, B}


def test_nobody_is_the_source_of_payers_that_nobody_funded() -> None:
    assert main_source([Transfer(A, A, 1), Transfer(B, C, 1)], [A]) is None
