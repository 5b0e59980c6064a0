"""Which core divides and weighs: the compiled one where it was built, else the reference.

`BYLINE_NO_EXTENSIONS=1` switches to the reference, and `BACKEND` says which it is.  All
functions take and return the elements of arrays as 32-byte big-endian words.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__all__ = ["BACKEND", "cap_floor", "decay", "divide", "divide_chunk", "relu", "softmax"]

BACKEND = "python"
if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.precompiles.math._bounds_py import cap_floor
    from byline.precompiles.math._core_py import divide, divide_chunk
    from byline.precompiles.math._weights_py import decay, relu, softmax
else:
    try:
        from byline.precompiles.math._bounds_c import cap_floor
        from byline.precompiles.math._core_c import divide, divide_chunk
        from byline.precompiles.math._weights_c import decay, relu, softmax

        BACKEND = "cython"
    except ImportError:
        from byline.precompiles.math._bounds_py import cap_floor
        from byline.precompiles.math._core_py import divide, divide_chunk
        from byline.precompiles.math._weights_py import decay, relu, softmax
