"""A node of another chain that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.http_servers import Reply, answering


@dataclass
class FakeNode:
    """What it answers, by method; and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    """Result, or a function of the parameters."""
    faults: list[tuple[int, bytes]] = field(default_factory=list)
    """Status and body of the next answers, used up one by one."""
    headers: dict[str, str] = field(default_factory=dict)
    batches: bool = True
    url: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    requests: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)
    """HTTP headers of the requests."""

    def result(self, item: Any) -> dict[str, Any]:
        name, params = item["method"], item["params"]
        self.asked.append((name, params))
        if name not in self.answers:
            error = {"code": -32601, "message": f"no {name} here", "data": "0x12"}
            return {"jsonrpc": "2.0", "id": item["id"], "error": error}
        found = self.answers[name]
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found(*params)
        return {"jsonrpc": "2.0", "id": item["id"], "result": found}

    def reply(self, body: bytes) -> tuple[int, bytes]:
        self.requests += 1
        if self.faults:
            return self.faults.pop(0)
        document = json.loads(body)
        if not isinstance(document, list):
            return 200, json.dumps(self.result(document)).encode()
        if not self.batches:
            error = {"code": -32600, "message": "no batches"}
            return 200, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
        return 200, json.dumps([self.result(item) for item in reversed(document)]).encode()


@contextmanager
def running(node: FakeNode) -> Iterator[FakeNode]:
    def reply(body: bytes, headers: Mapping[str, str]) -> Reply:
        node.seen.append(dict(headers))
        return *node.reply(body), node.headers

    with answering(reply) as port:
        node.url = f"http://user:secret@127.0.0.1:{port}/v2/key"
        yield node
