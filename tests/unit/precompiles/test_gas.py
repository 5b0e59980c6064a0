"""The price of attribution math."""

from __future__ import annotations

import pytest

from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES
from byline.precompiles.math import CASCADE, HAMILTON, encode_call

gas = PRECOMPILES[ATTRIBUTION_MATH].gas


@pytest.mark.parametrize(
    ("method", "count", "expected"),
    [
        (CASCADE, 0, 1300),
        (CASCADE, 16, 1492),
        (CASCADE, 17, 1504),
        (CASCADE, 1000, 13_300),
        (HAMILTON, 0, 1300),
        (HAMILTON, 1, 1330),
        (HAMILTON, 2, 1372),
        (HAMILTON, 8, 1300 + 240 + 6 * 8 * 3),
        (HAMILTON, 9, 1300 + 270 + 6 * 9 * 4),
        (HAMILTON, 1024, 1300 + 30_720 + 6 * 1024 * 10),
        (HAMILTON, 4096, 1300 + 122_880 + 6 * 4096 * 12),
    ],
)
def test_gas_follows_the_schedule(method: int, count: int, expected: int) -> None:
    assert gas(encode_call(method, 1, [1] * count)) == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0", b"\xff" * 4, encode_call(0, 1, [1])[:-1], encode_call(0, 1, [1] * 4097)],
    ids=["empty", "short", "unknown", "cut", "too many"],
)
def test_a_refusal_without_a_loop_costs_the_minimum(data: bytes) -> None:
    assert gas(data) == 1300


def test_gas_depends_on_sizes_and_not_on_the_values_divided() -> None:
    """A refusal found inside the loop has been paid for like an answer."""
    assert gas(encode_call(CASCADE, 7, [0] * 100)) == gas(encode_call(CASCADE, 0, [2**64] * 100))
