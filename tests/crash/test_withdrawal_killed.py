"""A node killed while a withdrawal waits goes on with it, and nobody has to do anything."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from byline.node.accounts import dev_accounts
from byline.node.bridge.actions import Bridge, Withdrawn
from byline.node.client import RpcClient, Wallet
from tests.devnets import Running, call, running

ALICE = dev_accounts()[0]
TARGET = b"\x7a" * 20
ARGUMENTS = ["--data-dir", "data", "--gas-token", "eth", "--batch-pause", "0.05"]
PATIENCE = 40.0


async def withdrawn(devnet: Running, *, prove: bool) -> Withdrawn:
    async with RpcClient(devnet.l1_url) as l1, RpcClient(devnet.l2_url) as l2:
        bridge = await Bridge.between(l1, l2)
        sent = await bridge.withdraw(Wallet(l2, ALICE), TARGET, 5)
        if prove:
            await bridge.prove(Wallet(l1, ALICE), sent)
        return sent


async def paid(devnet: Running, sent: Withdrawn, *, prove: bool) -> None:
    async with RpcClient(devnet.l1_url) as l1, RpcClient(devnet.l2_url) as l2:
        bridge = await Bridge.between(l1, l2)
        if prove:
            await bridge.prove(Wallet(l1, ALICE), sent, PATIENCE)
        await bridge.finalize(Wallet(l1, ALICE), sent.withdrawal, PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("proven", [False, True])
def test_a_withdrawal_outlives_the_node(tmp_path: Path, proven: bool) -> None:
    with running(tmp_path, ARGUMENTS) as devnet:
        sent = asyncio.run(withdrawn(devnet, prove=proven))
        devnet.kill()
    time.sleep(1)
    with running(tmp_path, ARGUMENTS) as devnet:
        asyncio.run(paid(devnet, sent, prove=not proven))
        assert call(devnet.l1_url, "eth_getBalance", "0x" + TARGET.hex(), "latest") == "0x5"
