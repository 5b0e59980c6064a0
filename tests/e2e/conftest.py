"""One devnet, in a process of its own, for all tests of a session that share it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devnets import Running, call, running, wait_for

CLIENTS = Path(__file__).resolve().parents[2] / "build" / "clients"
FOUNDRY = CLIENTS / "node_modules" / "@foundry-rs"


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return the folder of npm packages; skip when it is missing, but fail under CI=true."""
    if not (CLIENTS / "node_modules" / "viem").is_dir() or shutil.which("node") is None:
        words = f"no clients at {CLIENTS}: `make clients` installs them (needs node and npm)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return CLIENTS


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run `byline up` on free ports; each test process has its own."""
    with running(tmp_path_factory.mktemp("devnet")) as found:
        yield found


@pytest.fixture(scope="session")
def l1_url(devnet: Running) -> str:
    """The L1's JSON-RPC."""
    return devnet.l1_url


@pytest.fixture(scope="session")
def l2_url(devnet: Running) -> str:
    """The L2's JSON-RPC."""
    return devnet.l2_url


@pytest.fixture
def anvil() -> Iterator[str]:
    """Run anvil with a block every second; yield its URL."""
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
        [program, "--port", port, "--chain-id", "900", "--block-time", "1", "--silent"],
        stdout=subprocess.DEVNULL,
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
