"""Sum, multiple and pairing on BN254 (addresses 6, 7, 8), at the prices since Istanbul.

Sources: EIP-196, EIP-197 (meaning), EIP-1108 (prices).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from byline.node.evm.natives.native import Native

COMPILED: bool = False
"""Whether the functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS"):
    from byline.node.evm.natives._bn254_py import add, mul, pairing
else:
    try:
        from byline.node.evm.natives._bn254_c import add, mul, pairing

        COMPILED = True
    except ImportError:
        from byline.node.evm.natives._bn254_py import add, mul, pairing

ADD_GAS: Final = 150
MUL_GAS: Final = 6_000
PAIRING_GAS: Final = 45_000
PAIR_GAS: Final = 34_000
_PAIR: Final = 192


def pairing_gas(data: bytes) -> int:
    """Return the gas of a check of `len(data) // 192` pairs."""
    return PAIRING_GAS + PAIR_GAS * (len(data) // _PAIR)


BN254_ADD: Final = Native("BN254 add", lambda _: ADD_GAS, add)
BN254_MUL: Final = Native("BN254 mul", lambda _: MUL_GAS, mul)
BN254_PAIRING: Final = Native("BN254 pairing", pairing_gas, pairing)
