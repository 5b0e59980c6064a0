"""Who signed: compiled over coincurve's libsecp256k1 where it was built, else eth_keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__all__ = ["COMPILED", "recover", "recover_many"]

COMPILED: bool = False
"""Whether the functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.derivation.kernels._secp256k1_py import recover, recover_many
else:
    try:
        from byline.derivation.kernels._secp256k1_c import recover, recover_many

        COMPILED = True
    except ImportError:
        from byline.derivation.kernels._secp256k1_py import recover, recover_many
