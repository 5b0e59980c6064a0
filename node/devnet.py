"""The devnet: a local L1 and the L2 on it, served.

async with Devnet(NodeConfig(l1_port=0, l2_port=0)) as devnet:
print(devnet.l2_url)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from byline.node.assembly import build_rollup
from byline.node.config import NodeConfig
from byline.node.l1.beacon_api import BeaconApi, pages
from byline.node.l2.driver import Derived
from byline.node.local import LocalRollup
from byline.node.rollup import ChainName, Happening
from byline.node.shell import NodeShell
from byline.node.version import client_version
from byline.rpc.server import Handler

KEEP_SECONDS: Final = 1.0
"""Pause between two looks at the clock while something waits for its time."""


class Devnet(NodeShell):
    """Both chains and their servers; an async context manager."""

    rollup: LocalRollup

    async def _start(self) -> None:
        kv = self._open()
        self._l1_moved = asyncio.Event()
        self.rollup = await self._threads.write(
            build_rollup, self.settings, kv, self._clock, self._publish
        )
        self._stack.push_async_callback(self._end_tasks)
        await self._serve("l1", self.settings.l1_port)
        await self._serve("l2", self.settings.l2_port)
        self._begin(self._post_in_pauses())
        self._begin(self._keep())
        if self.rollup.mining.interval is not None:
            self._begin(self._tick(self.rollup.mining.interval, self._tick_l2))
            self._begin(self._tick(self.rollup.mining.l1_interval, self._tick_l1))

    def _pages(self, name: ChainName) -> Mapping[str, Handler]:
        if name == "l2":
            return {}
        l1 = self.rollup.l1
        return pages(BeaconApi(l1.chain, l1.blobs.get, client_version()), self._threads.read)

    async def _post_in_pauses(self) -> None:
        """Let the batcher post once no L2 block has come for a while."""
        if self.rollup.batcher.pending:
            self._made.set()
        while True:
            await self._made.wait()
            self._made.clear()
            await asyncio.sleep(self.settings.batch_pause)
            if not self._made.is_set():
                await self.flush()

    async def _keep(self) -> None:
        """Let the L1 have the blocks in which something that waits is ready."""
        await self._threads.write(self.rollup.keep)
        keeper = self.rollup.keeper
        while True:
            if keeper.next_time is None and not keeper.busy:
                # Whoever makes an L1 block has looked after what is in it.
                await self._l1_moved.wait()
                self._l1_moved.clear()
                continue
            await asyncio.sleep(KEEP_SECONDS)
            await self._threads.write(self.rollup.keep)

    def _publish(self, happening: Happening) -> None:
        super()._publish(happening)
        if not isinstance(happening, Derived) and happening.chain == "l1":
            self._calls.add(self._l1_moved.set)

    def _tick_l2(self) -> None:
        self.rollup.mine_l2()

    def _tick_l1(self) -> None:
        self.rollup.keep()
        self.rollup.mine_l1()

    async def flush(self) -> int:
        """Post all unsafe L2 blocks now; return how many there were."""
        return await self._threads.write(self._flush)

    def _flush(self) -> int:
        flushed = self.rollup.flush()
        self.rollup.keep()
        return flushed


def with_free_ports(settings: NodeConfig) -> NodeConfig:
    """Return `settings` with ports chosen by the system, for tests."""
    return replace(settings, l1_port=0, l2_port=0)
