"""A clock that the test holds: time passes by what is called, not by itself."""

from __future__ import annotations


class Clock:
    """Seconds that only `take` lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float) -> None:
        self.now += seconds
