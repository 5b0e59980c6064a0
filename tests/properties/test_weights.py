"""Laws of weights from scores and ages, on the reference and on the kernel."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attribution_cores import Core, cores

LOWEST, HIGHEST = -(2**63), 2**63 - 1
ONE = 2**32
MOST_UINT32 = 2**32 - 1

scores = st.one_of(
    st.integers(-(2**20), 2**20), st.integers(LOWEST, HIGHEST), st.sampled_from([LOWEST, HIGHEST])
)
score_lists = st.lists(scores, max_size=12)
temperatures = st.one_of(
    st.sampled_from([1, 2**16, MOST_UINT32]), st.integers(1, MOST_UINT32), st.integers(1, 2**18)
)
weights = st.one_of(st.integers(0, 9), st.integers(0, 2**64 - 1), st.just(2**64 - 1))
ages = st.one_of(st.integers(0, 300), st.integers(0, MOST_UINT32))
few = settings(max_examples=60)


@pytest.fixture(params=cores(), ids=lambda core: core.name, scope="module")
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


@few
@given(scores=score_lists)
def test_relu_keeps_what_is_positive(core: Core, scores: list[int]) -> None:
    assert core.relu(scores) == [max(score, 0) for score in scores]


@few
@given(scores=st.lists(scores, min_size=1, max_size=12), temperature=temperatures)
def test_the_best_score_weighs_one_and_a_higher_score_never_less(
    core: Core, scores: list[int], temperature: int
) -> None:
    found = core.softmax(scores, temperature)
    assert max(found) == ONE
    assert found[scores.index(max(scores))] == ONE
    ranked = sorted(zip(scores, found, strict=True))
    assert all(less <= more for (_, less), (_, more) in pairwise(ranked))


@few
@given(
    scores=st.lists(st.integers(-(2**62), 2**62 - 1), max_size=9),
    shift=st.integers(-(2**62), 2**62 - 1),
    temperature=temperatures,
)
def test_adding_the_same_to_all_scores_changes_no_weight(
    core: Core, scores: list[int], shift: int, temperature: int
) -> None:
    moved = [score + shift for score in scores]
    assert core.softmax(moved, temperature) == core.softmax(scores, temperature)


@few
@given(gap=st.integers(0, 2**22), temperature=st.integers(2**8, 2**24))
def test_softmax_is_the_exponential_to_the_last_places(
    core: Core, gap: int, temperature: int
) -> None:
    """Both roundings are down, each by less than one unit; a float has 53 bits."""
    exact = math.exp(-gap / temperature) * ONE
    found = core.softmax([0, -gap], temperature)[1]
    assert exact - 2 - exact * 2**-45 < found <= exact * (1 + 2**-45)


def test_what_is_32_binary_orders_behind_weighs_one_and_beyond_nothing(core: Core) -> None:
    """T = 1.0 in units of 2**-16: 32 orders are 32 * ln 2 = 22.18 apart, 1453634.996 units."""
    assert core.softmax([0, -1_453_634], 2**16)[1] == 1
    assert core.softmax([0, -1_453_635], 2**16)[1] == 0
    assert core.softmax([LOWEST, HIGHEST], 1) == [0, ONE]
    assert core.softmax([HIGHEST, HIGHEST, LOWEST], 1) == [ONE, ONE, 0]
    assert core.softmax([], 1) == []


def test_softmax_by_hand(core: Core) -> None:
    """1/e and e**-2 times 2**32, to the unit below."""
    assert core.softmax([65536, 0, -65536], 65536) == [ONE, 1580030168, 581260615]
    assert core.softmax([-45426, 0], 65536)[0] == 2147486715  # 65536 ln 2 is 45426.09


@few
@given(weight=weights, half_life=st.integers(1, MOST_UINT32), lives=st.integers(0, 70))
def test_each_half_life_halves(core: Core, weight: int, half_life: int, lives: int) -> None:
    lives = min(lives, MOST_UINT32 // half_life)
    assert core.decay([weight], [half_life * lives], half_life) == [weight >> lives]


@few
@given(pairs=st.lists(st.tuples(weights, ages), max_size=8), half_life=st.integers(1, MOST_UINT32))
def test_the_older_never_weighs_more_and_the_heavier_never_less(
    core: Core, pairs: list[tuple[int, int]], half_life: int
) -> None:
    heavy = [max(pairs)[0] if pairs else 0] * len(pairs)
    old = sorted(age for _, age in pairs)
    by_age = core.decay(heavy, old, half_life)
    assert all(younger >= older for younger, older in pairwise(by_age))
    rising = sorted(weight for weight, _ in pairs)
    by_weight = core.decay(rising, old[:1] * len(rising), half_life)
    assert all(lighter <= heavier for lighter, heavier in pairwise(by_weight))


@few
@given(weight=st.integers(0, 2**50), age=ages, half_life=st.integers(1, 2**20))
def test_decay_is_the_power_of_two_to_the_last_places(
    core: Core, weight: int, age: int, half_life: int
) -> None:
    """The power is off by 2**-32 of itself at most: its exponent is rounded to that."""
    exact = weight * 2.0 ** (-age / half_life) if age < 1000 * half_life else 0.0
    found = core.decay([weight], [age], half_life)[0]
    assert exact * (1 - 2**-31) - 1 < found <= exact * (1 + 2**-45)


@given(
    scores=st.lists(scores | st.integers(-(2**65), 2**65), max_size=6),
    temperature=temperatures | st.just(0),
    weights=st.lists(weights | st.integers(0, 2**66), max_size=6),
    ages=st.lists(ages | st.integers(0, 2**33), max_size=6),
)
def test_reference_and_kernel_agree_on_all_values_refused_ones_too(
    scores: list[int], temperature: int, weights: list[int], ages: list[int]
) -> None:
    from tests.unit.precompiles.test_refusals import decay, relu, softmax

    reference, kernel = cores()
    for data in (
        relu(scores),
        softmax(scores, temperature),
        decay(weights, ages, temperature),
        decay(weights, (ages * 7)[: len(weights)], temperature),
    ):
        assert reference.outcome(data) == kernel.outcome(data)
