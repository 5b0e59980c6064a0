"""Bytes in, bytes out: single requests, batches, notifications, and every error.

`Dispatcher.handle` never raises: whatever a method does not foresee becomes an internal
error with an id that is also in the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from byline.rpc import request_log
from byline.rpc.backend import Backend
from byline.rpc.errors import (
    InvalidRequest,
    ResponseTooLarge,
    RpcError,
    as_rpc_error,
    unknown_method,
)
from byline.rpc.feed import Feed
from byline.rpc.filters import Filters
from byline.rpc.limits import Limits, flag
from byline.rpc.method import Context, Method
from byline.rpc.namespaces import methods as methods_of
from byline.rpc.nearest import Nearest
from byline.rpc.protocol import check_request, decode, encode_error, encode_result, id_of
from byline.rpc.senders import Senders
from byline.rpc.subscriptions import Opened
from byline.rpc.turns import Turn, in_turns


class Dispatcher:
    """Answers for one backend; shared by all connections of a port."""

    def __init__(
        self,
        backend: Backend,
        *,
        limits: Limits | None = None,
        methods: Mapping[str, Method] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self.feed = Feed(backend.events, backend.chain)
        self.filters = Filters(clock, self.limits)
        self.feed.add(self.filters)
        self._backend = backend
        self._methods = methods_of(backend) if methods is None else methods
        self._nearest = Nearest(self._methods)
        self._senders = Senders()
        self._context = self.context(None)

    def context(self, opened: Opened | None) -> Context:
        """Return what methods get; `opened` is for the messages of a WebSocket."""
        return Context(
            self._backend,
            self.feed,
            self.filters,
            self.limits,
            self._methods,
            self._senders,
            opened,
        )

    async def handle(self, body: bytes, context: Context | None = None) -> bytes:
        """Answer a request or a batch; empty when only notifications came."""
        try:
            message = decode(body, self.limits.json_values)
        except RpcError as exc:
            return encode_error(None, exc)
        context = context or self._context
        if type(message) is list:
            return await self._batch(message, context)
        return await self._answer(message, context)

    async def _answer(self, item: Any, context: Context) -> bytes:
        if not request_log.wanted():
            return await self._answered(item, context)
        started = time.perf_counter()
        answer = await self._answered(item, context)
        request_log.tell(self._backend.name, item, answer, time.perf_counter() - started)
        return answer

    async def _answered(self, item: Any, context: Context) -> bytes:
        request_id = id_of(item)
        try:
            check_request(item)
            name = item["method"]
            method = self._methods.get(name)
            if method is None:
                raise unknown_method(name, self._methods, self._nearest.to(name))
            result = await method.run(context, *method.arguments(item.get("params")))
            if type(result) is dict or type(result) is list:
                result = await in_turns(result)
            answer = encode_result(request_id, result)
        except RpcError as exc:
            answer = encode_error(request_id, exc)
        except Exception as exc:
            answer = encode_error(request_id, as_rpc_error(exc))
        return b"" if _is_notification(item) else answer

    async def _batch(self, items: list[Any], context: Context) -> bytes:
        if not items:
            return encode_error(None, InvalidRequest("empty batch"))
        if len(items) > self.limits.batch_items:
            words = f"batch too large: {len(items)} requests, want at most"
            most = f"{self.limits.batch_items} ({flag('batch_items')})"
            return encode_error(None, InvalidRequest(f"{words} {most}"))
        answers: list[bytes] = []
        left = self.limits.batch_response_bytes
        turn = Turn()
        for item in items:
            await turn.give_way()
            answer = await self._answer(item, context) if left > 0 else self._no_room(item)
            left -= len(answer)
            if left < 0:
                answer = self._no_room(item)
            if answer:
                answers.append(answer)
        return b"[" + b",".join(answers) + b"]" if answers else b""

    def _no_room(self, item: Any) -> bytes:
        if _is_notification(item):
            return b""
        most = self.limits.batch_response_bytes
        words = f"a batch's answers may have {most} bytes ({flag('batch_response_bytes')})"
        error = ResponseTooLarge("response too large", words)
        return encode_error(id_of(item), error)


def _is_notification(item: Any) -> bool:
    """Tell whether `item` is a well-formed request without an id; those get no answer."""
    return (
        type(item) is dict
        and "id" not in item
        and item.get("jsonrpc") == "2.0"
        and type(item.get("method")) is str
    )
