"""Where time comes from, so that a test can bring its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Tells wall-clock time."""

    def now(self) -> int:
        """Return seconds since 1970."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return seconds since 1970."""
        return int(time.time())


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is moved."""

    seconds: int

    def now(self) -> int:
        """Return the seconds it was set to."""
        return self.seconds

    def advance(self, seconds: int) -> None:
        """Move forward by `seconds`."""
        self.seconds += seconds


@dataclass(slots=True)
class OffsetClock:
    """A clock that runs with another, some seconds ahead of it or behind.

    The offset is what time travel moves; the other clock, the wall's as a rule, is never
    touched.
    """

    wall: Clock
    offset: int = 0
    """Seconds that `now` is ahead of `wall`."""

    def now(self) -> int:
        """Return seconds since 1970."""
        return self.wall.now() + self.offset

    def set(self, timestamp: int) -> None:
        """Let it be `timestamp` now, in seconds since 1970."""
        self.offset = timestamp - self.wall.now()
