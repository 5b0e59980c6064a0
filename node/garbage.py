"""Python's cycle collector in a process that serves.

A full collection looks at every object and holds up all threads meanwhile: some 90 ms for what
the imports alone leave behind, and they come whenever a long answer makes many objects.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 5_000
"""Objects made, less objects freed, before the youngest are looked at."""
ROUNDS: Final = (10, 20)
"""Looks at the younger objects before one at the older, and so before one at all."""


def settle() -> None:
    """Leave what is there now out of all collections, and have fewer; call it after the start."""
    gc.freeze()
    gc.set_threshold(YOUNG, *ROUNDS)
