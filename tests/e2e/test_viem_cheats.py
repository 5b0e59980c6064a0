"""viem's test client in its modes, and its wallet client with keys that the node holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client_scripts import run_parts
from tests.devnets import RESTING, running

pytestmark = pytest.mark.clients

PORTS = pytest.mark.parametrize("port", ["l1_url", "l2_url"])


@PORTS
def test_the_test_client_does_all_its_cheats_and_held_keys_sign(
    port: str, clients: Path, guild: Path, tmp_path: Path
) -> None:
    with running(tmp_path, RESTING) as own:
        assert len(run_parts("viem_cheats.mjs", getattr(own, port), clients, guild)) > 20
