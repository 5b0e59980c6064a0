"""The lean client reads what servers send, and says when it is nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from byline.node.bench.wire import NoAnswer, Wire
from byline.node.client import CallFailed


@contextmanager
def server(*answers: list[bytes]) -> Iterator[int]:
    """Serve one connection for each of `answers`, which answers that often and then closes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for each in answers:
            connection, _ = listening.accept()
            with connection:
                for answer in each:
                    read(connection)
                    # Byte by byte: an answer may come in any pieces.
                    for byte in answer:
                        connection.send(bytes([byte]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        thread.join(10)
        listening.close()
        assert not thread.is_alive()


def read(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(4096)
    json.loads(body)


def plain(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


RESULT = '{"jsonrpc":"2.0","id":1,"result":"0x10"}'


def test_one_connection_serves_many_calls() -> None:
    with server([plain(RESULT), plain(RESULT)]) as port, Wire(port) as wire:
        assert wire.call("eth_blockNumber") == "0x10"
        assert wire.number("eth_blockNumber") == 16


def test_chunks_are_joined() -> None:
    head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = f"a\r\n{RESULT[:10]}\r\n{len(RESULT) - 10:x};x=y\r\n{RESULT[10:]}\r\n0\r\n\r\n"
    with server([(head + body).encode(), plain(RESULT)]) as port, Wire(port) as wire:
        assert wire.call("eth_blockNumber") == "0x10"
        assert wire.call("eth_blockNumber") == "0x10"


def test_a_connection_that_was_closed_while_idle_is_opened_anew() -> None:
    with server([plain(RESULT)], [plain(RESULT)]) as port, Wire(port) as wire:
        assert wire.call("eth_blockNumber") == "0x10"
        assert wire.call("eth_blockNumber") == "0x10"


def test_a_batch_is_put_into_the_order_of_its_requests() -> None:
    replies = '[{"id":1,"result":"b"},{"id":0,"result":"a"}]'
    with server([plain(replies)]) as port, Wire(port) as wire:
        assert wire.batch("eth_sendRawTransaction", ["x", "y"]) == ["a", "b"]


def test_a_batch_that_is_not_all_answered_is_refused() -> None:
    part = plain('[{"id":0,"result":"a"}]')
    refused = pytest.raises(NoAnswer, match="2 requests in a batch")
    with server([part]) as port, Wire(port) as wire, refused:
        wire.batch("eth_sendRawTransaction", ["x", "y"])


def test_an_error_is_raised_with_its_code() -> None:
    error = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}'
    with server([plain(error)]) as port, Wire(port) as wire:
        with pytest.raises(CallFailed, match="nonce too low") as caught:
            wire.call("eth_sendRawTransaction", "0x")
        assert caught.value.code == -32000


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "without a length"),
        (plain("no JSON"), "answers no JSON"),
        (plain("[]"), "no JSON-RPC reply"),
    ],
)
def test_what_is_no_answer_is_an_error(answer: bytes, words: str) -> None:
    with server([answer]) as port, Wire(port) as wire, pytest.raises(NoAnswer, match=words):
        wire.call("eth_blockNumber")


def test_nobody_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Wire(port) as wire, pytest.raises(NoAnswer, match="does not answer"):
        wire.call("eth_blockNumber")


def test_what_is_asked_may_be_answered_later() -> None:
    with server([plain(RESULT), plain(RESULT)]) as port, Wire(port) as wire:
        request = wire.request(b"{}")
        wire.ask(request)
        assert wire.fileno() > 0
        assert wire.answer() == RESULT.encode()
        assert wire.call("eth_blockNumber") == "0x10"


def test_another_connection_goes_to_the_same_server() -> None:
    with server([plain(RESULT)], [plain(RESULT)]) as port, Wire(port) as wire:
        assert wire.call("eth_blockNumber") == "0x10"
        wire.close()
        with wire.another() as other:
            assert other.call("eth_blockNumber") == "0x10"
