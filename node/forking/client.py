"""JSON-RPC to the node of another chain, from threads that execute and from tasks.

An event loop of its own, on a thread of its own, does the waiting, so that an execution can
wait for an account while the node serves others.  What may pass by itself (no connection, a
time-out, HTTP 429 and 5xx, a limit that JSON-RPC tells of, a body that is no JSON) is tried
again with growing pauses; `Retry-After` is heeded as far as the time-out allows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import aiohttp
import orjson

from byline.node.forking.errors import ForkError, ForkRefusal
from byline.node.forking.place import Place
from byline.node.http_words import MOST_SHOWN, words_of
from byline.node.messages.visible import visible

T = TypeVar("T")

MOST_BYTES: Final = 64 << 20
"""Of one answer; a block with 1,000 transactions has about 2 MB."""
MOST_AT_ONCE: Final = 16
"""Requests that are under way at a time."""
LONGEST_PAUSE: Final = 10.0
"""Seconds between two attempts."""
_BUSY: Final = frozenset({408, 425, 429})
_LIMITED: Final = frozenset({-32005, 429, -32097})
"""JSON-RPC codes of nodes that were asked too often (EIP-1474, and providers' own)."""
_LIMIT_WORDS: Final = ("rate limit", "too many requests", "compute units", "capacity exceeded")

Call = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a node is waited for."""

    retries: int = 5
    """Attempts after the first."""
    pause: float = 0.25
    """Seconds before the second attempt; each further pause is twice as long."""
    timeout: float = 30.0
    """Seconds for one attempt."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP headers of every request."""


class _Busy(Exception):
    """Worth another attempt, after `pause` seconds if the node says so."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class ForkClient:
    """One node; `close` ends its thread.  Any thread may ask."""

    def __init__(self, place: Place, patience: Patience | None = None) -> None:
        self.place = place
        self._patience = patience or Patience()
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._gate: asyncio.Semaphore | None = None
        self._batches = True
        self._thread = threading.Thread(target=self._loop.run_forever, name="fork", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the connections and the thread; whoever waits gets a `ForkError`."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Return a result; blocks the thread, so not for the event loop.

        Raises `ForkError`, or `ForkRefusal` for an error that the node answers.
        """
        return self._wait(self._one((method, params)))

    def ask_all(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of several calls, in one request where the node takes that."""
        return self._wait(self._many(calls))

    async def answer(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Return a result, for tasks of any event loop; raises as `ask` does."""
        future = asyncio.run_coroutine_threadsafe(self._one((method, params)), self._loop)
        return await asyncio.wrap_future(future)

    def fault(self, why: str) -> ForkError:
        """Return an error that names the node."""
        at = "" if self.place.block is None else f" (block {self.place.block})"
        return ForkError(f"fork of {self.place.name}{at}: {why}")

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise self.fault("the node is stopping")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except CancelledError as exc:
            raise self.fault("the node is stopping") from exc

    # -- on the loop of its own --------------------------------------------------------

    async def _end(self) -> None:
        this = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not this]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _one(self, call: Call) -> Any:
        return self._result(call, await self._post(_request(0, call)))

    async def _many(self, calls: Sequence[Call]) -> list[Any]:
        if self._batches and len(calls) > 1:
            answers = await self._post([_request(i, call) for i, call in enumerate(calls)])
            found = _by_id(answers, len(calls))
            if found is not None:
                return [self._result(call, one) for call, one in zip(calls, found, strict=True)]
            self._batches = False
        return list(await asyncio.gather(*(self._one(call) for call in calls)))

    def _result(self, call: Call, answer: Any) -> Any:
        if not isinstance(answer, dict):
            raise self.fault(f"{call[0]} is answered with {_short(answer)}, want an object")
        error = answer.get("error")
        if error is None:
            if "result" not in answer:
                raise self.fault(f"{call[0]} is answered with neither result nor error")
            return answer["result"]
        fields = error if isinstance(error, dict) else {"message": str(error)}
        code, message = fields.get("code"), str(fields.get("message", "unknown error"))
        text = str(self.fault(f"{call[0]} is refused: {visible(message, MOST_SHOWN)}"))
        raise ForkRefusal(
            text, code if isinstance(code, int) else -32000, message, fields.get("data")
        )

    async def _post(self, document: Any) -> Any:
        """Send JSON and return the JSON that comes back, after as many attempts as it takes."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._patience.timeout)
            self._session = aiohttp.ClientSession(
                timeout=timeout, headers=dict(self._patience.headers), trust_env=True
            )
            self._gate = asyncio.Semaphore(MOST_AT_ONCE)
        assert self._gate is not None
        pause = self._patience.pause
        for attempt in range(1, self._patience.retries + 2):
            asked = 0.0
            try:
                async with self._gate:
                    return await self._once(self._session, document)
            except (aiohttp.ClientError, OSError, TimeoutError, _Busy) as exc:
                if attempt > self._patience.retries:
                    times = f"{attempt} attempts" if attempt > 1 else "1 attempt"
                    # What caused it may hold the URL, which a traceback would show.
                    raise self.fault(f"no answer after {times}: {words_of(exc)}") from None
                asked = exc.pause if isinstance(exc, _Busy) else 0.0
            await asyncio.sleep(min(max(pause, asked), LONGEST_PAUSE, self._patience.timeout))
            pause *= 2
        raise AssertionError("there is at least one attempt")

    async def _once(self, session: aiohttp.ClientSession, document: Any) -> Any:
        async with session.post(self.place.url, json=document) as answer:
            if answer.status in _BUSY or answer.status >= 500:
                raise _Busy(f"HTTP {answer.status}", _seconds(answer.headers.get("Retry-After")))
            body = await self._read(answer)
        try:
            found = orjson.loads(body)
        except (ValueError, RecursionError) as exc:
            if answer.status >= 400:
                raise self._refused(answer.status, body) from exc
            raise _Busy(f"the answer is no JSON: {exc}") from exc
        if answer.status >= 400 and not (isinstance(found, dict) and "error" in found):
            raise self._refused(answer.status, body)
        for one in found if isinstance(found, list) else [found]:
            if _is_limit(one):
                raise _Busy(f"it limits requests: {_short(one['error'])}")
        return found

    def _refused(self, status: int, body: bytes) -> ForkError:
        return self.fault(f"HTTP {status}: {body[:200]!r}; check the URL and its key")

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in answer.content.iter_chunked(1 << 16):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise self.fault(f"an answer has more than {MOST_BYTES} bytes")
        return b"".join(parts)


def _request(number: int, call: Call) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": list(call[1])}


def _by_id(answers: Any, count: int) -> list[Any] | None:
    """Return the answers of a batch in order; `None` where the node takes no batches."""
    if not isinstance(answers, list):
        return None
    objects = [one for one in answers if isinstance(one, dict)]
    found = {one["id"]: one for one in objects if isinstance(one.get("id"), int)}
    if any(number not in found for number in range(count)):
        return None
    return [found[number] for number in range(count)]


def _is_limit(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return False
    code, words = error.get("code"), str(error.get("message", "")).lower()
    limited = isinstance(code, int) and code in _LIMITED
    return limited or any(limit in words for limit in _LIMIT_WORDS)


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0


def _short(value: Any) -> str:
    return repr(value)[:200]
