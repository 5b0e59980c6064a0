"""RLP: the compiled kernel where it was built, else the rlp library."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from byline.derivation.kernels.rlp_types import MAX_DEPTH, Decoded, Encodable

__all__ = [
    "COMPILED", "MAX_DEPTH", "Decoded", "Encodable", "decode", "encode", "number", "read_item",
]  # fmt: skip

COMPILED: bool = False
"""Whether the functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.derivation.kernels._rlp_py import decode, encode, number, read_item
else:
    try:
        from byline.derivation.kernels._rlp_c import decode, encode, number, read_item

        COMPILED = True
    except ImportError:
        from byline.derivation.kernels._rlp_py import decode, encode, number, read_item
