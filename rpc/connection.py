"""One lasting connection: calls run side by side, one writer sends in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from byline.rpc.dispatch import Dispatcher
from byline.rpc.outbox import Outbox
from byline.rpc.subscriptions import Opened, Subscriptions
from byline.rpc.wire import Ending, Wire

log = logging.getLogger("byline.rpc")

_FAREWELL: Final = 1.0
"""Seconds that a connection may take to close politely."""


class Connection:
    """Reads messages, answers them, and sends notifications until either side ends it.

    Only so many calls may lack an answer that was sent, so a client that does not read is
    soon not read from either.  Notifications cannot be put off like that: when too many or
    too much wait, the connection is cut off with a reason.
    """

    def __init__(self, wire: Wire, dispatcher: Dispatcher) -> None:
        self._limits = dispatcher.limits
        self._wire = wire
        self._dispatcher = dispatcher
        self._outbox = Outbox()
        self._calls = asyncio.Semaphore(self._limits.websocket_calls)
        self._ended = asyncio.Event()
        self._reason = ""
        self._ending = Ending.DONE
        self.subscriptions = Subscriptions(
            self._notify,
            self._outbox.__len__,
            self.cut,
            most=self._limits.subscriptions,
            most_waiting=self._limits.websocket_waiting,
        )

    def cut(self, reason: str) -> None:
        """End the connection for the client's fault or loss, and tell it why."""
        if not self._ended.is_set():
            log.warning("a connection was cut off: %s", reason)
        self._end(reason, Ending.AT_FAULT)

    def stop(self) -> None:
        """End the connection because the server stops."""
        self._end("the node is stopping", Ending.STOPPING)

    def _end(self, reason: str, ending: Ending) -> None:
        if not self._ended.is_set():
            self._reason, self._ending = reason, ending
            self._ended.set()

    async def run(self) -> None:
        """Serve until the end; the wire is closed when this returns."""
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
                    log.error("a connection failed", exc_info=outcome)
            await self._close()

    async def _read(self) -> None:
        async with asyncio.TaskGroup() as calls:
            async for body in self._wire.messages():
                await self._calls.acquire()
                calls.create_task(self._call(body))
        # Who sends no more may still read what it asked for.
        await self._outbox.emptied()

    async def _call(self, body: bytes) -> None:
        opened = Opened(self.subscriptions)
        answer = await self._dispatcher.handle(body, self._dispatcher.context(opened))
        if answer:
            self._put(answer, is_answer=True)
        else:
            self._calls.release()
        opened.release()

    def _notify(self, message: bytes) -> None:
        self._put(message, is_answer=False)

    def _put(self, message: bytes, *, is_answer: bool) -> None:
        if self._outbox.weight > self._limits.waiting_bytes:
            self.cut(f"reads too slowly: more than {self._limits.waiting_bytes} bytes wait")
        else:
            self._outbox.put(message, is_answer=is_answer)

    async def _write(self) -> None:
        # A client that went away ends the reader; here it is nothing to speak of.
        with contextlib.suppress(ConnectionError):
            while True:
                message, is_answer = await self._outbox.next()
                await self._wire.send(message)
                self._outbox.sent()
                if is_answer:
                    self._calls.release()

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_FAREWELL):
                await self._wire.close(self._ending, self._reason)
