"""Logarithms in integers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.attribution.fixed_point import log2_q16


@pytest.mark.parametrize("power", [0, 1, 16, 63])
def test_powers_of_two_are_exact(power: int) -> None:
    assert log2_q16(2**power) == power << 16


@pytest.mark.parametrize("number", [3, 5, 7, 10, 79, 1000, 65501])
def test_the_result_is_the_exact_logarithm_rounded_down(number: int) -> None:
    """2**(r/65536) <= n < 2**((r+1)/65536), checked in integers."""
    result = log2_q16(number)
    assert 2**result <= number**65536 < 2 ** (result + 1)


@given(number=st.integers(1, 2**40))
def test_it_agrees_with_floating_point_to_the_last_place(number: int) -> None:
    assert abs(log2_q16(number) - math.log2(number) * 65536) <= 1.001


@given(a=st.integers(1, 2**30), b=st.integers(1, 2**30))
def test_larger_numbers_have_no_smaller_logarithm(a: int, b: int) -> None:
    assert (log2_q16(a) <= log2_q16(b)) if a <= b else (log2_q16(a) >= log2_q16(b))


@pytest.mark.parametrize("number", [0, -1])
def test_what_has_no_logarithm_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"no logarithm of"):
        log2_q16(number)
