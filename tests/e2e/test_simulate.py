"""viem tries out blocks and calls on both ports."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.clients

SCRIPT = Path(__file__).resolve().parent / "simulate.mjs"


@pytest.mark.parametrize("port", ["l1_url", "l2_url"])
def test_viem_simulates_blocks_and_calls(
    port: str, clients: Path, request: pytest.FixtureRequest
) -> None:
    done = subprocess.run(
        ["node", str(SCRIPT), request.getfixturevalue(port), str(clients)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout == "simulated\n"
