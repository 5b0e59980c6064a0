"""Asking the node of another chain, which may be busy, away, or wrong."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Iterator

import pytest

from byline.node.errors import ConfigError
from byline.node.forking.client import ForkClient, Patience
from byline.node.forking.errors import ForkError, ForkRefusal
from byline.node.forking.place import Place, read_headers, read_place
from tests.unit.node.forking.fake_node import FakeNode, running

QUICK = Patience(retries=2, pause=0.001, timeout=2.0, headers={"x-key": "k"})


@pytest.fixture
def node() -> Iterator[FakeNode]:
    with running(FakeNode({"eth_chainId": "0xa"})) as found:
        yield found


@pytest.fixture
def client(node: FakeNode) -> Iterator[ForkClient]:
    found = ForkClient(Place(node.url, 7), QUICK)
    yield found
    found.close()


def test_threads_and_tasks_get_the_answer_with_headers(node: FakeNode, client: ForkClient) -> None:
    assert client.ask("eth_chainId") == "0xa"
    assert asyncio.run(client.answer("eth_chainId")) == "0xa"
    assert node.seen[0]["x-key"] == "k"
    assert node.seen[0]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "fault",
    [
        (429, b"slow down"),
        (500, b""),
        (503, b"{}"),
        (200, b"<html>"),
        (200, b'{"id":0,"error":{"code":-32005,"message":"limit exceeded"}}'),
        (200, b'{"id":0,"error":{"code":-32000,"message":"Too Many Requests"}}'),
    ],
)
def test_what_may_pass_is_tried_again(
    node: FakeNode, client: ForkClient, fault: tuple[int, bytes]
) -> None:
    node.faults = [fault, fault]
    assert client.ask("eth_chainId") == "0xa"
    assert node.requests == 3
    node.faults = [fault] * 3
    with pytest.raises(ForkError, match="no answer after 3 attempts") as error:
        client.ask("eth_chainId")
    assert "(block 7)" in str(error.value)
    assert "secret" not in str(error.value)
    assert "key" not in str(error.value)


def test_a_pause_that_the_node_asks_for_is_made(node: FakeNode, client: ForkClient) -> None:
    node.headers = {"retry-after": "0.3"}
    node.faults = [(429, b"")]
    before = asyncio.run(_timed(client))
    assert 0.25 < before < 1.5


async def _timed(client: ForkClient) -> float:
    loop = asyncio.get_running_loop()
    since = loop.time()
    await client.answer("eth_chainId")
    return loop.time() - since


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_will_not_pass_is_told_at_once(
    node: FakeNode, client: ForkClient, status: int
) -> None:
    node.faults = [(status, b"no such key")]
    with pytest.raises(ForkError, match=f"HTTP {status}.*no such key.*check the URL"):
        client.ask("eth_chainId")
    assert node.requests == 1


def test_an_error_of_the_node_keeps_code_and_data(client: ForkClient) -> None:
    with pytest.raises(ForkRefusal, match="eth_x is refused: no eth_x here") as error:
        client.ask("eth_x", [1])
    assert (error.value.code, error.value.message, error.value.data) == (
        -32601,
        "no eth_x here",
        "0x12",
    )


def test_several_calls_go_in_one_request_where_the_node_takes_that(
    node: FakeNode, client: ForkClient
) -> None:
    node.answers["eth_echo"] = lambda value: value
    calls = [("eth_echo", [index]) for index in range(5)]
    assert client.ask_all(calls) == list(range(5))
    assert node.requests == 1
    node.batches = False
    assert client.ask_all(calls) == list(range(5))
    assert client.ask_all(calls) == list(range(5))
    assert node.requests == 1 + 1 + 5 + 5


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b'{"id": 0}', b"null"])
def test_an_answer_that_is_none_is_told(node: FakeNode, client: ForkClient, body: bytes) -> None:
    node.faults = [(200, body)]
    with pytest.raises(ForkError, match="eth_chainId is answered with"):
        client.ask("eth_chainId")


@pytest.mark.parametrize(
    "answer",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: ?again\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: ftp://x/v3/secret\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: http://[v3/secret\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
    ],
)
def test_no_answer_makes_an_error_tell_the_secrets_of_the_url(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(answer)
        writer.close()

    async def run() -> str:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://user:password@127.0.0.1:{port}/v3/secret?token=secret"
        client = ForkClient(Place(url), Patience(0, 0.0, 5.0))
        with pytest.raises(ForkError, match="no answer after 1 attempt") as error:
            await client.answer("eth_chainId")
        await asyncio.to_thread(client.close)
        server.close()
        return "".join(traceback.format_exception(error.value))

    told = asyncio.run(run())
    assert "secret" not in told
    assert "password" not in told


def test_what_a_node_says_cannot_command_a_terminal(node: FakeNode, client: ForkClient) -> None:
    node.faults = [(200, b'{"id":0,"error":{"code":1,"message":"\\u001b[2Jno\\n\\u202e"}}')]
    with pytest.raises(ForkRefusal) as error:
        client.ask("eth_chainId")
    assert str(error.value).endswith("is refused: \\x1b[2Jno\\n\\u202e")


@pytest.mark.parametrize("code", [b"[]", b"{}", b'"x"', b"null"])
def test_an_error_code_of_any_type_is_an_error(
    node: FakeNode, client: ForkClient, code: bytes
) -> None:
    node.faults = [(200, b'{"id":0,"error":{"code":' + code + b',"message":"no"}}')]
    with pytest.raises(ForkRefusal, match="is refused: no") as error:
        client.ask("eth_chainId")
    assert error.value.code == -32000


def test_a_batch_whose_answers_have_other_ids_counts_as_none(
    node: FakeNode, client: ForkClient
) -> None:
    node.faults = [(200, b'[{"id":[],"result":"0x1"},{"id":{},"result":"0x2"}]')]
    assert client.ask_all([("eth_chainId", []), ("eth_chainId", [])]) == ["0xa", "0xa"]


def test_nobody_at_the_port_is_told_with_the_name_of_the_node() -> None:
    client = ForkClient(Place("http://user:secret@127.0.0.1:9/key"), QUICK)
    with pytest.raises(ForkError, match=r"fork of http://127.0.0.1:9: no answer after 3"):
        client.ask("eth_chainId")
    client.close()
    with pytest.raises(ForkError, match="stopping"):
        client.ask("eth_chainId")


def test_an_attempt_takes_no_longer_than_it_may() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = ForkClient(Place(f"http://127.0.0.1:{port}"), Patience(0, 0.0, 0.1))
        with pytest.raises(ForkError, match="no answer after 1 attempt: Timeout"):
            await client.answer("eth_chainId")
        await asyncio.to_thread(client.close)
        server.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("text", "url", "block"),
    [
        ("http://a:1", "http://a:1", None),
        ("http://a:1@5", "http://a:1", 5),
        ("https://u:p@a/k@-3", "https://u:p@a/k", -3),
        ("https://u:p@a/k", "https://u:p@a/k", None),
    ],
)
def test_a_place_is_a_url_and_a_block(text: str, url: str, block: int | None) -> None:
    assert read_place("fork_url", text) == Place(url, block)


def test_a_place_that_is_none_is_refused_without_its_secrets() -> None:
    for text in ("ws://a", "a:1", "http://", "http://a:99999"):
        with pytest.raises(ConfigError, match="fork_url: want http"):
            read_place("fork_url", text)
    with pytest.raises(ConfigError, match="names block 5"):
        read_place("fork_url", "http://a@5", 6)
    assert Place("https://u:secret@host:1/key?token=x").name == "https://host:1"


def test_headers_are_read_line_by_line_and_not_repeated_in_errors() -> None:
    assert read_headers("fork_header", "A: b\nC: d: e\n") == {"A": "b", "C": "d: e"}
    with pytest.raises(ConfigError, match="want 'Name: value'") as error:
        read_headers("fork_header", "secret")
    assert "secret" not in str(error.value)
    assert json.dumps(read_headers("fork_header", None)) == "{}"
