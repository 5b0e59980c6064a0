"""JSON-RPC on a Unix socket, for clients that know it as IPC.

Requests are JSON values one after the other; each answer and notification is a line.  Only
the user who runs the node may connect.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from byline.rpc.connection import Connection
from byline.rpc.dispatch import Dispatcher
from byline.rpc.errors import ParseError, ServerError
from byline.rpc.framing import FramingError, JsonFrames
from byline.rpc.protocol import encode_error
from byline.rpc.wire import Ending

_READ: Final = 16 * 1024
"""Bytes at once: what hostile bytes may hold up others for is a few milliseconds."""
_BACKLOG: Final = 256
_FAREWELL: Final = 1.0
"""Seconds that a client may take for the last words."""


class IpcWire:
    """Implements `byline.rpc.wire.Wire`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most_bytes: int
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = JsonFrames(most_bytes)
        self._fault: FramingError | None = None

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield JSON objects and arrays until the client ends, or sends something else."""
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(_READ):
                try:
                    found = self._frames.feed(data)
                except FramingError as exc:
                    self._fault = exc
                    return
                for body in found:
                    yield body
                await asyncio.sleep(0)

    async def send(self, message: bytes) -> None:
        """Send a line once there is room."""
        self._writer.write(message + b"\n")
        await self._writer.drain()

    async def close(self, ending: Ending, reason: str) -> None:
        """Send the reason as an error without an id, and close."""
        error = ServerError(reason) if reason else ParseError(str(self._fault or ""))
        try:
            if reason or self._fault is not None:
                await self.send(encode_error(None, error))
        finally:
            self._writer.close()
        await self._writer.wait_closed()

    def abort(self) -> None:
        """Leave at once."""
        self._writer.transport.abort()


class IpcServer:
    """Serves what a dispatcher answers on a Unix socket while its context is entered.

    Entering raises `OSError` when somebody listens at the path, or something else than a
    socket is there, or it is longer than the system takes.  A socket at which nobody
    listens any more is replaced; ours is removed at the end.
    """

    def __init__(self, dispatcher: Dispatcher, path: Path) -> None:
        self._dispatcher = dispatcher
        self._path = path
        self._connections: dict[Connection, IpcWire] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None
        self._identity: tuple[int, int] | None = None

    async def __aenter__(self) -> Self:
        listener = _listen(self._path)
        try:
            found = os.stat(self._path)
            self._identity = (found.st_dev, found.st_ino)
            self._server = await asyncio.start_unix_server(self._accept, sock=listener)
        except BaseException:
            listener.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._remove()
        self._server.close()
        for connection in self._connections:
            connection.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * _FAREWELL)
        for wire in self._connections.values():
            wire.abort()

    def _remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(self._path)
            if (found.st_dev, found.st_ino) == self._identity:
                self._path.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        limits = self._dispatcher.limits
        wire = IpcWire(reader, writer, limits.websocket_message_bytes)
        if len(self._connections) >= limits.connections:
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    words = f"too many connections: {limits.connections} are open"
                    await wire.close(Ending.AT_FAULT, f"{words} (--max-connections)")
            wire.abort()
            return
        connection = Connection(wire, self._dispatcher)
        self._connections[connection] = wire
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await connection.run()
        finally:
            self._tasks.discard(task)
            del self._connections[connection]
            wire.abort()


def _listen(path: Path) -> socket.socket:
    """Return a socket that listens at `path`, for its owner alone; raises `OSError`."""
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Nobody can connect before `listen`, so nobody comes in before the bits are set.
        os.chmod(path, 0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens at; raises `OSError` for whatever else is there."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "something else than a socket is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_FAREWELL)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "somebody listens there")
