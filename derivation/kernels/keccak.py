"""Keccak-256: the compiled kernel where it was built, else eth_hash over pycryptodome.

This is the hash of Ethereum, padded as in the submission of Keccak; the SHA3-256 of FIPS 202
is padded differently and gives other hashes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__all__ = ["COMPILED", "keccak256"]

COMPILED: bool = False
"""Whether `keccak256` is the compiled one."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from eth_hash.auto import keccak as keccak256
else:
    try:
        from byline.derivation.kernels._keccak_c import keccak256

        COMPILED = True
    except ImportError:
        from eth_hash.auto import keccak as keccak256
