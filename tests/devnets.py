"""`byline up` in a process of its own, for tests that need the real thing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
RESTING = ("--batch-pause", "900")
"""For clients that count the L1's blocks: those with batches would come between theirs."""


@dataclass
class Running:
    """A devnet and where it listens."""

    process: subprocess.Popen[bytes]
    l1_url: str
    l2_url: str
    screen: str
    """What it printed at the start."""

    def own_seconds(self) -> float:
        """Return what it has computed, in seconds of the processor, by all its threads.

        Where the system does not tell that of another process, the wall clock's time.
        """
        try:
            # The clock of another process has this number on Linux: clock_getcpuclockid(3).
            return time.clock_gettime(~self.process.pid << 3 | 2)
        except OSError:
            return time.monotonic()

    def kill(self) -> None:
        """Kill it at once, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


def call(url: str, method: str, *params: Any) -> Any:
    """Return the result of a JSON-RPC call; raises `RuntimeError` with the error."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        reply = json.load(answer)
    if "error" in reply:
        raise RuntimeError(reply["error"])
    return reply["result"]


def command(*arguments: str) -> list[str]:
    """Return the command line of `byline` with `arguments`."""
    return [sys.executable, "-m", "byline.node", *arguments]


def environment() -> dict[str, str]:
    """Return an environment without settings of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BYLINE_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def start(folder: Path, arguments: Sequence[str] = ()) -> Running:
    """Start a devnet on free ports and wait for its screen."""
    path = folder / f"screen-{time.monotonic_ns()}.txt"
    with path.open("w") as output:
        process = subprocess.Popen(
            command("up", "--l1-port", "0", "--l2-port", "0", *arguments),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment(),
        )
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C" not in (screen := path.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise RuntimeError(f"the devnet did not start:\n{screen}")
        time.sleep(0.02)
    urls = re.findall(r"http://127\.0\.0\.1:\d+", screen)
    return Running(process, urls[0], urls[1], screen)


@contextlib.contextmanager
def running(folder: Path, arguments: Sequence[str] = ()) -> Iterator[Running]:
    """Run a devnet for the length of a block."""
    devnet = start(folder, arguments)
    try:
        yield devnet
    finally:
        if devnet.process.poll() is None:
            devnet.kill()


def wait_for(condition: Any, seconds: float = 60.0) -> None:
    """Wait until `condition()` is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
