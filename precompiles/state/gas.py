"""The price of `creditBatch`: what it does beside the storage, by the declared size.

    1100, and 60 an entry

Each entry is a read of its bytes and one hash of 64 bytes, 42 gas in a contract.  On top
comes what SLOAD and SSTORE of every word cost; the engine charges that as it goes.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import InvalidInput
from byline.precompiles.state.call import read_call

BASE: Final = 1100
"""Reading the head twice, the frame, and the hash of the pool's slot: 10 us, worth 940 gas;
the price of a refusal, too."""
ENTRY_GAS: Final = 60


def gas(data: bytes) -> int:
    """Return the gas for any input, storage left out."""
    try:
        return BASE + ENTRY_GAS * read_call(data).count
    except InvalidInput:
        return BASE
