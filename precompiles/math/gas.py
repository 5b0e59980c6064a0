"""The price of attribution math, by declared size.

    cascade, apportionChunk, relu          300 + 12 n
    hamilton, the divisor methods          300 + 30 n + 6 n ceil(log2 n)
    capFloor                               300 + 30 n + 6 n ceil(log2 n)
    softmax, decay                         300 + 60 n
    at least                               500

Each number was weighed against ecrecover (3000 gas) in the same process, on the slowest
input known, reading and pricing of the input included (`calibration.calibrate`; coincurve
took 30 us).  Gas charged / gas that the time is worth, by the kernel:

    recipients        10     100    1000    4000
    cascade          1.3     2.7     6.5     7.6
    hamilton         2.0    11.9    14.3    14.8

So 12 and 30 + 6 log n are generous for the loop, and 500 is what the work around it needs.
They stay generous because a chain must also bear its slowest implementation: the reference
alone earns 0.3 to 0.5 in the cascade, 0.7 to 1.2 in hamilton.  A contract pays about 700
gas a recipient for the same cascade, and 1,100 or more for hamilton.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from byline.precompiles.errors import InvalidInput
from byline.precompiles.math.call import (
    CASCADE,
    read_call,
    read_cap_floor,
    read_chunk,
    read_decay,
    read_relu,
    read_softmax,
)

MINIMUM: Final = 500
"""Floor of every call, and the price of a refusal that needs no loop (EIP-2565 and
EIP-7883 keep a minimum for the same reason: the work around the work)."""
BASE: Final = 300
"""Selecting the function and reading the head: 3.5 us, worth 350 gas; below the minimum."""
CASCADE_EACH: Final = 12
"""One division of 128 by 64 bits, a word read and one written: worth 1.5 gas at n = 4000."""
RANKED_EACH: Final = 30
"""The same with what it takes to rank kept, and a share put right."""
RANKED_COMPARISON: Final = 6
"""One step of a merge sort or of a heap on values that defeat branch prediction; with the
line above worth 7 gas a recipient at n = 4000 by hamilton."""
POWER_EACH: Final = 60
"""A division of 128 bits and up to 32 products of 64."""


def apportion_gas(method: int, count: int) -> int:
    """Return the gas of dividing among `count` recipients by `method`."""
    return cascade_gas(count) if method == CASCADE else ranked_gas(count)


def cascade_gas(count: int) -> int:
    """Return the gas of one pass over `count` elements."""
    return max(MINIMUM, BASE + CASCADE_EACH * count)


def ranked_gas(count: int) -> int:
    """Return the gas of ranking `count` elements."""
    depth = max(count - 1, 0).bit_length()  # ceil(log2 count)
    return max(MINIMUM, BASE + RANKED_EACH * count + RANKED_COMPARISON * count * depth)


def power_gas(count: int) -> int:
    """Return the gas of `count` powers."""
    return max(MINIMUM, BASE + POWER_EACH * count)


def gas(data: bytes) -> int:
    """Return the gas for the input `data` of `apportion`; takes any bytes."""
    return _or_minimum(lambda: _apportion(data))


def _apportion(data: bytes) -> int:
    call = read_call(data)
    return apportion_gas(call.method, call.count)


def chunk_gas(data: bytes) -> int:
    """Return the gas for the input `data` of `apportionChunk`; takes any bytes."""
    return _or_minimum(lambda: cascade_gas(read_chunk(data).weights.count))


def cap_floor_gas(data: bytes) -> int:
    """Return the gas for the input `data` of `capFloor`; takes any bytes."""
    return _or_minimum(lambda: ranked_gas(read_cap_floor(data).weights.count))


def relu_gas(data: bytes) -> int:
    """Return the gas for the input `data` of `relu`; takes any bytes."""
    return _or_minimum(lambda: cascade_gas(read_relu(data).count))


def softmax_gas(data: bytes) -> int:
    """Return the gas for the input `data` of `softmax`; takes any bytes."""
    return _or_minimum(lambda: power_gas(read_softmax(data).scores.count))


def decay_gas(data: bytes) -> int:
    """Return the gas for the input `data` of `decay`; takes any bytes."""
    return _or_minimum(lambda: power_gas(read_decay(data).weights.count))


def _or_minimum(price: Callable[[], int]) -> int:
    try:
        return price()
    except InvalidInput:
        return MINIMUM
