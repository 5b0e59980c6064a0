"""Which connections a port takes when there are many."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web

from byline.rpc.limits import flag


class Admission:
    """Makes the protocol of each new connection.

    Where there is no room, the connection gives way that has been open longest of those
    without a request; when all have one, the new client is told to come back.
    """

    def __init__(self, server: web.Server, most: int) -> None:
        self._server = server
        self._most = most
        self.busy: set[web.RequestHandler] = set()
        """Connections that have a request; whoever handles requests keeps this."""

    def protocol(self) -> asyncio.BaseProtocol:
        """Return who speaks with the next client."""
        if len(self._server.connections) >= self._most and not self._make_room():
            return _Full(self._most)
        return self._server()

    def _make_room(self) -> bool:
        # Those that are closed already have no transport.
        there = [found for found in self._server.connections if found.transport is not None]
        if len(there) < self._most:
            return True
        for connection in there:
            if connection not in self.busy and connection.transport is not None:
                leave(connection.transport)
                connection.force_close()
                return True
        return False


def leave(transport: asyncio.BaseTransport) -> None:
    """End a connection whose client has not read everything; another ends by being closed.

    Closing waits for the reader, who may never come.
    """
    # uvloop's transports are not of asyncio's classes.
    there = cast(asyncio.Transport, transport)
    if there.get_write_buffer_size():
        there.abort()


class _Full(asyncio.Protocol):
    """Answers that there is no room, and closes."""

    def __init__(self, most: int) -> None:
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        there = cast(asyncio.Transport, transport)
        words = f"too many connections: {self._most} are in use ({flag('connections')})\n"
        there.write(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
            b"Connection: close\r\nRetry-After: 1\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(words), words.encode())
        )
        there.close()
