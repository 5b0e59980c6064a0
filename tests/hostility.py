"""What hostile clients of all transports share: bytes to send, and a watch on the node."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.devnets import Running, call

SOON = 2.0
"""Seconds in which others are answered, whoever does what; milliseconds when nobody does."""
CHAIN_ID = b'{"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]}'


def request(method: str, *params: Any, request_id: Any = 1) -> bytes:
    """Return a request."""
    document = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(document).encode()


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b" ", -32700),
    "cut": (b'{"jsonrpc":"2.0","id":1,"method":"eth_chain', -32700),
    "words": (b"hello", -32700),
    "bad UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', -32700),
    "lone surrogate": (b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', -32700),
    "byte order mark": (b"\xef\xbb\xbf" + CHAIN_ID, -32700),
    "zero bytes": (b"\0" * 1_000, -32700),
    "two values": (CHAIN_ID + CHAIN_ID, -32700),
    "deep": (b"[" * 100_000 + b"]" * 100_000, -32700),
    "deep parameters": (
        b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":' + b"[" * 900 + b"]" * 900 + b"}",
        -32602,
    ),
    "a number": (b"5", -32600),
    "null": (b"null", -32600),
    "a text": (b'"eth_chainId"', -32600),
    "empty batch": (b"[]", -32600),
    "no method": (b'{"jsonrpc":"2.0","id":1}', -32600),
    "old version": (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600),
    "an object as id": (b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600),
    "a number as method": (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
    "long batch": (b"[" + b",".join([CHAIN_ID] * 1_001) + b"]", -32600),
    "many values": (b"[" + b"[]," * 500_000 + b"1]", -32600),
    "unknown method": (request("eth_chianId"), -32601),
    "long name": (request("x" * 1_000_000), -32601),
    "parameters as text": (
        b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":"x"}', -32602
    ),
    "huge number": (
        b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[' + b"9" * 100_000 + b"]}",
        -32700,
    ),
    "huge hex": (request("eth_getBalance", "0x" + "f" * 1_000_000), -32602),
}  # fmt: skip
"""Bytes by what they are, with the code that answers them."""


def address_of(url: str) -> tuple[str, int]:
    """Return host and port."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def connected(url: str, *, seconds: float = 30.0) -> socket.socket:
    """Return a connection."""
    return socket.create_connection(address_of(url), timeout=seconds)


class Stopwatch:
    """Times what a node does about a question, from its making on.

    What other processes of the machine take meanwhile is not counted: a node that is not let
    compute is not slow.  One that computes something else first is, on whichever thread.  One
    that only waits is not noticed: not for what might wait.
    """

    def __init__(self, node: Running) -> None:
        self._node = node
        self._own, self._wall = node.own_seconds(), time.monotonic()

    def seconds(self) -> float:
        """Return the time since then; no more than the wall clock says, with many threads."""
        return min(self._node.own_seconds() - self._own, time.monotonic() - self._wall)


def everything(sock: socket.socket) -> bytes:
    """Return what comes until the other side ends."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65_536):
            found += piece
    return found


def assert_serves(url: str) -> None:
    """Ask a simple question; fails unless the answer comes soon."""
    before = time.monotonic()
    assert int(call(url, "eth_chainId"), 16) > 0
    assert time.monotonic() - before < SOON


@contextlib.contextmanager
def watched(url: str) -> Iterator[None]:
    """Ask again and again meanwhile; fails unless all answers but a few come soon."""
    took: list[float] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            before = time.monotonic()
            with contextlib.suppress(OSError):
                call(url, "eth_chainId")
                took.append(time.monotonic() - before)
            time.sleep(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(60)
    assert took
    assert sorted(took)[len(took) * 9 // 10] < SOON, took


def in_threads(work: Callable[[], None], times: int) -> None:
    """Run `work` on so many threads at once, and wait for all."""
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
