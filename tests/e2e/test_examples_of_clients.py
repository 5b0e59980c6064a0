"""The examples for viem, Hardhat and foundry run as their READMEs say, in folders of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.client_scripts import SECONDS, SOLC, environment
from tests.devnets import Running, call

pytestmark = pytest.mark.clients

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Example:
    """A copy of an example, with what `make clients` has installed and a devnet's URLs."""

    def __init__(self, name: str, folder: Path, clients: Path, devnet: Running) -> None:
        self.folder = shutil.copytree(EXAMPLES / name, folder / name)
        self.readme = (self.folder / "README.md").read_text()
        packages = clients / "node_modules"
        self.environment = {
            **environment(clients),
            "HOME": str(folder),
            "L1_URL": devnet.l1_url,
            "L2_URL": devnet.l2_url,
            "HARDHAT_IGNITION_CONFIRM_DEPLOYMENT": "true",
        }
        if name == "foundry":
            programs = (packages / "@foundry-rs").glob("*-linux-*/bin")
            path = ":".join([*(str(each) for each in programs), self.environment["PATH"]])
            self.environment |= {"PATH": path, "FOUNDRY_SOLC": str(SOLC)}
            config = self.folder / "foundry.toml"
            text = config.read_text().replace("http://127.0.0.1:8545", devnet.l1_url)
            config.write_text(text.replace("http://127.0.0.1:9545", devnet.l2_url))
        else:
            (self.folder / "node_modules").symlink_to(packages)

    def commands(self) -> list[str]:
        """Return the commands that its README shows, without the installation."""
        blocks: list[str] = re.findall(r"```\n(.*?)```", self.readme, re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        return [line for line in lines if line != "npm install"]

    def run(self, command: str) -> str:
        done = subprocess.run(
            command.replace("npx hardhat", "node node_modules/.bin/hardhat"),
            shell=True,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=self.environment,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def test_viem(clients: Path, devnet: Running, tmp_path: Path) -> None:
    example = Example("viem", tmp_path, clients, devnet)
    [command] = example.commands()
    printed = example.run(command)
    assert "the deposit arrived in L2 block" in printed
    assert "a week has passed" in printed
    assert "hello from the L1" in printed.splitlines()[-1]


@pytest.mark.slow
def test_hardhat(clients: Path, devnet: Running, tmp_path: Path) -> None:
    example = Example("hardhat", tmp_path, clients, devnet)
    tests, deployment = example.commands()
    assert re.search(r"4 passing", example.run(tests))
    found = re.search(r"Postbox#Postbox - (0x\w{40})", example.run(deployment))
    assert found is not None
    assert len(call(devnet.l2_url, "eth_getCode", found[1], "latest")) > 100


def test_foundry(clients: Path, devnet: Running, tmp_path: Path) -> None:
    example = Example("foundry", tmp_path, clients, devnet)
    tests, deployment, deposit, logs = example.commands()
    assert "3 tests passed, 0 failed" in example.run(tests)
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in example.run(deployment)
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in example.run(deposit)
    printed = example.run(logs)
    assert b"hello from a script".hex() in printed
    assert b"hello from the L1".hex() in printed
