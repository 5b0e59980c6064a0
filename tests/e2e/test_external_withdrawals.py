"""A withdrawal onto an L1 that others run: the node proposes there, and resolves."""

from __future__ import annotations

import asyncio

import pytest

from byline.node.accounts import dev_accounts
from byline.node.bridge.actions import Bridge
from byline.node.client import RpcClient, Wallet
from tests.devnets import Running
from tests.e2e.test_external_l1 import node

__all__ = ["node"]
pytestmark = pytest.mark.clients

ALICE = dev_accounts()[0]
TARGET = b"\x7a" * 20


async def withdrawn(l1_url: str, l2_url: str) -> str:
    """Take a withdrawal to its end; return the status of the last transaction."""
    async with RpcClient(l1_url) as l1, RpcClient(l2_url) as l2:
        bridge = await Bridge.between(l1, l2)
        sent = await bridge.withdraw(Wallet(l2, ALICE), TARGET, 5)
        await bridge.prove(Wallet(l1, ALICE), sent)
        receipt = await bridge.finalize(Wallet(l1, ALICE), sent.withdrawal)
        status: str = receipt["status"]
        return status


@pytest.mark.slow
def test_a_withdrawal_is_paid_on_anvil_just_by_waiting(anvil: str, node: Running) -> None:
    assert asyncio.run(withdrawn(anvil, node.l2_url)) == "0x1"
    # It stops in the middle of its questions, and at once.
    assert node.stop() == 0
