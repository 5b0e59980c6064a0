"""The server on a real Unix socket."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from byline.rpc.dispatch import Dispatcher
from byline.rpc.ipc import IpcServer
from byline.rpc.limits import Limits
from tests.unit.rpc.client import call_body, run
from tests.unit.rpc.fakes import CHAIN_ID, FakeNode, backend


@pytest.fixture
def path() -> Iterator[Path]:
    """A path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="ipc") as folder:
        yield Path(folder) / "node.ipc"


@dataclass
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self) -> Any:
        return json.loads(await self.reader.readline())

    async def ask(self, method: str, *params: Any) -> Any:
        self.writer.write(call_body(method, *params))
        return (await self.read())["result"]


@dataclass
class Served:
    dispatcher: Dispatcher
    path: Path

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            yield Line(reader, writer)
        finally:
            writer.close()


def served(
    path: Path, work: Callable[[Served], Awaitable[None]], limits: Limits | None = None
) -> None:
    async def whole() -> None:
        dispatcher = Dispatcher(backend(FakeNode()), limits=limits)
        feeding = asyncio.create_task(dispatcher.feed.run())
        async with IpcServer(dispatcher, path):
            await work(Served(dispatcher, path))
        feeding.cancel()

    run(whole())


def test_requests_without_anything_between_are_answered_a_line_each(path: Path) -> None:
    async def work(found: Served) -> None:
        async with found.line() as line:
            line.writer.write(b"".join(call_body("eth_chainId", request_id=i) for i in range(3)))
            answers = [await line.read() for _ in range(3)]
        assert sorted(one["id"] for one in answers) == [0, 1, 2]
        assert {one["result"] for one in answers} == {hex(CHAIN_ID)}

    served(path, work)


def test_a_request_may_come_byte_by_byte(path: Path) -> None:
    async def work(found: Served) -> None:
        async with found.line() as line:
            for byte in call_body("eth_chainId"):
                line.writer.write(bytes([byte]))
                await line.writer.drain()
            assert (await line.read())["result"] == hex(CHAIN_ID)

    served(path, work)


def test_who_only_sends_and_then_reads_gets_every_answer(path: Path) -> None:
    async def work(found: Served) -> None:
        async with found.line() as line:
            line.writer.write(call_body("eth_chainId") * 50)
            line.writer.write_eof()
            lines = (await line.reader.read()).splitlines()
        assert len(lines) == 50

    served(path, work)


def test_subscriptions_work_as_over_websocket(path: Path) -> None:
    async def work(found: Served) -> None:
        async with found.line() as line:
            name = await line.ask("eth_subscribe", "newHeads")
            line.writer.write(call_body("evm_mine"))
            messages = [await line.read(), await line.read()]
            note = next(one for one in messages if "method" in one)
            assert note["params"]["subscription"] == name
            assert "id" not in note
        async with found.line() as other:
            assert await other.ask("eth_chainId") == hex(CHAIN_ID)

    served(path, work)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"hello\n", "parse error"),
        (b"\xff\xfe", "parse error"),
        (b"[" * 5000, "nested deeper"),
        (b'{"a":"' + b"x" * 20_000, "message too large"),
    ],
)
def test_what_is_no_stream_of_json_gets_an_error_and_the_end(
    path: Path, sent: bytes, words: str
) -> None:
    async def work(found: Served) -> None:
        async with found.line() as line:
            line.writer.write(sent)
            answer = await line.read()
            assert answer["id"] is None
            assert words in answer["error"]["message"]
            assert await line.reader.read() == b""

    served(path, work, Limits(websocket_message_bytes=10_000))


def test_a_connection_too_many_is_told_so(path: Path) -> None:
    async def work(found: Served) -> None:
        async with found.line() as first, found.line() as second:
            assert await first.ask("eth_chainId") == hex(CHAIN_ID)
            assert "--max-connections" in (await second.read())["error"]["message"]
            assert await second.reader.read() == b""
            assert await first.ask("eth_chainId") == hex(CHAIN_ID)

    served(path, work, Limits(connections=1))


def test_nobody_else_may_connect_and_nothing_stays_behind(path: Path) -> None:
    async def work(found: Served) -> None:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600

    served(path, work)
    assert not path.exists()


def test_a_socket_nobody_listens_at_is_replaced(path: Path) -> None:
    old = socket.socket(socket.AF_UNIX)
    old.bind(str(path))
    old.close()

    async def work(found: Served) -> None:
        async with found.line() as line:
            assert await line.ask("eth_chainId") == hex(CHAIN_ID)

    served(path, work)


def test_a_socket_somebody_listens_at_is_left_alone(path: Path) -> None:
    async def work(found: Served) -> None:
        with pytest.raises(OSError, match="somebody listens"):
            await IpcServer(found.dispatcher, path).__aenter__()
        async with found.line() as line:
            assert await line.ask("eth_chainId") == hex(CHAIN_ID)

    served(path, work)


def test_a_file_is_left_alone(path: Path) -> None:
    path.write_text("mine")

    async def work(found: Served) -> None:
        raise AssertionError("it listens")

    with pytest.raises(FileExistsError, match="something else than a socket"):
        served(path, work)
    assert path.read_text() == "mine"


def test_stopping_tells_the_connections_why(path: Path) -> None:
    async def whole() -> None:
        dispatcher = Dispatcher(backend(FakeNode()))
        async with IpcServer(dispatcher, path):
            reader, writer = await asyncio.open_unix_connection(str(path))
            line = Line(reader, writer)
            assert await line.ask("eth_chainId") == hex(CHAIN_ID)
        assert (await line.read())["error"]["message"] == "the node is stopping"
        writer.close()

    run(whole())
