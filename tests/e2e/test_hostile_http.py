"""Hostile clients over HTTP: each gets an answer or a clean end, and others are served."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devnets import Running, running
from tests.fuzz.mutation import mutated
from tests.hostility import (
    BODIES,
    CHAIN_ID,
    address_of,
    assert_serves,
    connected,
    everything,
    in_threads,
    request,
    watched,
)

pytestmark = pytest.mark.slow

CONNECTIONS = 60
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hostile")
    arguments = ["--max-connections", str(CONNECTIONS), "--body-seconds", "1"]
    with running(folder, [*arguments, "--idle-seconds", "2"]) as found:
        yield found
        assert found.process.poll() is None
        printed = "".join(path.read_text() for path in folder.glob("screen-*.txt"))
        assert "Traceback" not in printed


@pytest.fixture
def url(node: Running) -> Iterator[str]:
    yield node.l2_url
    assert_serves(node.l2_url)
    assert_serves(node.l1_url)


def posted(url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address_of(url), timeout=30)
    sent = {"Content-Type": "application/json", **headers}
    connection.request("POST", "/", body, sent)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_gets_an_error_that_says_so(url: str, name: str) -> None:
    body, code = BODIES[name]
    status, answer = posted(url, body)
    assert status == 200
    assert json.loads(answer)["error"]["code"] == code


def test_a_body_over_the_bound_is_told_the_flag(url: str) -> None:
    status, answer = posted(url, b" " * (6 * 1024 * 1024))
    assert status == 413
    assert b"--max-body-bytes" in answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example:9545"}, 403),
        ({"Host": "x" * 5_000}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
    ],
)
def test_what_a_foreign_page_could_send_is_refused(
    url: str, headers: dict[str, str], status: int
) -> None:
    assert posted(url, CHAIN_ID, **headers)[0] == status


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b"hello\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\n" * 10_000,
    ],
)
def test_what_is_no_http_is_refused_and_closed(url: str, data: bytes) -> None:
    with connected(url) as sock:
        try:
            sock.sendall(data)
            answer = everything(sock)
        except ConnectionError:
            answer = b""
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 408"))


@pytest.mark.parametrize("sent", [b"", b"P", HEAD, HEAD + b"Content-Length: 50\r\n\r\n{"])
def test_a_client_that_stops_in_the_middle_is_let_go(url: str, sent: bytes) -> None:
    with connected(url) as sock:
        sock.sendall(sent)
        before = time.monotonic()
        everything(sock)
        assert time.monotonic() - before < 15


def test_a_byte_now_and_then_does_not_keep_a_connection(url: str) -> None:
    with connected(url) as sock:
        sock.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        before = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - before < 15:
                sock.sendall(b"1")
                time.sleep(0.2)
        assert time.monotonic() - before < 15


def test_a_flood_of_silent_sockets_keeps_nobody_out(url: str) -> None:
    silent: list[socket.socket] = []
    try:
        with watched(url):
            for _ in range(5 * CONNECTIONS):
                silent.append(connected(url))
        assert_serves(url)
    finally:
        for sock in silent:
            sock.close()


def test_a_flood_of_connects_keeps_nobody_out(url: str) -> None:
    def flood() -> None:
        for _ in range(200):
            connected(url).close()

    with watched(url):
        in_threads(flood, 4)


def test_batches_that_answer_much_do_not_hold_up_others(url: str) -> None:
    body = b"[" + b",".join([request("eth_getBlockByNumber", "latest", True)] * 1_000) + b"]"

    def ask() -> None:
        for _ in range(3):
            status, answer = posted(url, body)
            assert status == 200
            assert len(json.loads(answer)) == 1_000

    with watched(url):
        in_threads(ask, 3)


def test_who_asks_much_and_reads_nothing_is_let_go(url: str) -> None:
    body = b"[" + b",".join([request("eth_getBlockByNumber", "latest", True)] * 1_000) + b"]"
    one = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    with watched(url), connected(url) as sock:
        sock.settimeout(2)
        before = time.monotonic()
        # Reset, or no room any more.
        with contextlib.suppress(OSError):
            while time.monotonic() - before < 20:
                sock.sendall(one)
        assert time.monotonic() - before < 20
    assert_serves(url)


def test_requests_that_are_sent_before_the_answers_come_are_answered_in_order(url: str) -> None:
    with connected(url) as sock:
        for number in range(100):
            body = request("eth_chainId", request_id=number)
            sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        answers = b""
        while answers.count(b'"id":') < 100:
            answers += sock.recv(65_536)
    ids = [int(part.split(b",")[0]) for part in answers.split(b'"id":')[1:]]
    assert ids == list(range(100))


def test_changed_requests_get_an_answer_or_an_end(url: str, tmp_path: Path) -> None:
    rng = random.Random(5)
    seeds = [
        HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        for body in (CHAIN_ID, request("eth_getLogs", {"fromBlock": "0x0", "topics": [None]}))
    ]
    for _ in range(300):
        data = mutated(rng, seeds, 2_000)
        with connected(url) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                answer = everything(sock)
            except OSError:
                continue
        assert not answer or answer.startswith(b"HTTP/1."), data
