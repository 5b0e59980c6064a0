"""A lean JSON-RPC client, so that the server is what is measured: one socket, kept open.

It waits in the kernel and does without an event loop; a request costs some 40 us of this
process, which the tables name where it counts.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Final

import orjson

from byline.node.client import CallFailed
from byline.node.errors import NodeError

TIMEOUT_SECONDS: Final = 120.0
_CHUNK: Final = 1 << 16
_HEAD_END: Final = b"\r\n\r\n"


class NoAnswer(NodeError):
    """The server closed the connection, or did not speak HTTP."""


class Wire:
    """One connection to a server on this machine; a context manager."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._socket: socket.socket | None = None
        self._unread = bytearray()
        self._id = 0

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._unread.clear()

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of a call; raises `CallFailed`, or `NoAnswer` without an answer."""
        self._id += 1
        request = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        return _result(method, self.exchange(orjson.dumps(request)))

    def number(self, method: str, *params: Any) -> int:
        """Return the result of a call that answers a quantity."""
        return int(self.call(method, *params), 16)

    def batch(self, method: str, each: list[Any]) -> list[Any]:
        """Return the results of one call for each parameter, all in one request."""
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": [param]}
            for number, param in enumerate(each)
        ]
        replies = self.exchange(orjson.dumps(requests))
        if not isinstance(replies, list) or len(replies) != len(each):
            raise NoAnswer(f"{method}: {len(each)} requests in a batch were not all answered")
        by_id = {reply.get("id"): reply for reply in replies}
        return [_result(method, by_id[number]) for number in range(len(each))]

    def another(self) -> Wire:
        """Return a further connection to the same server, not opened yet."""
        return Wire(self._port, self._host)

    def fileno(self) -> int:
        """Return the descriptor to wait for, once something was asked."""
        assert self._socket is not None, "nothing was asked yet"
        return self._socket.fileno()

    def request(self, body: bytes) -> bytes:
        """Return the whole HTTP request that carries `body`, for `ask`."""
        head = (
            f"POST / HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def ask(self, request: bytes) -> None:
        """Send a whole HTTP request; raises `OSError` where nobody takes it."""
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)

    def answer(self) -> bytes:
        """Return the body of the next answer as it came; raises `NoAnswer` or `OSError`."""
        head = self._until(_HEAD_END).lower()
        fields = dict(line.partition(b":")[::2] for line in head.split(b"\r\n")[1:])
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return self._chunks()
        if b"content-length" not in fields:
            raise NoAnswer(f"an answer without a length: {head[:60]!r}")
        return self._take(int(fields[b"content-length"]))

    def exchange(self, body: bytes) -> Any:
        """Send one HTTP request; return its answer, read as JSON.

        A connection that the server has closed while it was idle is opened anew.
        """
        idle = self._socket is not None
        try:
            self.ask(self.request(body))
            return orjson.loads(self.answer())
        except (OSError, NoAnswer) as exc:
            self.close()
            if not idle or isinstance(exc, TimeoutError):
                raise NoAnswer(f"{self._host}:{self._port} does not answer: {exc}") from exc
        except ValueError as exc:
            raise NoAnswer(f"{self._host}:{self._port} answers no JSON: {exc}") from exc
        return self.exchange(body)

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            body += self._take(size)
            self._take(2)
        self._until(b"\r\n")
        return bytes(body)

    def _until(self, mark: bytes) -> bytes:
        while (at := self._unread.find(mark)) < 0:
            self._fill()
        found = bytes(self._unread[:at])
        del self._unread[: at + len(mark)]
        return found

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._fill()
        found = bytes(self._unread[:size])
        del self._unread[:size]
        return found

    def _fill(self) -> None:
        assert self._socket is not None
        more = self._socket.recv(_CHUNK)
        if not more:
            raise NoAnswer("the connection was closed")
        self._unread += more


def _result(method: str, reply: Any) -> Any:
    if not isinstance(reply, dict):
        raise NoAnswer(f"{method}: the answer is no JSON-RPC reply: {str(reply)[:80]}")
    if "error" in reply:
        error = reply["error"]
        raise CallFailed(method, error["code"], error["message"], error.get("data"))
    return reply["result"]
