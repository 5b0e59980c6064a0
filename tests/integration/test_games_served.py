"""The devnet as it is served: withdrawals ripen while nobody sends anything."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from byline.node import devnet as devnet_module
from byline.node.accounts import dev_accounts
from byline.node.bridge.actions import Bridge
from byline.node.client import RpcClient, Wallet
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig
from byline.node.devnet import Devnet, with_free_ports
from tests.integration.rollups import GENESIS_TIME

ALICE = dev_accounts()[0]
TARGET = b"\x7a" * 20
SETTINGS = with_free_ports(
    NodeConfig(gas_token="eth", genesis_time=GENESIS_TIME, batch_pause=0.01)
)


async def pass_time(clock: ManualClock) -> None:
    """Let a second of the wall clock pass in a fraction of one."""
    while True:
        await asyncio.sleep(0.03)
        clock.advance(1)


async def withdraw_and_wait(settings: NodeConfig) -> int:
    """Take a withdrawal to its end; return what was paid."""
    clock = ManualClock(GENESIS_TIME)
    async with (
        Devnet(settings, clock) as devnet,
        RpcClient(devnet.l1_url) as l1,
        RpcClient(devnet.l2_url) as l2,
    ):
        time = asyncio.create_task(pass_time(clock))
        try:
            bridge = await Bridge.between(l1, l2)
            sent = await bridge.withdraw(Wallet(l2, ALICE), TARGET, 5)
            await bridge.prove(Wallet(l1, ALICE), sent)
            await bridge.finalize(Wallet(l1, ALICE), sent.withdrawal)
            assert devnet.stopped_with() is None
            return await l1.number("eth_getBalance", "0x" + TARGET.hex(), "latest")
        finally:
            time.cancel()


@pytest.mark.parametrize("strict", [False, True])
def test_a_withdrawal_is_paid_without_any_other_transaction(
    strict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devnet_module, "KEEP_SECONDS", 0.01)
    assert asyncio.run(withdraw_and_wait(replace(SETTINGS, strict=strict))) == 5


def test_a_withdrawal_is_paid_where_blocks_come_by_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devnet_module, "KEEP_SECONDS", 0.01)
    settings = replace(SETTINGS, block_time=1, l1_block_time=1)
    assert asyncio.run(withdraw_and_wait(settings)) == 5


def test_an_idle_devnet_asks_its_thread_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devnet_module, "KEEP_SECONDS", 0.001)
    looks = []

    async def run() -> None:
        async with Devnet(SETTINGS, ManualClock(GENESIS_TIME)) as devnet:
            keeper = devnet.rollup.keeper
            keep = keeper.idle
            # Its first look takes as long as the machine lets it.
            while keeper.busy or keeper.next_time is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await devnet.sync_status()
            await asyncio.sleep(0.1)

            def counted(now: int, earliest: int, most: int | None) -> bool:
                looks.append(now)
                return keep(now, earliest, most)

            monkeypatch.setattr(keeper, "idle", counted)
            await asyncio.sleep(0.2)

    asyncio.run(run())
    assert looks == []
