"""anvil in a process of its own, for tests that need another node than ours."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.devnets import call, wait_for
from tests.vectors_folder import REPOSITORY

FOUNDRY = REPOSITORY / "build" / "clients" / "node_modules" / "@foundry-rs"


@contextlib.contextmanager
def running_anvil(*options: str) -> Iterator[str]:
    """Run anvil and yield its URL; skip when it is missing, but fail under CI=true."""
    # Not .bin/anvil: that is a script which, when it is killed, leaves the program running.
    program = next(FOUNDRY.glob("anvil-*/bin/anvil"), None)
    if program is None:
        words = f"no anvil in {FOUNDRY}: run `make clients`"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [program, "--port", port, "--silent", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return bool(call(url, "eth_chainId"))
        except OSError:
            return False

    try:
        wait_for(answers)
        yield url
    finally:
        process.kill()
        process.wait()
