"""The examples in Python run as their README says, in a folder of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = {
    "web3py": ["main.py"],
    "pytest": ["-m", "pytest", "-p", "no:cacheprovider"],
    "attribution": ["main.py"],
}
"""What the second command of each README runs with Python."""


@pytest.fixture
def environment() -> dict[str, str]:
    """An environment in which the tests that run the example leave no trace."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return {key: value for key, value in kept.items() if not key.startswith("BYLINE_")}


def run(name: str, folder: Path, environment: dict[str, str]) -> str:
    project = folder / name
    shutil.copytree(EXAMPLES / name, project)
    done = subprocess.run(
        [sys.executable, *COMMANDS[name]],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_web3py(tmp_path: Path, environment: dict[str, str]) -> None:
    told = run("web3py", tmp_path, environment)
    assert "tipped from the L1: L1 block 1, L2 block" in told
    assert "not the owner" in told
    assert "is safe" in told


def test_pytest(tmp_path: Path, environment: dict[str, str]) -> None:
    told = run("pytest", tmp_path, environment)
    assert re.search(r"^=+ 8 passed", told, re.MULTILINE), told


def test_attribution(tmp_path: Path, environment: dict[str, str]) -> None:
    told = run("attribution", tmp_path, environment)
    assert "without a deposit: InsufficientPrepaid" in told
    assert told.count("places in the texts") == 3
    assert "operator: batch 1: released" in told
    assert len(re.findall(r"^(?:Anne|Ben|Chloe) is paid 0\.\d*[1-9]", told, re.MULTILINE)) == 3
    assert "as much as was in the pot" in told


@pytest.mark.parametrize("name", COMMANDS)
def test_a_readme_has_two_commands(name: str) -> None:
    text = (EXAMPLES / name / "README.md").read_text()
    (block,) = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    install, command = block.splitlines()
    assert install == "pip install -r requirements.txt"
    assert command.split()[-1] in " ".join(COMMANDS[name])
