"""Servers are watched while they run, and gone afterwards."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from byline.node.bench.peers import Peer
from byline.node.bench.process import Stretch, free_ports, serving
from byline.node.errors import NodeError

ANSWERS = """
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        end = time.process_time() + (0.2 if b"work" in body else 0)
        while time.process_time() < end:
            pass
        self.send_response(200)
        self.send_header("content-length", "17")
        self.end_headers()
        self.wfile.write(b'{"result":"0x01"}')
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def small_server() -> Peer:
    return Peer("small", lambda port, _, __: [sys.executable, "-c", ANSWERS, str(port)])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_time_and_memory_are_the_servers() -> None:
    with serving(small_server()) as server:
        stretch = Stretch(server)
        assert server.wire.call("work") == "0x01"
        spent = stretch.end()
        idle = Stretch(server)
        time.sleep(0.05)

        assert spent.seconds >= 0.2
        assert spent.server_cpu is not None
        assert 0.15 <= spent.server_cpu <= spent.seconds + 0.05
        assert spent.client_cpu < 0.1
        assert idle.end().server_cpu is None
        assert server.start_seconds > 0
        memory = server.resident_mb()
        assert memory is not None
        assert 5 < memory < 200
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_a_server_that_ends_is_named_with_its_last_words() -> None:
    code = "import sys; sys.exit('the port is cursed')"
    peer = Peer("broken", lambda *_: [sys.executable, "-c", code])
    words = r"broken ended with 1: .*(\n.*)*the port is cursed"
    with pytest.raises(NodeError, match=words), serving(peer):
        pass


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20
