"""The state precompile, 0x...A772: many credits written by one call of the vault.

    creditBatch(bytes32 pool, bytes packed)     packed = (address 20 || uint128 16)*

Only there on chains whose rollup config names a vault, and only for that caller.

    frame.py      what the engine gives it: the caller, and the caller's storage
    refusals.py   which calls are refused, in which order, with which error
    call.py       the input's shape
    credits.py    the function, and the slots it works on
    gas.py        the price beside SLOAD and SSTORE
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.state.call import SIGNATURE, encode_call, pack
from byline.precompiles.state.credits import (
    CREDITS_SLOT,
    credit_batch,
    credit_slot,
)
from byline.precompiles.state.gas import BASE, ENTRY_GAS, gas
from byline.precompiles.state.refusals import ERRORS, MAX_ENTRIES

__all__ = [
    "ATTRIBUTION_STATE",
    "BASE",
    "CREDITS_SLOT",
    "ENTRY_GAS",
    "ERRORS",
    "MAX_ENTRIES",
    "SIGNATURE",
    "credit_batch",
    "credit_slot",
    "encode_call",
    "gas",
    "pack",
]

ATTRIBUTION_STATE: Final = 0xA772.to_bytes(20, "big")
