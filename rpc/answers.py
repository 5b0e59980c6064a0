"""Answers as HTTP responses: short ones in one write, long ones in pieces."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

PIECE: Final = 256 * 1024
"""Bytes of an answer that go out together; smaller answers need no watching."""
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nDate: %b\r\n\r\n"
)


def answered(request: web.Request, answer: bytes, seconds: float) -> web.StreamResponse:
    """Return a response with the JSON `answer`; `seconds` are what a piece of it may take."""
    if len(answer) > PIECE:
        return LongAnswer(answer, seconds)
    return web.Response(body=answer, content_type="application/json")


def to_program(request: web.Request, answer: bytes, seconds: float) -> web.StreamResponse:
    """Return the same for who sent no Origin: a page may need more headers."""
    transport = request.transport
    if (
        len(answer) <= PIECE
        and request.version == HttpVersion11
        and request.keep_alive
        and transport is not None
        and not transport.get_write_buffer_size()
    ):
        return ShortAnswer(answer)
    return answered(request, answer, seconds)


class ShortAnswer(web.StreamResponse):
    """A JSON answer on a connection that stays open, and that has nothing else to send.

    Putting a head together and a writer on top costs as much as many an answer.
    """

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    @property
    def keep_alive(self) -> bool:
        """Leave the connection open."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything."""
        if request.transport is not None:
            head = _HEAD % (len(self._answer), _date())
            request.transport.write(head + self._answer)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: it is sent."""


class LongAnswer(web.StreamResponse):
    """A JSON answer that goes out in pieces; a client that does not read is cut off."""

    def __init__(self, answer: bytes, seconds: float) -> None:
        """Give each piece of `answer` so many `seconds`."""
        super().__init__()
        self.content_type = "application/json"
        self.content_length = len(answer)
        self._answer = memoryview(answer)
        self._seconds = seconds
        self._transport: asyncio.Transport | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the head."""
        self._transport = request.transport
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        """Send everything; aiohttp calls this once the head is out."""
        rest, self._answer = self._answer, self._answer[:0]
        for start in range(0, len(rest), PIECE):
            await self._piece(rest[start : start + PIECE])
        await super().write_eof(data)

    async def _piece(self, piece: memoryview) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self.write(piece)
        except TimeoutError:
            # Closing would wait until everything is read.
            if self._transport is not None:
                self._transport.abort()
            words = f"the answer was not read within {self._seconds:g} seconds"
            raise ConnectionResetError(words) from None


_clock: list[tuple[int, bytes]] = [(0, b"")]


def _date() -> bytes:
    """Return the time as HTTP wants it (RFC 9110, section 6.6.1)."""
    now = int(time.time())
    if _clock[0][0] != now:
        _clock[0] = (now, formatdate(now, usegmt=True).encode())
    return _clock[0][1]
