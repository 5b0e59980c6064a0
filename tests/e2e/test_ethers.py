"""ethers, as it is installed, against both ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client_scripts import run_parts
from tests.devnets import RESTING, running

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("port", ["l1_url", "l2_url"])
def test_providers_signers_contracts_and_error_codes_are_as_ethers_wants_them(
    port: str, clients: Path, guild: Path, tmp_path: Path
) -> None:
    with running(tmp_path, RESTING) as own:
        assert len(run_parts("ethers_signers.mjs", getattr(own, port), clients, guild)) > 15
