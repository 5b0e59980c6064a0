"""A server in a process of its own, with the processor time and memory it has taken."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from byline.node.bench.peers import Peer
from byline.node.bench.wire import Wire
from byline.node.client import CallFailed
from byline.node.errors import NodeError

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.002
STOP_SECONDS: Final = 20.0
TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds in which Linux counts the processor time of a process."""
LEAST_TICKS: Final = 5
"""Below so many a difference says nothing."""
_USER_TIME, _SYSTEM_TIME = 11, 12
"""Of the fields of /proc/PID/stat after the name of the program (proc(5))."""


@dataclass(slots=True)
class Server:
    """A peer that runs, as long as it is in use."""

    peer: Peer
    pid: int
    wire: Wire
    start_seconds: float
    """From the start of the process until it had answered all that `Peer.ready` asks."""
    other_port: int
    """The second port that it was given; where this project serves the L1."""
    start_cpu: float | None = None
    """Processor seconds that it had taken by then."""
    _stat: Path = field(init=False)

    def __post_init__(self) -> None:
        self._stat = Path(f"/proc/{self.pid}/stat")
        self.start_cpu = self.cpu_seconds()

    def cpu_seconds(self) -> float | None:
        """Return the processor time of all its threads; `None` on systems without /proc."""
        try:
            fields = self._stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[_USER_TIME]) + int(fields[_SYSTEM_TIME])) * TICK

    def resident_mb(self) -> float | None:
        """Return its resident memory in MB (10^6 bytes); `None` on systems without /proc."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = (line.split() for line in text.splitlines() if line.startswith("VmRSS:"))
        return next((int(words[1]) * 1024 / 1e6 for words in found), None)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a stretch of work took."""

    seconds: float
    server_cpu: float | None
    """Processor seconds of the server; `None` where they are not known, or too few to tell."""
    client_cpu: float
    """Processor seconds of this process."""


class Stretch:
    """Counts from its making to `end`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._server_cpu = server.cpu_seconds()
        self._client_cpu = time.process_time()
        self._begun = time.perf_counter()

    def end(self) -> Spent:
        """Return what it has taken since it was made."""
        seconds = time.perf_counter() - self._begun
        client = time.process_time() - self._client_cpu
        return Spent(seconds, self._server_spent(), client)

    def _server_spent(self) -> float | None:
        after, before = self._server.cpu_seconds(), self._server_cpu
        if after is None or before is None or after - before < LEAST_TICKS * TICK:
            return None
        return after - before


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def serving(peer: Peer) -> Iterator[Server]:
    """Run a peer in a folder of its own, which is gone afterwards with all that it wrote.

    Raises `NodeError` with the end of its output when it does not answer.
    """
    port, other = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as name, Wire(port) as wire:
        folder = Path(name)
        log = folder / "output"
        begun = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - the command is one of peers.py
                peer.command(port, other, folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=peer.folder or folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **peer.environment(folder)},
            )
        try:
            _wait(peer, process, {"main": wire, "other": Wire(other)}, begun, log)
            yield Server(peer, process.pid, wire, time.perf_counter() - begun, other)
        finally:
            _stop(process)


def _wait(
    peer: Peer, process: subprocess.Popen[bytes], wires: dict[str, Wire], begun: float, log: Path
) -> None:
    """Ask until every answer that makes a peer ready is there."""
    for probe in peer.ready:
        while not _answers(wires[probe.port], probe.method, probe.params):
            gone = process.poll() is not None
            if gone or time.perf_counter() - begun > START_SECONDS:
                end = log.read_text(errors="replace")[-600:]
                how = f"ended with {process.returncode}" if gone else "does not answer"
                raise NodeError(f"{peer.name} {how}: {' '.join(process.args)}\n{end}")  # type: ignore[arg-type]
            time.sleep(POLL_SECONDS)
    wires["other"].close()


def _answers(wire: Wire, method: str, params: tuple[object, ...]) -> bool:
    try:
        return wire.call(method, *params) not in (None, "0x")
    except CallFailed:
        raise
    except NodeError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
