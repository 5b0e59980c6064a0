"""Requests in masses are all asked and all answered, and errors are none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from byline.node.bench import calls
from byline.node.bench.peers import Peer
from byline.node.bench.process import Server
from byline.node.bench.seats import Seat, body
from byline.node.bench.transactions import Purse
from byline.node.bench.wire import Wire


class Counting(ThreadingHTTPServer):
    """Answers every request with its method, and counts them."""

    daemon_threads = True
    seen: list[object]
    error = False
    connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append(message)
        many = message if isinstance(message, list) else [message]
        key, value = (
            ("error", {"code": 1, "message": "no"}) if self.server.error else ("result", "0x1")
        )
        replies = [{"jsonrpc": "2.0", "id": one["id"], key: value} for one in many]
        answer = json.dumps(replies if isinstance(message, list) else replies[0]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting(("127.0.0.1", 0), Handler) as found:
        found.seen = []
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join(10)


@pytest.fixture
def seat(server: Counting) -> Iterator[Seat]:
    with Wire(server.server_address[1]) as wire:
        peer = Peer("counting", lambda *_: [])
        process = Server(peer, 1, wire, 0.0, 0)
        found = Seat("counting", process, wire, Purse(901), {"eth_chainId": body("eth_chainId")})
        yield found


ASKED = body("eth_chainId")


def test_one_by_one_is_one_request_each(seat: Seat, server: Counting) -> None:
    with seat.opened(1) as wires:
        server.seen.clear()
        assert calls._one_by_one(wires, ASKED, 7) == 7
    assert [one["method"] for one in server.seen] == ["eth_chainId"] * 7  # type: ignore[index]
    assert server.connections == 1


def test_batches_hold_as_many_as_they_say(seat: Seat, server: Counting) -> None:
    with seat.opened(1) as wires:
        server.seen.clear()
        assert calls._batches(wires, ASKED, 250) == 200
    assert [len(one) for one in server.seen] == [100, 100]  # type: ignore[arg-type]


def test_masses_are_all_answered_on_connections_that_were_open(
    seat: Seat, server: Counting
) -> None:
    with seat.opened(8) as wires:
        assert server.connections == 8
        server.seen.clear()
        assert calls._in_flight(wires, ASKED, 100) == 100
    assert len(server.seen) == 100
    assert server.connections == 8


def test_transfers_are_new_ones_in_every_turn(seat: Seat) -> None:
    make = calls._maker(seat, calls.SEND, 3)
    assert make is not None
    requests = make() + make()
    assert len(set(requests)) == 6
    assert all(b"eth_sendRawTransaction" in request for request in requests)


def test_what_a_server_refuses_has_no_line(seat: Seat) -> None:
    assert calls._maker(seat, "debug_traceTransaction", 3) is None
    assert calls._in_turn([seat], "debug_traceTransaction", 2) == []
    (line,) = calls._in_turn([seat], "eth_chainId", 2)
    assert line.who == "counting"
    assert line.figures[0]


def test_an_error_ends_the_measurement(seat: Seat, server: Counting) -> None:
    for work in (calls._one_by_one, calls._in_flight, calls._batches):
        server.error = False
        with seat.opened(2) as wires:
            server.error = True
            with pytest.raises(RuntimeError, match="an answer that is an error"):
                work(wires, ASKED, 100)
