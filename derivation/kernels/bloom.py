"""The filter over addresses and topics of logs: compiled where it was built, else Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from byline.derivation.kernels._bloom_py import BLOOM_BYTES

__all__ = ["BLOOM_BYTES", "COMPILED", "EMPTY_BLOOM", "bloom_of", "union_of"]

EMPTY_BLOOM: Final = bytes(BLOOM_BYTES)
"""In which nothing is found."""

COMPILED: bool = False
"""Whether the functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.derivation.kernels._bloom_py import bloom_of, union_of
else:
    try:
        from byline.derivation.kernels._bloom_c import bloom_of, union_of

        COMPILED = True
    except ImportError:
        from byline.derivation.kernels._bloom_py import bloom_of, union_of
