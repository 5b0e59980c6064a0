"""Coefficients are those that made the data, none is below 0, and chance is told from need."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.precompiles.calibration.regression import fit, nonnegative

SIZES = np.array([[1.0, n, n * np.log2(n)] for n in (1, 2, 5, 10, 30, 100, 300, 1000, 4000)])


def test_coefficients_that_made_the_data_come_back() -> None:
    made = fit(SIZES, SIZES @ np.array([5.0, 0.25, 0.01]), 50)
    assert made.coefficients == pytest.approx((5.0, 0.25, 0.01), rel=1e-6)
    assert made.r2 == pytest.approx(1.0)
    assert max(made.p) < 0.05


def test_a_size_that_does_nothing_gets_nothing_and_is_not_needed() -> None:
    source = np.random.default_rng(1)
    noise = 1 + 0.02 * source.standard_normal(90)
    sizes = np.repeat(SIZES, 10, axis=0)
    made = fit(sizes, sizes @ np.array([5.0, 0.25, 0.0]) * noise, 100)
    assert made.coefficients[1] == pytest.approx(0.25, rel=0.05)
    assert made.coefficients[2] < 0.003
    assert made.p[0] < 0.05
    assert made.p[1] < 0.05
    assert made.high[1] >= made.coefficients[1] * 0.9


def test_a_falling_target_leaves_the_constant_alone() -> None:
    made = fit(SIZES[:, :2], np.linspace(9, 1, len(SIZES)), 20)
    assert made.coefficients[1] == 0
    assert made.p[1] > 0.9


def test_too_few_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="3 inputs for 3 coefficients"):
        fit(SIZES[:3], np.ones(3), 1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-5, 5), min_size=3, max_size=3), min_size=4, max_size=8),
    st.lists(st.integers(-9, 9), min_size=8, max_size=8),
)
def test_no_subset_of_columns_does_better(rows: list[list[int]], target: list[int]) -> None:
    """The best of all subsets that solve to no negative coefficient is the answer."""
    matrix, wanted = np.array(rows, dtype=float), np.array(target[: len(rows)], dtype=float)
    found = nonnegative(matrix, wanted)
    assert (found >= 0).all()
    best = float(wanted @ wanted)
    for size in (1, 2, 3):
        for columns in itertools.combinations(range(3), size):
            part = matrix[:, columns]
            solved = np.linalg.lstsq(part, wanted, rcond=None)[0]
            if (solved >= 0).all():
                left = wanted - part @ solved
                best = min(best, float(left @ left))
    left = wanted - matrix @ found
    assert float(left @ left) <= best + 1e-6
