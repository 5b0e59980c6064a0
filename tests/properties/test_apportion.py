"""Laws of apportionment, on the reference and on the kernel."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.precompiles.math import CASCADE, HAMILTON, MAX_RECIPIENTS, encode_call
from tests.attribution_cores import Core, cores

MOST_WEIGHT = 2**64 - 1
MOST_AMOUNT = 2**128 - 1


def extremes(most: int) -> st.SearchStrategy[int]:
    """Numbers of every size up to `most`, its neighbourhood often."""
    sizes = st.integers(0, most.bit_length()).flatmap(lambda bits: st.integers(0, 2**bits - 1))
    return sizes | st.integers(most - 3, most)


@st.composite
def weight_lists(draw: st.DrawFn, most: int = MOST_WEIGHT) -> list[int]:
    """Lists of weights whose sum is in 1..2**64-1, many with ties and zeros."""
    few = draw(st.lists(extremes(most), min_size=1, max_size=5))
    weights = draw(st.lists(st.sampled_from(few), min_size=1, max_size=40))
    if (total := sum(weights)) > MOST_WEIGHT:
        weights = [weight // (total // MOST_WEIGHT + 1) for weight in weights]
    if not sum(weights):
        weights[draw(st.integers(0, len(weights) - 1))] = 1
    return weights


@pytest.fixture(params=cores(), ids=lambda core: core.name, scope="module")
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


methods = st.sampled_from([CASCADE, HAMILTON])
amounts = extremes(MOST_AMOUNT)


@given(method=methods, amount=amounts, weights=weight_lists())
def test_the_shares_sum_to_the_amount(
    core: Core, method: int, amount: int, weights: list[int]
) -> None:
    assert sum(core.shares(method, amount, weights)) == amount


@given(method=methods, amount=amounts, weights=weight_lists())
def test_no_share_is_a_wei_away_from_its_exact_value(
    core: Core, method: int, amount: int, weights: list[int]
) -> None:
    total = sum(weights)
    for share, weight in zip(core.shares(method, amount, weights), weights, strict=True):
        assert abs(share - Fraction(amount * weight, total)) < 1
        assert share >= 0


@given(method=methods, amount=amounts, weights=weight_lists())
def test_a_zero_weight_earns_nothing(
    core: Core, method: int, amount: int, weights: list[int]
) -> None:
    for share, weight in zip(core.shares(method, amount, weights), weights, strict=True):
        if weight == 0:
            assert share == 0


@given(amount=amounts, weights=weight_lists(), data=st.data())
def test_hamilton_pays_by_weight_and_not_by_place(
    core: Core, amount: int, weights: list[int], data: st.DataObject
) -> None:
    """Each weight earns the same multiset of shares in any order; ties go by place."""
    order = data.draw(st.permutations(range(len(weights))))
    shares = core.shares(HAMILTON, amount, weights)
    shuffled = [weights[place] for place in order]
    moved = core.shares(HAMILTON, amount, shuffled)
    assert sorted(zip(weights, shares, strict=True)) == sorted(zip(shuffled, moved, strict=True))


@given(amount=amounts, weights=weight_lists())
def test_hamilton_pays_equal_weights_alike_up_to_one_wei_for_the_earlier(
    core: Core, amount: int, weights: list[int]
) -> None:
    shares = core.shares(HAMILTON, amount, weights)
    for weight in set(weights):
        same = [s for s, w in zip(shares, weights, strict=True) if w == weight]
        assert same == sorted(same, reverse=True)
        assert same[0] - same[-1] <= 1


@given(amount=amounts, weights=weight_lists(), data=st.data())
def test_a_cascade_in_another_order_moves_at_most_one_wei_a_recipient(
    core: Core, amount: int, weights: list[int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(weights))))
    shares = core.shares(CASCADE, amount, weights)
    moved = core.shares(CASCADE, amount, [weights[place] for place in order])
    for place, share in zip(order, moved, strict=True):
        assert abs(share - shares[place]) <= 1


@given(amount=amounts, weights=weight_lists(), data=st.data())
def test_a_cascade_pays_the_parts_of_a_split_entry_what_the_entry_earned(
    core: Core, amount: int, weights: list[int], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(weights) - 1))
    part = data.draw(st.integers(0, weights[place]))
    split = [*weights[:place], part, weights[place] - part, *weights[place + 1 :]]
    shares = core.shares(CASCADE, amount, weights)
    parts = core.shares(CASCADE, amount, split)
    assert parts[place] + parts[place + 1] == shares[place]
    assert parts[:place] + parts[place + 2 :] == shares[:place] + shares[place + 1 :]


@given(method=methods, amount=amounts, weights=weight_lists())
def test_a_larger_weight_earns_no_less_up_to_a_wei(
    core: Core, method: int, amount: int, weights: list[int]
) -> None:
    paid = sorted(zip(weights, core.shares(method, amount, weights), strict=True))
    for (lighter, less), (heavier, more) in pairwise(paid):
        assert more >= less - 1
        if method == HAMILTON and heavier > lighter:
            assert more >= less


@st.composite
def inputs(draw: st.DrawFn) -> bytes:
    """Calls with any weights, as they are or with a few bytes changed, cut or added."""
    method = draw(st.integers(0, 1) | st.integers(0, 300))
    amount = draw(extremes(MOST_AMOUNT) | st.integers(2**128, 2**256 - 1))
    weights = draw(weight_lists() | st.lists(extremes(2**66), max_size=6))
    data = bytearray(encode_call(method, amount, weights))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(data) - 1))
        data[place] = draw(st.integers(0, 255))
    end = draw(st.just(len(data)) | st.integers(0, len(data)))
    return bytes(data[:end]) + draw(st.just(b"") | st.binary(max_size=40))


@given(data=inputs() | st.binary(max_size=300))
def test_reference_and_kernel_agree_on_every_input_malformed_ones_too(data: bytes) -> None:
    reference, kernel = cores()
    assert reference.outcome(data) == kernel.outcome(data)


@given(
    method=methods,
    amount=amounts,
    few=st.lists(st.integers(0, 2**52), min_size=1, max_size=4),
    count=st.integers(1, MAX_RECIPIENTS),
)
def test_reference_and_kernel_agree_on_long_lists(
    method: int, amount: int, few: list[int], count: int
) -> None:
    """Repeated patterns of weights: long runs of equal remainders, which a sort must keep."""
    weights = [(few[place % len(few)] * (place + 1)) % 2**52 for place in range(count)]
    data = encode_call(method, amount, weights)
    reference, kernel = cores()
    assert reference.outcome(data) == kernel.outcome(data)
