"""HTTP with patience and bounds: what both kinds of L1 node are asked through.

What may pass by itself (no connection, a time-out, HTTP 429 or 5xx, a body that is no
JSON) is tried again with growing pauses, and then is `Temporary`.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from byline.derivation.errors import Temporary
from byline.node.errors import BadL1Answer
from byline.node.http_words import words_of

ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 0.1
"""Seconds before the second attempt; each further pause is twice as long."""
TIMEOUT_SECONDS: Final = 30.0
MAX_ANSWER: Final = 256 << 20
"""Bytes of one answer; a full L1 block with its receipts has a few MB."""
_BUSY: Final = frozenset({408, 425, 429})


class NotThere(Exception):
    """HTTP 404: the server does not have it."""


class Transport:
    """One server; an async context manager."""

    def __init__(
        self, url: str, *, attempts: int = ATTEMPTS, first_pause: float = FIRST_PAUSE
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            # It is not repeated, as it may hold a key.
            raise BadL1Answer("that is no URL of an L1 node: want http://HOST:PORT")
        self._url = url.rstrip("/")
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        """The server without path and password, which often are a key; for messages."""
        self._attempts = attempts
        self._first_pause = first_pause
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Transport:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, document: Any) -> Any:
        """Send JSON to the URL itself and return the JSON that comes back."""
        return await self._patiently("POST", "", document)

    async def get(self, path: str) -> Any:
        """Return the JSON at `path`; raises `NotThere`."""
        return await self._patiently("GET", path, None)

    async def _patiently(self, method: str, path: str, document: Any) -> Any:
        pause = self._first_pause
        for attempt in range(1, self._attempts + 1):
            try:
                return await self._once(method, path, document)
            except (aiohttp.ClientError, TimeoutError, Temporary) as exc:
                if attempt == self._attempts:
                    # What caused it may hold the URL, which a traceback would show.
                    raise Temporary(
                        f"{self.name} does not answer after {attempt} attempts: {words_of(exc)}"
                    ) from None
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("attempts is at least 1")

    async def _once(self, method: str, path: str, document: Any) -> Any:
        assert self._session is not None, "use it as a context manager"
        async with self._session.request(method, self._url + path, json=document) as answer:
            if answer.status == 404:
                raise NotThere(f"{self.name}{path.partition('?')[0]}")
            if answer.status in _BUSY or answer.status >= 500:
                raise Temporary(f"HTTP {answer.status}")
            body = await _read(answer)
            if answer.status != 200:
                raise BadL1Answer(
                    f"{self.name} refuses with HTTP {answer.status}: {body[:200]!r}; "
                    "check the URL and its key"
                )
        try:
            return orjson.loads(body)
        except (ValueError, RecursionError) as exc:
            raise Temporary(f"the answer is no JSON: {exc}") from exc


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise BadL1Answer(f"{answer.url.host} answers more than {MAX_ANSWER} bytes")
    return b"".join(parts)
