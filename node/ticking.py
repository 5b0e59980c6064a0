"""Blocks by the wall clock, at intervals that users may change while it runs."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from byline.node.forking.errors import ForkError
from byline.node.rollups.mining import Interval
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.node")


class Ticker:
    """Calls for a block of one chain whenever its interval has passed."""

    def __init__(
        self,
        interval: Callable[[], Interval | None],
        work: Callable[[Interval], Awaitable[object]],
    ) -> None:
        """Ask `interval` anew after each `changed`; await `work` at each tick, given which."""
        self._interval = interval
        self._work = work
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Begin a new interval, or none.  For the event loop's thread."""
        self._changed.set()

    async def run(self) -> None:
        """Tick until cancelled.  A block that is refused is passed over, with a warning."""
        while True:
            self._changed.clear()
            interval = self._interval()
            if interval is None:
                await self._changed.wait()
            else:
                await self._tick(interval)

    async def _tick(self, interval: Interval) -> None:
        """Tick at `interval` until it has changed."""
        loop = asyncio.get_running_loop()
        due = loop.time() + _seconds(interval)
        while not self._changed.is_set():
            try:
                await asyncio.wait_for(self._changed.wait(), max(0.0, due - loop.time()))
            except TimeoutError:
                await self._try(interval)
                due = max(due + _seconds(interval), loop.time())

    async def _try(self, interval: Interval) -> None:
        try:
            await self._work(interval)
        except (Refused, ForkError) as exc:
            LOG.warning("no block by the clock: %s", exc)


def _seconds(interval: Interval) -> float:
    return random.randint(*interval) / 1_000  # noqa: S311
