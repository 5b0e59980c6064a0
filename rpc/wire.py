"""What carries messages both ways: a WebSocket, or a Unix socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import Enum
from typing import Protocol


class Ending(Enum):
    """Why the server ends a connection; the values are close codes of RFC 6455."""

    DONE = 1000
    STOPPING = 1001
    """The node stops."""
    AT_FAULT = 1008
    """The client broke a bound, or lost what it was promised."""


class Wire(Protocol):
    """One client's connection, message by message."""

    def messages(self) -> AsyncIterator[bytes]:
        """Yield what the client sends until it ends, or until it sends what is no message."""

    async def send(self, message: bytes) -> None:
        """Send a message once there is room; raises `ConnectionError` when nobody is there."""

    async def close(self, ending: Ending, reason: str) -> None:
        """Say why, if there is something to say, and close."""
