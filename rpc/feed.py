"""The chain's events, read once and handed to everyone who listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from byline.rpc.backend import Chain, ChainEvent, Events, NewHead

log = logging.getLogger("byline.rpc")

_PATIENCE: Final = 1.0
"""Seconds to wait for the event of a block that the chain already shows."""
_YIELDS: Final = 3


class Listener(Protocol):
    """Whoever wants events; both methods return at once."""

    def feed(self, event: ChainEvent) -> None:
        """Take one event."""

    def interrupted(self, reason: str) -> None:
        """Events were lost: nothing remembered can be trusted to be whole."""


class Feed:
    """Pumps events from the node to the listeners, in order."""

    def __init__(self, events: Events, chain: Chain) -> None:
        self._events = events
        self._chain = chain
        self._listeners: list[Listener] = []
        self._head: bytes | None = None
        self._moved = asyncio.Event()
        self._running = False

    def add(self, listener: Listener) -> Callable[[], None]:
        """Hand events to `listener` until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Pump until cancelled; `started` is called whenever no event is missed any more."""
        while True:
            async with self._events.subscribe() as events:
                latest = await self._chain.block("latest")
                self._head = latest.hash if latest else None
                self._running = True
                started()
                async for event in events:
                    self.give(event)
                    # A thousand blocks mined at once come as a thousand events; between
                    # them the connections write, so that only slow readers fall behind.
                    await asyncio.sleep(0)
            # The node ends the iterator of a reader that fell behind.
            log.warning("the feed of chain events fell behind and was started again")
            for listener in tuple(self._listeners):
                listener.interrupted("chain events were lost")
            await asyncio.sleep(0)

    def give(self, event: ChainEvent) -> None:
        """Hand one event to every listener."""
        for listener in tuple(self._listeners):
            try:
                listener.feed(event)
            except Exception:
                log.exception("an event could not be delivered")
                listener.interrupted("an event could not be delivered")
        if isinstance(event, NewHead):
            self._head = event.block.hash
            self._moved.set()

    async def caught_up(self) -> None:
        """Wait until the event of the chain's head has been handed on.

        So a client that sends a transaction and then polls its filter sees the result,
        though events travel apart from answers.
        """
        for _ in range(_YIELDS):
            await asyncio.sleep(0)
        if not self._running:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                while not await self._at_head():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            # The node moved its head without telling; take note and go on.
            latest = await self._chain.block("latest")
            self._head = latest.hash if latest else None

    async def _at_head(self) -> bool:
        latest = await self._chain.block("latest")
        return latest is None or latest.hash == self._head
