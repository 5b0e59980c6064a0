"""Hostile programs take little memory, and give it back."""

import subprocess
import sys

import pytest

from tests.fuzz.execution.memory_probe import PROGRAMS
from tests.vectors_folder import REPOSITORY

MIB = 1 << 20
BLOCK_GAS, LITTLE_GAS = 30_000_000, 2_000_000
ROUNDS = 6
MOST = {"transient slots": 160 * MIB}
"""Growth that a program may cause; 40 MiB where nothing is said.  A transient slot costs 100
gas, so a block's gas pays for 260,000 of them."""
MOST_KEPT = 8 * MIB
"""Growth over the second half of the rounds, which a leak would make."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize(("engine", "gas"), [("fast", BLOCK_GAS), ("pyevm", LITTLE_GAS)])
def test_a_hostile_program_takes_little_memory_and_gives_it_back(
    engine: str, gas: int, name: str
) -> None:
    command = [sys.executable, "-m", "tests.fuzz.execution.memory_probe"]
    done = subprocess.run(
        [*command, engine, name, str(gas), str(ROUNDS)],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    peak, kept = map(int, done.stdout.split())
    assert peak < MOST.get(name, 40 * MIB), f"{peak // MIB} MiB"
    assert kept < MOST_KEPT, f"{kept // MIB} MiB"
