"""The price of attribution math, by declared size.

    cascade     300 + 12 n
    hamilton    300 + 30 n + 6 n ceil(log2 n)
    at least    500

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

from typing import Final

from byline.precompiles.errors import InvalidInput
from byline.precompiles.math.call import HAMILTON, read_call

MINIMUM: Final = 500
"""Floor of every call, and the price of a refusal that needs no loop (EIP-2565 and
EIP-7883 keep a minimum for the same reason: the work around the work)."""
BASE: Final = 300
"""Selecting the function and reading the head: 3.5 us, worth 350 gas; below the minimum."""
CASCADE_EACH: Final = 12
"""One division of 128 by 64 bits, a word read and one written: worth 1.5 gas at n = 4000."""
HAMILTON_EACH: Final = 30
"""The same with a remainder kept, and a share put right."""
HAMILTON_COMPARISON: Final = 6
"""One step of the merge sort on remainders that defeat branch prediction; with the line
above worth 7 gas a recipient at n = 4000."""


def apportion_gas(method: int, count: int) -> int:
    """Return the gas of dividing among `count` recipients by `method`."""
    if method == HAMILTON:
        depth = max(count - 1, 0).bit_length()  # ceil(log2 count)
        gas = BASE + HAMILTON_EACH * count + HAMILTON_COMPARISON * count * depth
    else:
        gas = BASE + CASCADE_EACH * count
    return max(MINIMUM, gas)


def gas(data: bytes) -> int:
    """Return the gas for the input `data` of `apportion`; takes any bytes."""
    try:
        call = read_call(data)
    except InvalidInput:
        return MINIMUM
    return apportion_gas(call.method, call.count)
