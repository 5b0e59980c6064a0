"""SHA-256, RIPEMD-160 and identity (addresses 2, 3, 4).

Source: the yellow paper, appendix E.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from byline.node.evm.natives.native import Native

_WORD: Final = 32


def by_words(base: int, word: int) -> Callable[[bytes], int]:
    """Return a price of `base` gas and `word` gas for every 32 bytes begun."""
    return lambda data: base + word * -(-len(data) // _WORD)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _ripemd160(data: bytes) -> bytes:
    return hashlib.new("ripemd160", data).digest().rjust(_WORD, b"\0")


def _identity(data: bytes) -> bytes:
    return data


SHA256: Final = Native("SHA-256", by_words(60, 12), _sha256)
RIPEMD160: Final = Native("RIPEMD-160", by_words(600, 120), _ripemd160)
IDENTITY: Final = Native("identity", by_words(15, 3), _identity)
