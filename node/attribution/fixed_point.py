"""Logarithms in integers: what reaches the chain must not depend on a machine's floats."""

from __future__ import annotations

from typing import Final

FRACTION_BITS: Final = 16
"""Q16: 65536 is one bit of information."""

_GUARD: Final = 64


def log2_q16(number: int) -> int:
    """Return log2 of a positive integer in Q16, rounded down (up to the last bit).

    The bits of the fraction come one by one, by squaring: log2(x*x) = 2*log2(x).
    """
    if number < 1:
        raise ValueError(f"no logarithm of {number}: want at least 1")
    result = number.bit_length() - 1
    mantissa = (number << _GUARD) >> result
    for _ in range(FRACTION_BITS):
        mantissa = mantissa * mantissa >> _GUARD
        result <<= 1
        if mantissa >> (_GUARD + 1):
            mantissa >>= 1
            result |= 1
    return result
