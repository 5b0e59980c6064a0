"""An L2 node on an L1 that others run: sequencer, batcher and driver, one port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from typing import Any, Final

from byline.derivation.types import L1Block, L1BlockRef
from byline.node.assembly import (
    L2_PREFIX,
    batcher_account,
    build_following,
    open_l2,
    proposer_account,
)
from byline.node.client import RpcClient, Wallet
from byline.node.errors import ConfigError, NodeError
from byline.node.l1.follower import L1Follower
from byline.node.l1.mirror import L1Mirror
from byline.node.l1.poster import Poster
from byline.node.l1.remote import RemoteL1
from byline.node.l2.driver import Driver
from byline.node.l2.safe_heads import SafeHeads
from byline.node.loaded_network import load_l2_genesis
from byline.node.rollups.following import FollowingRollup
from byline.node.rollups.remote_keeper import RemoteKeeper, RemoteView
from byline.node.shell import NodeShell
from byline.node.storage.kv import Prefixed
from byline.node.storage.store import ChainStore
from byline.node.upgrade_bundle import load_upgrades
from byline.node.verifier import check_l1, find_base, read_rollup_config

LOG = logging.getLogger("byline.node")

TICK_SECONDS: Final = 0.2
BLOCKS_AT_ONCE: Final = 32
"""L2 blocks made in a row while it catches up with the wall clock."""
PROPOSE_SECONDS: Final = 6.0
"""Pause between two looks at the L1's dispute games, as op-proposer's."""
WAIT_SECONDS: Final = 0.5
"""After which a thread that waits for the event loop looks whether the node stops."""
LATER_SECONDS: Final = 5.0
"""Pause after the L1 did not take a batch."""


class ExternalNode(NodeShell):
    """Runs the L2 of a rollup config on the L1 at `settings.l1_rpc`."""

    rollup: FollowingRollup

    async def _start(self) -> None:
        settings = self.settings
        assert settings.l1_rpc is not None
        assert settings.rollup_config is not None
        config = await read_rollup_config(settings.rollup_config)
        kv = self._open()
        source = await self._stack.enter_async_context(
            RemoteL1(settings.l1_rpc, settings.l1_beacon, inbox=config.batch_inbox)
        )
        client = await self._stack.enter_async_context(RpcClient(settings.l1_rpc))
        found = await source.chain_id()
        if found != config.l1_chain_id:
            raise ConfigError(
                f"the L1 has chain id {found}, the rollup config wants {config.l1_chain_id}"
            )
        await check_l1(source, config)
        store = ChainStore(Prefixed(kv, L2_PREFIX))
        engine = await self._threads.write(
            lambda: open_l2(
                config,
                store,
                load_l2_genesis(settings, config),
                load_upgrades(settings.upgrade_bundle, config),
                settings.engine,
            )
        )
        mirror = L1Mirror(await find_base(source, Driver(engine, SafeHeads(kv))))
        self.rollup = await self._threads.write(
            build_following, settings, kv, self._clock, self._publish, engine, mirror
        )
        follower = L1Follower(
            source,
            mirror,
            seen=self._seen,
            finalized=self._finalized,
            reorganised=self._reorganised,
            pause=settings.l1_poll,
        )
        # Sequencing on an L1 that is not read to its head would fall behind the drift.
        await follower.catch_up()
        self._stack.push_async_callback(self._end_tasks)
        await self._serve("l2", settings.l2_port)
        self._begin(follower.run())
        self._begin(self._sequence())
        self._begin(self._post(Poster(client, batcher_account(settings).address)))
        self._begin(self._propose(client, RemoteKeeper(engine, proposer_account(settings))))

    async def _seen(self, block: L1Block) -> None:
        await self._threads.write(self._see, block)

    def _see(self, block: L1Block) -> None:
        self.rollup.see_l1(block)
        if self._teller is not None:
            self._teller.l1_block(block.header.number, block.transactions, block.receipts)

    async def _finalized(self, ref: L1BlockRef) -> None:
        await self._threads.write(self.rollup.finalize_l1, ref)

    async def _reorganised(self, number: int) -> None:
        await self._threads.write(self.rollup.l1_reorganised, number)

    async def _sequence(self) -> None:
        """Make every L2 block whose time has come."""
        while True:
            made = await self._threads.write(self._mine_due)
            if made < BLOCKS_AT_ONCE:
                await asyncio.sleep(TICK_SECONDS)

    def _mine_due(self) -> int:
        for made in range(BLOCKS_AT_ONCE if self.rollup.sequencer.active else 0):
            unsafe = self.rollup.engine.heads.unsafe
            if self.rollup.sequencer.schedule.next_timestamp(unsafe) > self._clock.now():
                return made
            self.rollup.mine_l2()
        return BLOCKS_AT_ONCE if self.rollup.sequencer.active else 0

    async def _post(self, poster: Poster) -> None:
        """Post what is unsafe; after a failure begin again from the safe head."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._made.wait(), self.settings.l1_poll)
            self._made.clear()
            await asyncio.sleep(self.settings.batch_pause)
            try:
                await self._post_once(poster)
            except NodeError as exc:
                LOG.warning("the batch did not get to the L1: %s", exc)
                await asyncio.sleep(LATER_SECONDS)
                poster.forget()
                await self._threads.write(self.rollup.give_up_posting)

    async def _post_once(self, poster: Poster) -> None:
        nonce = await poster.next_nonce()
        if poster.cut_off(nonce):
            poster.forget()
            await self._threads.write(self.rollup.give_up_posting)
        await poster.send(await self._threads.write(self.rollup.replacements, nonce))
        await poster.send_forgotten()
        if not poster.waiting:
            await poster.send(await self._threads.write(self.rollup.posts, nonce))

    async def _propose(self, client: RpcClient, keeper: RemoteKeeper) -> None:
        """Propose and resolve games; after a failure begin again from what the L1 says."""
        while True:
            await asyncio.sleep(PROPOSE_SECONDS)
            try:
                await self._propose_once(client, keeper)
            except NodeError as exc:
                LOG.warning("the proposer waits: %s", exc)

    async def _propose_once(self, client: RpcClient, keeper: RemoteKeeper) -> None:
        for address in keeper.accounts:
            known = [
                await client.number("eth_getTransactionCount", "0x" + address.hex(), tag)
                for tag in ("latest", "pending")
            ]
            if known[0] != known[1]:
                return
        head = await client.call("eth_getBlockByNumber", "latest", False)
        loop = asyncio.get_running_loop()

        def wait(work: Coroutine[Any, Any, Any]) -> Any:
            return self._wait(asyncio.run_coroutine_threadsafe(work, loop))

        number, timestamp = (int(head[name], 16) for name in ("number", "timestamp"))
        view = RemoteView(client, wait, number, timestamp)
        for call in await self._threads.read(keeper.look, view):
            wallet = Wallet(client, call.account)
            try:
                receipt = await wallet.send(call.to, call.data, call.value, call.gas)
            except NodeError as exc:
                keeper.failed(call, str(exc))
                return
            LOG.info("%s: %s", call.purpose, receipt["transactionHash"])

    def _wait(self, future: Future[Any]) -> Any:
        """Return the result of what the event loop works at; raises `NodeError` at the end.

        For other threads.  The loop ends by waiting for them, so they may not wait for it then.
        """
        while True:
            finished, _ = wait_for_futures([future], WAIT_SECONDS)
            if finished:
                return future.result()
            if self._threads.stopping():
                future.cancel()
                raise NodeError("the node stops")
