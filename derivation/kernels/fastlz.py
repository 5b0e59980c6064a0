"""The size of a transaction after FastLZ, by which Fjord prices its place on the L1.

The compiled kernel where it was built, else the same in Python.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__all__ = ["COMPILED", "fastlz_length"]

COMPILED: bool = False
"""Whether the function is the compiled one."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.derivation.kernels._fastlz_py import fastlz_length
else:
    try:
        from byline.derivation.kernels._fastlz_c import fastlz_length

        COMPILED = True
    except ImportError:
        from byline.derivation.kernels._fastlz_py import fastlz_length
