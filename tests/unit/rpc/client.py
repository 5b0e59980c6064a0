"""Asks a dispatcher as a client would, and reads what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from byline.rpc.dispatch import Dispatcher
from byline.rpc.limits import Limits
from tests.unit.rpc.fakes import FakeNode, backend

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, but not for ever."""

    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(bounded())


def call_body(method: str, *params: Any, request_id: Any = 1) -> bytes:
    document = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}
    return json.dumps(document).encode()


@dataclass
class Client:
    """A dispatcher over a fake node."""

    node: FakeNode
    dispatcher: Dispatcher

    async def answer(self, method: str, *params: Any) -> dict[str, Any]:
        answer = json.loads(await self.dispatcher.handle(call_body(method, *params)))
        assert isinstance(answer, dict)
        return answer

    async def result(self, method: str, *params: Any) -> Any:
        answer = await self.answer(method, *params)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    async def error(self, method: str, *params: Any) -> dict[str, Any]:
        answer = await self.answer(method, *params)
        assert "error" in answer, answer
        found = answer["error"]
        assert isinstance(found, dict)
        return found


def client(limits: Limits | None = None, *, rollup: bool = True, **options: Any) -> Client:
    node = FakeNode()
    made = Dispatcher(backend(node, rollup=rollup), limits=limits, **options)
    return Client(node, made)
