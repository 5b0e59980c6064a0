"""The price of attribution math, by declared size.

    cascade     300 + 12 n
    hamilton    300 + 30 n + 6 n ceil(log2 n)
    at least    500

`calibration.py` measures both cores; its table is where the numbers are kept honest.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.attribution.call import HAMILTON, read_call
from byline.precompiles.errors import InvalidInput

MINIMUM: Final = 500
"""Floor of every call, and the price of a refusal that needs no loop (EIP-2565 and
EIP-7883 keep a minimum for the same reason: the work around the work)."""
BASE: Final = 300
CASCADE_EACH: Final = 12
HAMILTON_EACH: Final = 30
HAMILTON_COMPARISON: Final = 6


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
