"""A node of another chain that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            node.seen.append(dict(self.headers.items()))
            status, answer = node.reply(body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            for name, value in node.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    node.url = f"http://user:secret@127.0.0.1:{server.server_port}/v2/key"
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
