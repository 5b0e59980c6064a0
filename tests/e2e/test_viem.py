"""viem, as it is installed, against both ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client_scripts import run_parts
from tests.devnets import Running

pytestmark = pytest.mark.clients

PORTS = pytest.mark.parametrize("port", ["l1_url", "l2_url"])


@PORTS
def test_the_public_client_reads_calls_and_names_errors(
    port: str, devnet: Running, clients: Path, guild: Path
) -> None:
    assert len(run_parts("viem_public.mjs", getattr(devnet, port), clients, guild)) == 19


@PORTS
def test_watchers_and_filters_hear_of_everything_over_both_transports(
    port: str, devnet: Running, clients: Path, guild: Path
) -> None:
    assert len(run_parts("viem_watching.mjs", getattr(devnet, port), clients, guild)) == 3


def test_op_stack_formatters_and_fee_actions_work_on_the_l2(
    l2_url: str, clients: Path, guild: Path
) -> None:
    assert len(run_parts("viem_op.mjs", l2_url, clients, guild)) == 4
