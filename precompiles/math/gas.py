"""The price of attribution math, by declared size.

    cascade, apportionChunk, relu          1300 + 12 n
    hamilton, the divisor methods          1300 + 30 n + 6 n ceil(log2 n)
    capFloor                               1300 + 30 n + 6 n ceil(log2 n)
    softmax, decay                         1300 + 60 n
    an input that is refused unread        1300

Each number was weighed against ecrecover (3000 gas, 32 us) in the same process, on the worst
input that a search finds, reading, pricing and refusing included (`make bench ARGS=gas`).
Gas charged / gas that the time is worth, by the kernel, is 1.3 or more for all of them; the
worst are small and refused in their last element:

    cascade 1.7   hamilton 1.7   webster 1.5   dhondt 1.5   adams 1.7   apportionChunk 1.6
    capFloor 1.4  relu 2.7       softmax 2.2   decay 1.5

So what every call takes is what has to be paid for: 7 to 9 us in Python.  A recipient is worth
2 gas in the cascade and 10 in hamilton; 12 and 30 + 6 log n stay generous because a chain must
also bear its slowest implementation, the reference alone.  A contract pays about 700 gas a
recipient for the same cascade, and 1,100 or more for hamilton.
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

MINIMUM: Final = 1300
"""Floor of every call, and the price of a refusal that needs no loop (EIP-2565 and
EIP-7883 keep a minimum for the same reason: the work around the work)."""
BASE: Final = 1300
"""Selecting the function and reading the head, twice, as the price does it too: up to 9.6 us,
worth 920 gas."""
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
