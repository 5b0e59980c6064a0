"""Apportionment by example: figures one can check by hand."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES, InvalidInput, math
from byline.precompiles.math import (
    ADAMS,
    CASCADE,
    DHONDT,
    HAMILTON,
    WEBSTER,
    apportion,
    apportion_chunk,
    cap_floor,
    decay,
    dividing,
    encode_call,
    relu,
    softmax,
)
from tests.attribution_cores import Core, cores


@pytest.fixture(params=cores(), ids=lambda core: core.name)
def core(request: pytest.FixtureRequest) -> Core:
    found: Core = request.param
    return found


def test_the_kernel_is_built_and_is_what_the_chain_uses() -> None:
    """Without this, all green may mean all Python."""
    assert math.BACKEND == "cython"
    assert math.divide.__module__ == "byline.precompiles.math._core_c"
    assert {
        function.__module__.rpartition(".")[2]
        for function in (dividing.divide_chunk, dividing.cap_floor, dividing.decay)
    } == {"_core_c", "_bounds_c", "_weights_c"}


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


def test_the_divisor_methods_divide_as_the_books_do(core: Core) -> None:
    """Votes 53, 24, 23 for ten seats: the heavy gain by D'Hondt, the light by Adams."""
    assert core.shares(DHONDT, 10, [53, 24, 23]) == [6, 2, 2]
    assert core.shares(WEBSTER, 10, [53, 24, 23]) == [6, 2, 2]
    assert core.shares(ADAMS, 10, [53, 24, 23]) == [5, 3, 2]
    assert core.shares(DHONDT, 8, [100, 80, 30, 20]) == [4, 3, 1, 0]
    assert core.shares(WEBSTER, 8, [100, 80, 30, 20]) == [3, 3, 1, 1]
    assert core.shares(ADAMS, 8, [100, 80, 30, 20]) == [3, 3, 1, 1]


def test_a_divisor_method_may_be_more_than_a_wei_off_the_exact_share(core: Core) -> None:
    """87.1 of 100: 90 by D'Hondt, 80 by Adams; known of them, and why cascade is the default."""
    weights = [871, *[13] * 9, 12]
    assert core.shares(DHONDT, 100, weights)[0] == 90
    assert core.shares(HAMILTON, 100, weights)[0] == 87
    assert core.shares(ADAMS, 100, weights)[0] == 80


def test_equal_turns_go_by_the_lower_index(core: Core) -> None:
    for method in (WEBSTER, DHONDT, ADAMS):
        assert core.shares(method, 5, [7, 7, 7]) == [2, 2, 1]


def test_nothing_divides_into_nothing(core: Core) -> None:
    for method in math.METHODS.values():
        assert core.shares(method, 0, [1, 2]) == [0, 0]
    assert core.chunk(0, 3, 0, [1, 2]) == ([0, 0], 3)


def test_the_registered_function_is_the_function(core: Core) -> None:
    data = encode_call(HAMILTON, 12345678901234567890, [5, 0, 2**63, 17])
    assert PRECOMPILES[ATTRIBUTION_MATH].run(data) == core.run(data)


def test_apportion_on_values_gives_a_tuple_and_refuses_as_the_chain_does() -> None:
    assert apportion(CASCADE, 100, [1, 3]) == (25, 75)
    with pytest.raises(InvalidInput, match=r"the weights sum to 0"):
        apportion(CASCADE, 100, [])


def test_the_other_functions_work_on_values_too() -> None:
    assert apportion_chunk(100, 4, 1, [3]) == ((75,), 4)
    assert cap_floor(100, [1, 5, 94], 4, 4_000) == ((0, 40, 40), 20)
    assert relu([-5, 5]) == (0, 5)
    assert softmax([65536, 0], 65536) == (2**32, 1580030168)
    assert decay([8, 8], [1, 2], 1) == (4, 2)
    with pytest.raises(InvalidInput, match=r"1 weights and 2 ages: give each weight its age"):
        decay([8], [1, 2], 1)


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


def test_the_other_kernels_refuse_as_much() -> None:
    from byline.precompiles.math import _bounds_c, _core_c, _weights_c

    for size in (33, 32 * 4097):
        for call in (
            lambda words: _core_c.divide_chunk(1, 1, 0, words, 0),
            lambda words: _bounds_c.cap_floor(1, words, 0, 1, 0),
            lambda words: _weights_c.relu(words, 0),
            lambda words: _weights_c.softmax(words, 1, 0),
            lambda words: _weights_c.decay(words, words, 1, 0),
        ):
            with pytest.raises(ValueError, match=r"are not at most 4096 words"):
                call(bytes(size))
    with pytest.raises(ValueError, match=r"a total of 0 divides nothing"):
        _core_c.divide_chunk(1, 0, 0, b"", 0)
    with pytest.raises(ValueError, match=r"10001 basis points are not within"):
        _bounds_c.cap_floor(1, (1).to_bytes(32, "big"), 0, 10_001, 0)
    with pytest.raises(ValueError, match=r"a temperature of 0"):
        _weights_c.softmax(b"", 0, 0)
    with pytest.raises(ValueError, match=r"a half-life of 0"):
        _weights_c.decay(b"", b"", 0, 0)
    with pytest.raises(ValueError, match=r"32 bytes of weights have 0 bytes of ages"):
        _weights_c.decay(bytes(32), b"", 1, 0)
    with pytest.raises(OverflowError):
        _weights_c.softmax(b"", 2**32, 0)


def test_calls_that_succeed_and_that_fail_leave_no_memory_behind() -> None:
    """Often enough that a block of 100 kB left each time would show."""
    kernel = cores()[1]
    weights = list(range(1, 4097))

    def calls(count: int) -> int:
        for _ in range(count):
            for method in math.METHODS.values():
                kernel.shares(method, 10**18 + 1, weights)
            kernel.cap_floor(10**18, weights, 10**14, 3)
            assert not kernel.outcome(encode_call(ADAMS, 1, [*weights[1:], 2**64]))[0]
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = calls(5)
    assert calls(80) - before < 8_000
