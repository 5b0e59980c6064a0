"""Hardhat 3 and Hardhat 2 with their plugins, as they are installed, against both ports."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client_scripts import E2E, SECONDS, environment
from tests.devnets import RESTING, Running, running

pytestmark = pytest.mark.clients

PORTS = pytest.mark.parametrize(("port", "kind"), [("l1_url", "l1"), ("l2_url", "op")])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A devnet that is edited and moved in time."""
    with running(tmp_path_factory.mktemp("hardhat"), RESTING) as found:
        yield found


def project(name: str, packages: Path, folder: Path) -> Path:
    """Copy a project, with its contracts and what is installed for it."""
    made = shutil.copytree(E2E / name, folder / name)
    (made / "contracts").mkdir()
    shutil.copy(E2E / "solidity" / "Guild.sol", made / "contracts")
    (made / "node_modules").symlink_to(packages)
    return made


def hardhat(folder: Path, clients: Path, *command: str, **variables: str) -> str:
    """Run Hardhat in a project and return what it printed; it must end with 0."""
    done = subprocess.run(
        ["node", "node_modules/.bin/hardhat", *command, "--network", "devnet"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**environment(clients), **variables},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def passing(printed: str) -> int:
    """Return how many tests passed."""
    found = re.search(r"(\d+) passing", printed)
    assert found is not None, printed
    assert "failing" not in printed
    return int(found[1])


@pytest.mark.slow
@PORTS
def test_hardhat_3_with_viem_and_ignition(
    port: str, kind: str, own: Running, clients: Path, tmp_path: Path
) -> None:
    folder = project("hardhat3", clients / "node_modules", tmp_path)
    variables = {"URL": getattr(own, port), "CHAIN_TYPE": kind, "TOOLBOX": "viem"}
    assert passing(hardhat(folder, clients, "test", "nodejs", **variables)) == 7


@PORTS
def test_hardhat_3_with_ethers_matchers_and_network_helpers(
    port: str, kind: str, own: Running, clients: Path, tmp_path: Path
) -> None:
    folder = project("hardhat3", clients / "node_modules", tmp_path)
    variables = {"URL": getattr(own, port), "CHAIN_TYPE": kind, "TOOLBOX": "ethers"}
    assert passing(hardhat(folder, clients, "test", "mocha", **variables)) == 9


@PORTS
def test_hardhat_2_with_matchers_and_network_helpers(
    port: str, kind: str, own: Running, clients: Path, tmp_path: Path
) -> None:
    folder = project("hardhat2", clients / "hardhat2" / "node_modules", tmp_path)
    assert passing(hardhat(folder, clients, "test", URL=getattr(own, port))) == 8


@pytest.mark.slow
@PORTS
def test_ignition_deploys_from_the_command_line(
    port: str, kind: str, own: Running, clients: Path, tmp_path: Path
) -> None:
    folder = project("hardhat3", clients / "node_modules", tmp_path)
    variables = {"URL": getattr(own, port), "CHAIN_TYPE": kind, "TOOLBOX": "viem"}
    variables["HARDHAT_IGNITION_CONFIRM_DEPLOYMENT"] = "true"
    command = ("ignition", "deploy", "ignition/modules/Guild.js")
    printed = hardhat(folder, clients, *command, **variables)
    for name in ("Guild", "Coin"):
        assert re.search(rf"Guild#{name} - 0x[0-9a-fA-F]{{40}}", printed), printed
