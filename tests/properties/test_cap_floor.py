"""Laws of payments with a floor and a cap, on the reference and on the kernel."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.precompiles.math import CASCADE
from tests.attribution_cores import Core, cores
from tests.properties.test_apportion import MOST_AMOUNT, extremes, weight_lists

amounts = extremes(MOST_AMOUNT) | st.integers(0, 200)
bps = st.integers(0, 10_000) | st.sampled_from([0, 1, 10_000])
few = settings(max_examples=60)


@st.composite
def floors(draw: st.DrawFn, amount: int) -> int:
    """Least payments from none to more than there is, around the usual share often."""
    most = draw(st.sampled_from([0, 1, 10, amount // 40, amount // 3, amount, MOST_AMOUNT]))
    return draw(st.integers(0, min(most, MOST_AMOUNT)))


@pytest.fixture(params=cores(), ids=lambda core: core.name, scope="module")
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


@few
@given(amount=amounts, weights=weight_lists(), max_bps=bps, data=st.data())
def test_all_is_paid_or_carried_and_nobody_gets_less_or_more_than_the_bounds(
    core: Core, amount: int, weights: list[int], max_bps: int, data: st.DataObject
) -> None:
    min_pay = data.draw(floors(amount))
    paid, carry = core.cap_floor(amount, weights, min_pay, max_bps)
    assert sum(paid) + carry == amount
    cap = amount * max_bps // 10_000
    assert all(share == 0 or min_pay <= share <= cap for share in paid)
    assert all(share == 0 for share, weight in zip(paid, weights, strict=True) if not weight)


@few
@given(amount=amounts, weights=weight_lists())
def test_without_bounds_it_is_the_cascade(core: Core, amount: int, weights: list[int]) -> None:
    assert core.cap_floor(amount, weights, 0, 10_000) == (
        core.shares(CASCADE, amount, weights),
        0,
    )


@few
@given(amount=amounts, weights=weight_lists(), max_bps=bps, data=st.data())
def test_the_heavier_gets_no_less_up_to_a_wei(
    core: Core, amount: int, weights: list[int], max_bps: int, data: st.DataObject
) -> None:
    """Of equal weights the earlier remains, so the later may be left out."""
    paid, _ = core.cap_floor(amount, weights, data.draw(floors(amount)), max_bps)
    ranked = sorted(zip(weights, paid, strict=True))
    for (lighter, less), (heavier, more) in pairwise(ranked):
        if heavier > lighter:
            assert more >= less - 1


@few
@given(amount=amounts, weights=weight_lists(), max_bps=bps, data=st.data())
def test_who_is_left_out_would_not_have_reached_the_floor_with_the_last_who_remains(
    core: Core, amount: int, weights: list[int], max_bps: int, data: st.DataObject
) -> None:
    """And all who remain reach it among themselves: the set is as large as it can be."""
    min_pay = data.draw(floors(amount))
    paid, _ = core.cap_floor(amount, weights, min_pay, 10_000)
    remain = sorted((w for w, share in zip(weights, paid, strict=True) if share), reverse=True)
    out = [w for w, share in zip(weights, paid, strict=True) if w and not share]
    if remain:
        assert amount * remain[-1] >= min_pay * sum(remain)
    if out and min_pay:
        assert max(out) <= (remain[-1] if remain else max(out))
        assert amount * max(out) < min_pay * (sum(remain) + max(out))


@few
@given(amount=st.integers(1, MOST_AMOUNT), weights=weight_lists(), parts=st.integers(2, 30))
def test_splitting_up_below_the_floor_earns_nothing(
    core: Core, amount: int, weights: list[int], parts: int
) -> None:
    """The first splits into equal parts that each would get less than the floor."""
    total = sum(weights)
    part = weights[0] // parts
    min_pay = amount * part // total + 1
    if not part or amount * part >= min_pay * (total - weights[0]) or min_pay > MOST_AMOUNT:
        return
    others = [weight for weight in weights[1:] if weight > part]
    paid, _ = core.cap_floor(amount, [*others, *[part] * parts], min_pay, 10_000)
    if others and amount * part < min_pay * (sum(others) + part):
        assert not any(paid[len(others) :])


def test_by_hand(core: Core) -> None:
    """100 wei: 1 of 100 is below 4, so 99 share; 94 is capped at 50, and the 5 at 50 too."""
    assert core.cap_floor(100, [1, 5, 94], 4, 10_000) == ([0, 5, 95], 0)
    assert core.cap_floor(100, [1, 5, 94], 4, 5_000) == ([0, 50, 50], 0)
    assert core.cap_floor(100, [1, 5, 94], 4, 4_000) == ([0, 40, 40], 20)
    assert core.cap_floor(100, [1, 5, 94], 41, 4_000) == ([0, 0, 0], 100)
    assert core.cap_floor(10, [1, 1], 6, 10_000) == ([10, 0], 0)
    assert core.cap_floor(10, [3, 3, 4], 11, 10_000) == ([0, 0, 0], 10)
    assert core.cap_floor(0, [3], 0, 0) == ([0], 0)


@given(
    amount=amounts,
    weights=weight_lists() | st.lists(extremes(2**66), max_size=6),
    max_bps=bps | st.integers(10_000, 2**16),
    data=st.data(),
)
def test_reference_and_kernel_agree_on_all_values_refused_ones_too(
    amount: int, weights: list[int], max_bps: int, data: st.DataObject
) -> None:
    from tests.unit.precompiles.test_refusals import cap_floor

    reference, kernel = cores()
    call = cap_floor(amount, weights, data.draw(floors(amount)), max_bps)
    assert reference.outcome(call) == kernel.outcome(call)
