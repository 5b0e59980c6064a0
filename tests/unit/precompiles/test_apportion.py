"""Apportionment by example: figures one can check by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES, InvalidInput, math
from byline.precompiles.math import CASCADE, HAMILTON, apportion, encode_call
from tests.attribution_cores import Core, cores


@pytest.fixture(params=cores(), ids=lambda core: core.name)
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


def test_the_kernel_is_built_and_is_what_the_chain_uses() -> None:
    """Without this, all green may mean all Python."""
    assert math.BACKEND == "cython"
    assert math.divide.__module__ == "byline.precompiles.math._core_c"


def test_the_environment_switches_to_the_reference() -> None:
    script = "from byline.precompiles import math as a; print(a.BACKEND, a.divide.__module__)"
    environment = {**os.environ, "BYLINE_NO_EXTENSIONS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["python", "byline.precompiles.math._core_py"]


def test_a_cascade_gives_each_the_difference_of_two_floors(core: Core) -> None:
    """100 by 1:1:1 reaches 33, 66 (66.67) and 100."""
    assert core.shares(CASCADE, 100, [1, 1, 1]) == [33, 33, 34]
    assert core.shares(CASCADE, 10, [3, 3, 1]) == [4, 4, 2]


def test_a_cascade_gives_an_entry_split_among_neighbours_what_it_had_whole(core: Core) -> None:
    whole = core.shares(CASCADE, 1_000_003, [7, 90, 11])
    split = core.shares(CASCADE, 1_000_003, [7, 40, 1, 49, 11])
    assert [split[0], sum(split[1:4]), split[4]] == whole


def test_hamilton_gives_what_is_left_to_the_largest_remainders(core: Core) -> None:
    """Floors 4, 4, 1 leave one; remainders of 10*w mod 7 are 2, 2, 3."""
    assert core.shares(HAMILTON, 10, [3, 3, 1]) == [4, 4, 2]


def test_hamilton_breaks_ties_by_the_lower_index(core: Core) -> None:
    assert core.shares(HAMILTON, 100, [1, 1, 1]) == [34, 33, 33]
    assert core.shares(HAMILTON, 5, [1, 1, 1]) == [2, 2, 1]


def test_hamilton_shows_the_alabama_paradox(core: Core) -> None:
    """A known property of largest remainders: with one unit more to give, C has one less."""
    assert core.shares(HAMILTON, 10, [6, 6, 2]) == [4, 4, 2]
    assert core.shares(HAMILTON, 11, [6, 6, 2]) == [5, 5, 1]


def test_nothing_divides_into_nothing(core: Core) -> None:
    assert core.shares(CASCADE, 0, [1, 2]) == core.shares(HAMILTON, 0, [1, 2]) == [0, 0]


def test_the_registered_function_is_the_function(core: Core) -> None:
    data = encode_call(HAMILTON, 12345678901234567890, [5, 0, 2**63, 17])
    assert PRECOMPILES[ATTRIBUTION_MATH].run(data) == core.run(data)


def test_apportion_on_values_gives_a_tuple_and_refuses_as_the_chain_does() -> None:
    assert apportion(CASCADE, 100, [1, 3]) == (25, 75)
    with pytest.raises(InvalidInput, match=r"the weights sum to 0"):
        apportion(CASCADE, 100, [])


def test_the_kernel_refuses_to_read_beyond_what_it_was_given() -> None:
    """Its callers have checked this; it trusts none of them with memory."""
    from byline.precompiles.math import _core_c

    with pytest.raises(ValueError, match=r"33 bytes are not at most 4096 words"):
        _core_c.divide(0, 1, bytes(33))
    with pytest.raises(ValueError, match=r"are not at most 4096 words"):
        _core_c.divide(0, 1, bytes(32 * 4097))
    with pytest.raises(ValueError, match=r"method 5 is none of 0"):
        _core_c.divide(5, 1, bytes(32))
    for amount in (2**128, -1):
        with pytest.raises(OverflowError):
            _core_c.divide(0, amount, (1).to_bytes(32, "big"))
    with pytest.raises(TypeError):
        _core_c.divide(0, 1, bytearray(32))  # type: ignore[arg-type]
