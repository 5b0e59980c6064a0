"""One WebSocket connection: calls run side by side, one writer sends in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from byline.rpc.dispatch import Dispatcher
from byline.rpc.subscriptions import Opened, Subscriptions

log = logging.getLogger("byline.rpc")

_FAREWELL: Final = 1.0
"""Seconds that a connection may take to close politely."""
_LONGEST_REASON: Final = 120
"""Bytes; a close frame holds 123 (RFC 6455, section 5.5)."""


class Connection:
    """Reads messages, answers them, and sends notifications until either side ends it.

    Only so many calls may lack an answer that was sent, so a client that does not read is
    soon not read from either.  Notifications cannot be put off like that: when too many
    wait, the connection is cut off with a reason.
    """

    def __init__(self, socket: web.WebSocketResponse, dispatcher: Dispatcher) -> None:
        limits = dispatcher.limits
        self._socket = socket
        self._dispatcher = dispatcher
        self._outgoing: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        # Messages, and whether each answers a call.
        self._calls = asyncio.Semaphore(limits.websocket_calls)
        self._ended = asyncio.Event()
        self._reason = ""
        self._code = WSCloseCode.OK
        self.subscriptions = Subscriptions(
            lambda message: self._outgoing.put_nowait((message, False)),
            self._outgoing.qsize,
            self.cut,
            most=limits.subscriptions,
            most_waiting=limits.websocket_waiting,
        )

    def cut(self, reason: str) -> None:
        """End the connection for the client's fault or loss; the close frame says why."""
        self._end(reason, WSCloseCode.POLICY_VIOLATION)
        log.warning("WebSocket connection cut off: %s", reason)

    def stop(self) -> None:
        """End the connection because the server stops."""
        self._end("the node is stopping", WSCloseCode.GOING_AWAY)

    def _end(self, reason: str, code: WSCloseCode) -> None:
        if not self._ended.is_set():
            self._reason, self._code = reason, code
            self._ended.set()

    async def run(self) -> None:
        """Serve until the end; the socket is closed when this returns."""
        stop_listening = self._dispatcher.feed.add(self.subscriptions)
        tasks = [asyncio.create_task(part()) for part in (self._read, self._write)]
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop_listening()
            for task in (*tasks, ended):
                task.cancel()
            for outcome in await asyncio.gather(*tasks, ended, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("a WebSocket connection failed", exc_info=outcome)
            await self._close()

    async def _read(self) -> None:
        async with asyncio.TaskGroup() as calls:
            async for message in self._socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                body = message.data
                await self._calls.acquire()
                calls.create_task(self._call(body.encode() if isinstance(body, str) else body))

    async def _call(self, body: bytes) -> None:
        opened = Opened(self.subscriptions)
        answer = await self._dispatcher.handle(body, self._dispatcher.context(opened))
        if answer:
            self._outgoing.put_nowait((answer, True))
        else:
            self._calls.release()
        opened.release()

    async def _write(self) -> None:
        # A client that went away ends the reader; here it is nothing to speak of.
        with contextlib.suppress(ConnectionError):
            while True:
                message, is_answer = await self._outgoing.get()
                await self._socket.send_frame(message, WSMsgType.TEXT)
                if is_answer:
                    self._calls.release()

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_FAREWELL):
                await self._socket.close(
                    code=self._code, message=self._reason.encode()[:_LONGEST_REASON]
                )
