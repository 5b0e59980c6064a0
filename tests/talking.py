"""A devnet in a process of its own whose log is read as JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.devnets import START_SECONDS, command, environment, wait_for


@dataclass
class Talking:
    """A devnet that writes its log to a file."""

    process: subprocess.Popen[bytes]
    log: Path
    out: Path
    urls: dict[str, str]

    def lines(self) -> list[Any]:
        whole, _, _ = self.log.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def of(self, logger: str) -> list[Any]:
        return [line for line in self.lines() if line["logger"] == logger]


@contextmanager
def talking(folder: Path, *arguments: str) -> Iterator[Talking]:
    """Run a devnet that logs JSON."""
    out, log = folder / "out.txt", folder / "log.txt"
    with out.open("w") as stdout, log.open("w") as stderr:
        process = subprocess.Popen(
            command("up", "--json", "--l1-port", "0", "--l2-port", "0", *arguments),
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=environment(),
        )
    try:
        wait_for(lambda: out.read_text().endswith("\n"), START_SECONDS)
        ready = json.loads(out.read_text())
        yield Talking(process, log, out, {name: ready[name]["url"] for name in ("l1", "l2")})
    finally:
        process.terminate()
        process.wait(30)
