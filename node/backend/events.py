"""From the writer thread to whoever listens: blocks and pooled transactions, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from byline.node.backend.threads import LoopCalls
from byline.rpc.backend import ChainEvent

MOST_UNREAD: Final = 1_024
"""Events that a listener may be behind; one that falls further back is cut off."""


@dataclass(eq=False, slots=True)
class _Listener:
    queue: asyncio.Queue[ChainEvent | None] = field(
        default_factory=lambda: asyncio.Queue(MOST_UNREAD + 1)
    )
    lost: bool = False


class EventHub:
    """Spreads the events of one chain; lives on the event loop."""

    def __init__(self, calls: LoopCalls) -> None:
        self._calls = calls
        self._listeners: set[_Listener] = set()

    def publish_from_thread(self, event: ChainEvent) -> None:
        """Hand an event over from another thread; order is kept."""
        self._calls.add(lambda: self.publish(event))

    def publish(self, event: ChainEvent) -> None:
        """Give an event to every listener; on the event loop only."""
        for listener in self._listeners:
            if listener.lost:
                continue
            if listener.queue.qsize() >= MOST_UNREAD:
                listener.lost = True
                listener.queue.put_nowait(None)
            else:
                listener.queue.put_nowait(event)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[ChainEvent]]:
        """See `byline.rpc.backend.Events.subscribe`."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            yield _read(listener)
        finally:
            self._listeners.discard(listener)


async def _read(listener: _Listener) -> AsyncIterator[ChainEvent]:
    while (event := await listener.queue.get()) is not None:
        yield event
