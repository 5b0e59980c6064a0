"""What is found in a batch's sums and in a dataset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.dataset import Dataset, Document, OwnerRange
from byline.node.attribution.encoding import Points
from byline.node.attribution.proof.batch_check import check_dataset, verify_batch
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.weights import batch_payouts, payout_root, points, units

ALICE, BOB, CAROL = (bytes([number]) * 20 for number in (1, 2, 3))
POINTS: tuple[Points, ...] = (((ALICE, 400_000), (BOB, 600_000)), ((BOB, 3), (CAROL, 4)))
PAYOUTS: Points = ((ALICE, 400_000), (BOB, 600_003), (CAROL, 4))


def test_payouts_are_the_sums_by_owner() -> None:
    assert batch_payouts(POINTS) == PAYOUTS
    assert verify_batch(POINTS, payout_root(PAYOUTS)) == []


def test_who_gets_less_is_named_where_the_list_is_known() -> None:
    unfair: Points = ((ALICE, 1_000_007),)
    claimed = payout_root(unfair)
    assert verify_batch(POINTS, claimed, unfair) == [
        Fault(Reason.UNDERPAID, owner=BOB),
        Fault(Reason.UNDERPAID, owner=CAROL),
        Fault(Reason.OTHER_PAYOUTS),
    ]


def test_without_the_list_all_records_show_it() -> None:
    claimed = payout_root(((ALICE, 1_000_007),))
    assert verify_batch(POINTS, claimed) == [Fault(Reason.OTHER_PAYOUTS)]
    assert verify_batch(POINTS, claimed, PAYOUTS) == [Fault(Reason.OTHER_PAYOUTS)]


def test_a_list_of_another_sum_or_number_is_found() -> None:
    rich: Points = ((ALICE, 2_000_000), *PAYOUTS[1:])
    claimed = replace(payout_root(rich), total=1_000_007)
    found = [Fault(Reason.PAYOUT_HEADER), Fault(Reason.OTHER_PAYOUTS)]
    assert verify_batch(POINTS, claimed, rich) == found
    assert verify_batch(POINTS, replace(payout_root(PAYOUTS), count=4), PAYOUTS) == found


def test_an_owner_more_is_found() -> None:
    padded = (*PAYOUTS, (b"\xff" * 20, 0))
    found = [Fault(Reason.OTHER_PAYOUTS)]
    assert verify_batch(POINTS, payout_root(padded), padded) == found


@pytest.mark.parametrize(("fee", "number"), [(0, 1), (1, 1), (2 * 10**9 - 1, 1), (10**18, 10**9)])
def test_a_unit_is_a_billionth_of_a_coin_and_at_least_one(fee: int, number: int) -> None:
    assert units(fee) == number


@pytest.mark.parametrize("fee", [-1, 2**64 * 10**9])
def test_a_fee_beyond_64_bits_of_units_is_refused(fee: int) -> None:
    with pytest.raises(ValueError, match=f"fee of {fee} wei: want 0 to"):
        units(fee)


def test_without_leaves_the_fallback_is_paid() -> None:
    assert points((), 10**10, CAROL) == ((CAROL, 10),)


DATASET = Dataset.build(
    4, [Document("b a b a c", ALICE), Document("a b", BOB), Document("c", ALICE)]
)


def test_an_honest_dataset_has_no_fault() -> None:
    assert check_dataset(DATASET) == []


@given(data=st.data())
@settings(max_examples=80)
def test_every_other_suffix_array_has_a_pair_or_an_entry_that_shows_it(
    data: st.DataObject,
) -> None:
    size = len(DATASET)
    entry = st.integers(0, size + 1)
    given_array = data.draw(
        st.permutations(range(size)) | st.lists(entry, min_size=size, max_size=size)
    )
    wrong = replace(DATASET, suffix_array=np.array(given_array, np.uint32))
    faults = check_dataset(wrong)
    if given_array == DATASET.suffix_array.tolist():
        assert faults == []
        return
    (fault,) = faults
    assert fault.entry is not None
    at, tokens = fault.entry, DATASET.tokens.tolist()
    if fault.reason is Reason.SUFFIX_OUTSIDE:
        assert given_array[at] >= size
        return
    first, second = given_array[at], given_array[at + 1]
    assert (tokens[first : first + 64], first) >= (tokens[second : second + 64], second)


@pytest.mark.parametrize("order", [[3], list(range(10)), list(range(12))])
def test_a_suffix_array_of_another_size_is_found(order: list[int]) -> None:
    wrong = replace(DATASET, suffix_array=np.array(order, np.uint32))
    found = [Fault(Reason.SUFFIX_COUNT, dataset=4, entry=len(order) - 1)]
    assert check_dataset(wrong) == found


@pytest.mark.parametrize(
    ("ranges", "at"),
    [
        ([], 0),
        ([(1, 11)], 0),
        ([(0, 10)], 0),
        ([(0, 12)], 0),
        ([(0, 5), (6, 11)], 0),
        ([(0, 5), (4, 11)], 0),
        ([(0, 5), (5, 5), (5, 11)], 1),
        ([(0, 5), (5, 11), (11, 12)], 2),
    ],
)
def test_owner_ranges_cover_every_position_once(ranges: list[tuple[int, int]], at: int) -> None:
    wrong = replace(DATASET, ranges=tuple(OwnerRange(*one, ALICE) for one in ranges))
    assert check_dataset(wrong) == [Fault(Reason.OWNERS_BROKEN, dataset=4, entry=at)]
