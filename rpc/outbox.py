"""What waits to be sent to one client: counted, weighed, in order."""

from __future__ import annotations

import asyncio
from collections import deque


class Outbox:
    """A queue with one reader, which knows how many bytes it holds."""

    def __init__(self) -> None:
        self._messages: deque[tuple[bytes, bool]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        """Return the number of messages that wait."""
        return len(self._messages)

    @property
    def weight(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def put(self, message: bytes, *, is_answer: bool) -> None:
        """Add a message; `is_answer` tells answers from notifications."""
        self._messages.append((message, is_answer))
        self._bytes += len(message)
        self._filled.set()
        self._empty.clear()

    async def next(self) -> tuple[bytes, bool]:
        """Return the next message, and whether it is an answer; `sent` must follow."""
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        message, is_answer = self._messages.popleft()
        self._bytes -= len(message)
        return message, is_answer

    def sent(self) -> None:
        """Note that what `next` returned is on its way."""
        if not self._messages:
            self._empty.set()

    async def emptied(self) -> None:
        """Wait until everything is on its way."""
        await self._empty.wait()
