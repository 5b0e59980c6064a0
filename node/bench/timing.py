"""How long a function takes in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LEAST_RUNS: Final = 3
LONG: Final = 0.2
"""Seconds of a run after which one is enough."""


def fastest(work: Callable[[], T], seconds: float) -> tuple[T, float]:
    """Return what `work` returns, and the seconds of the fastest of its runs.

    They go on for `seconds` at least, unless one takes long.
    """
    best, runs, begun = float("inf"), 0, time.perf_counter()
    while True:
        at = time.perf_counter()
        result = work()
        now = time.perf_counter()
        best, runs = min(best, now - at), runs + 1
        if now - at > LONG or (runs >= LEAST_RUNS and now - begun >= seconds):
            return result, best
