"""When the L1 has to have a block: the times at which something that waits is ready.

On a public chain blocks come anyway, and whoever waits for a delay only waits.  Where blocks
are made on demand, nobody would make the one in which the delay is over.

The chain's time is what counts.  It reaches a due time when the wall clock does, and also
when as many seconds have passed since the last block as were missing then: a chain that has
run ahead of the wall does not let its users wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LEAD: Final = 2
"""Seconds by which a block may come before the wall clock says so.

Clients wait to the second and then ask at once; clocks here count whole seconds.
"""
MOST_PASSED: Final = 1_024
"""Due times of the past that are kept, to be due again where the chain goes back."""


@dataclass(slots=True)
class Ripening:
    """Due times, in seconds since 1970 of the L1."""

    next_time: int | None = None
    """The first time after the newest block at which something is due, or is overdue."""
    _head_time: int = 0
    _seen_at: int = 0
    """Wall-clock time when the newest block was seen."""
    _moments: set[int] = field(default_factory=set)
    """When nothing is to be done, but a block has to be there."""
    _passed: list[int] = field(default_factory=list)
    _clocks: dict[bytes, int] = field(default_factory=dict)
    """Games that may be resolved, and when."""

    def begin(self, head_time: int, now: int) -> None:
        """Forget everything; the newest block has `head_time`, the wall clock says `now`."""
        self._moments.clear()
        self._passed.clear()
        self._clocks.clear()
        self.head(head_time, now)

    def head(self, timestamp: int, now: int) -> None:
        """Take note that the newest block has `timestamp`, perhaps after going back."""
        self._head_time, self._seen_at = timestamp, now
        over = {moment for moment in self._moments if moment <= timestamp}
        again = {moment for moment in self._passed if moment > timestamp}
        self._moments = (self._moments | again) - over
        self._passed = [one for one in self._passed if one <= timestamp] + sorted(over)
        del self._passed[:-MOST_PASSED]
        self._find_next()

    def moment(self, timestamp: int) -> None:
        """Ask for a block at `timestamp` or later."""
        if timestamp > self._head_time:
            self._moments.add(timestamp)
        else:
            self._passed.append(timestamp)
        self._find_next()

    def clock(self, game: bytes, timestamp: int) -> None:
        """Let a game be due to be resolved at `timestamp`."""
        self._clocks[game] = timestamp
        self._find_next()

    def runs(self, game: bytes) -> bool:
        """Tell whether a game is to be resolved yet."""
        return game in self._clocks

    def stop(self, game: bytes) -> bool:
        """Let a game not be due any more; tells whether it was known."""
        known = self._clocks.pop(game, None) is not None
        self._find_next()
        return known

    def reached(self, now: int, most: int | None = None) -> int:
        """Return the time that the chain may have at wall-clock time `now`.

        A second after its newest block it always may.  With `most` the chain does not follow
        the wall clock: it goes on as fast as that from its newest block, but not beyond `most`.
        """
        elapsed = self._head_time + max(1, now - self._seen_at)
        return max(now + LEAD, elapsed) if most is None else min(elapsed, most)

    def ripe(self, reached: int) -> int | None:
        """Return the last time up to `reached` for which a block is missing."""
        due = [*self._moments, *self._clocks.values()]
        return max((one for one in due if self._head_time < one <= reached), default=None)

    def expired(self, timestamp: int) -> list[bytes]:
        """Return the games that a block at `timestamp` may resolve, the oldest first."""
        due = [(time, game) for game, time in self._clocks.items() if time <= timestamp]
        return [game for _, game in sorted(due)]

    def _find_next(self) -> None:
        self.next_time = min((*self._moments, *self._clocks.values()), default=None)
