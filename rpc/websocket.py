"""Messages over a WebSocket (RFC 6455)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import WSMsgType, web

from byline.rpc.wire import Ending

HEARTBEAT: Final = 30.0
"""Seconds between pings; who does not answer one in half that time is gone."""
_FAREWELL: Final = 1.0
"""Seconds that the client gets to answer a close frame."""
_LONGEST_REASON: Final = 120
"""Bytes; a close frame holds 123 (RFC 6455, section 5.5)."""


class WebSocketWire:
    """Implements `byline.rpc.wire.Wire`; `open` must come first."""

    def __init__(self, most_bytes: int) -> None:
        self.response = web.WebSocketResponse(
            max_msg_size=most_bytes, heartbeat=HEARTBEAT, compress=False, timeout=_FAREWELL
        )

    async def open(self, request: web.BaseRequest) -> None:
        """Shake hands; raises aiohttp's errors for what is no handshake."""
        await self.response.prepare(request)

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield texts and binary messages until either side closes."""
        async for message in self.response:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            body = message.data
            yield body.encode() if isinstance(body, str) else body

    async def send(self, message: bytes) -> None:
        """Send a text once there is room."""
        await self.response.send_frame(message, WSMsgType.TEXT)

    async def close(self, ending: Ending, reason: str) -> None:
        """Send a close frame with the reason."""
        await self.response.close(code=ending.value, message=reason.encode()[:_LONGEST_REASON])
