"""The suffix array against plain sorting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.suffix_array import DEPTH, suffix_array


def by_sorting(tokens: list[int]) -> list[int]:
    return sorted(range(len(tokens)), key=lambda at: (tokens[at : at + DEPTH], at))


@given(tokens=st.lists(st.integers(0, 2), max_size=200))
@settings(max_examples=60)
def test_it_is_what_sorting_gives(tokens: list[int]) -> None:
    assert suffix_array(np.array(tokens, np.uint32)).tolist() == by_sorting(tokens)


@pytest.mark.parametrize("period", [1, 2, 3, 63, 64, 65, 100])
def test_ties_beyond_64_tokens_stand_by_position(period: int) -> None:
    tokens = [at % period for at in range(400)]
    assert suffix_array(np.array(tokens, np.uint32)).tolist() == by_sorting(tokens)


def test_the_largest_tokens_are_compared_as_unsigned() -> None:
    tokens = [2**32 - 1, 0, 2**31, 1, 2**32 - 1, 5]
    assert suffix_array(np.array(tokens, np.uint32)).tolist() == by_sorting(tokens)


def test_nothing_has_no_order() -> None:
    assert suffix_array(np.array([], np.uint32)).tolist() == []
