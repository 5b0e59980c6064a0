"""Stock clients move the clock of either chain, and a verifier finds the same blocks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.devnets import call, command, environment, running, wait_for

pytestmark = pytest.mark.clients

HERE = Path(__file__).resolve().parent
SECONDS = 120
STEPS = ["exact", "increases", "distances", "hardhat", "sets", "refusals", "reverts"]


def test_viem_and_hardhats_helpers_travel_on_both_ports_and_it_is_derived_again(
    clients: Path, tmp_path: Path
) -> None:
    script = str(HERE / "time.mjs")
    with running(tmp_path) as devnet:
        for url, other, seconds in (
            (devnet.l2_url, devnet.l1_url, "2"),
            (devnet.l1_url, devnet.l2_url, "1"),
        ):
            done = subprocess.run(
                ["node", script, url, other, str(clients), seconds],
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            assert done.returncode == 0, f"{url}\n{done.stdout}\n{done.stderr}"
            assert json.loads(done.stdout)["done"] == STEPS

        head = call(devnet.l2_url, "eth_getBlockByNumber", "latest", False)

        def is_safe() -> bool:
            safe = call(devnet.l2_url, "eth_getBlockByNumber", "safe", False)
            return int(safe["number"], 16) >= int(head["number"], 16)

        wait_for(is_safe)
        verified = subprocess.run(
            command("verify", "--l1", devnet.l1_url, "--rollup-config", devnet.l2_url),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment(),
        )
    assert verified.returncode == 0, verified.stderr
    assert head["hash"][2:] in verified.stdout
    assert "stock verifiers stop before L2 block 1:" in verified.stdout
