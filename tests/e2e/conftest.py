"""One devnet, in a process of its own, for all tests of a session that share it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.anvils import running_anvil
from tests.client_scripts import E2E, compile_solidity
from tests.devnets import RESTING, Running, running

CLIENTS = Path(__file__).resolve().parents[2] / "build" / "clients"
PACKAGES = (
    "node_modules/viem",
    "node_modules/solc",
    "node_modules/@foundry-rs/forge",
    "node_modules/@nomicfoundation/hardhat-toolbox-viem",
    "hardhat2/node_modules/hardhat",
)
"""One of each step of `make clients`."""


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return the folder of npm packages; skip when it is missing, but fail under CI=true."""
    missing = [name for name in PACKAGES if not (CLIENTS / name).is_dir()]
    if missing or shutil.which("node") is None:
        words = f"{CLIENTS} lacks {missing}: `make clients` installs them (needs node and npm)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return CLIENTS


@pytest.fixture(scope="session")
def guild(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the contracts of the scripts; return the file that holds them."""
    path = tmp_path_factory.mktemp("solidity") / "contracts.json"
    path.write_text(json.dumps(compile_solidity(clients, E2E / "solidity" / "Guild.sol")))
    return path


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run `byline up` on free ports; each test process has its own."""
    with running(tmp_path_factory.mktemp("devnet"), RESTING) as found:
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
    with running_anvil("--chain-id", "900", "--block-time", "1") as url:
        yield url
