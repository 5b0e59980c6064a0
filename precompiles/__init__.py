"""Native functions of the chain: pure, bytes in and bytes out, priced by input.

    registry.py      the table of precompiles by address
    functions.py     selectors, dispatch, the ABI for clients
    abi.py           strict reading of input
    errors.py        refusals with their revert data
    math/            0x...A770: apportionment of payments, sum trees
    evidence/        0x...A771: what one transaction checks of an attribution
    state/           0x...A772: credits in one call, off by default
    calibration/     what the prices claim, measured

Nothing here knows py-evm; `byline.node.evm` does the introduction.
"""

from byline.precompiles.errors import CustomError, InvalidInput
from byline.precompiles.functions import Function
from byline.precompiles.registry import (
    ATTRIBUTION_EVIDENCE,
    ATTRIBUTION_MATH,
    PRECOMPILES,
    Precompile,
    table,
)

__all__ = [
    "ATTRIBUTION_EVIDENCE",
    "ATTRIBUTION_MATH",
    "PRECOMPILES",
    "CustomError",
    "Function",
    "InvalidInput",
    "Precompile",
    "table",
]
