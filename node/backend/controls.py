"""What a test does to a chain, and what the rollup node tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.output_root import output_root
from byline.derivation.types import SyncStatus
from byline.node.backend.threads import Threads
from byline.node.rollups.rollup import ChainName, Rollup
from byline.rpc.backend import OutputAtBlock, Refused, SafeHeadAt, UnknownBlock

MOST_BLOCKS: Final = 100_000
"""Blocks that one `mine` may ask for."""


@dataclass(frozen=True, slots=True)
class NodeControls:
    """Implements `byline.rpc.backend.Controls`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def mine(self, blocks: int, timestamp: int | None) -> None:
        """Make `blocks` blocks, one at a time, so that others get their turn between."""
        _bounded(blocks)
        for _ in range(blocks):
            await self.threads.write(self.rollup.mine, self.name, timestamp)
            timestamp = None

    async def mine_apart(self, blocks: int, seconds: int) -> None:
        """Make `blocks` blocks, each `seconds` after the one before."""
        _bounded(blocks)
        for index in range(blocks):
            await self.threads.write(self.rollup.mine_apart, self.name, seconds, index == 0)

    async def increase_time(self, seconds: int) -> int:
        """Move the clock of both chains."""
        return await self.threads.write(self.rollup.increase_time, seconds)

    async def set_time(self, timestamp: int) -> int:
        """Set the clock of both chains."""
        return await self.threads.write(self.rollup.set_time, timestamp)

    async def set_next_timestamp(self, timestamp: int) -> None:
        """Say what time the next block has."""
        await self.threads.write(self.rollup.set_next_timestamp, self.name, timestamp)

    async def set_timestamp_interval(self, seconds: int | None) -> bool:
        """Say how far apart blocks are from now on."""
        return await self.threads.write(self.rollup.set_timestamp_interval, self.name, seconds)

    async def snapshot(self) -> int:
        """Remember both chains and return an id."""
        return await self.threads.write(self.rollup.snapshot)

    async def revert(self, snapshot_id: int) -> bool:
        """Go back to a snapshot of both chains."""
        return await self.threads.write(self.rollup.revert, snapshot_id)


def _bounded(blocks: int) -> None:
    if blocks > MOST_BLOCKS:
        raise Refused(f"mine: {blocks} blocks asked for, at most {MOST_BLOCKS} at once")


@dataclass(frozen=True, slots=True)
class NodeRollup:
    """Implements `byline.rpc.backend.Rollup`."""

    rollup: Rollup
    threads: Threads

    async def sync_status(self) -> SyncStatus:
        """Return the heads of both chains, as of one moment."""
        return await self.threads.write(self.rollup.sync_status)

    async def output_at(self, number: int) -> OutputAtBlock:
        """Return the output root at an L2 block."""
        return await self.threads.read(self._output_at, number)

    def _output_at(self, number: int) -> OutputAtBlock:
        engine = self.rollup.engine
        ref = engine.ref_at(number)
        if ref is None:
            raise UnknownBlock(f"header not found: L2 block {number}")
        header = engine.header_of(ref)
        root = engine.chain.machine(header).storage_root(L2_TO_L1_MESSAGE_PASSER)
        return OutputAtBlock(
            output_root=output_root(header.state_root, root, header.hash),
            block=ref,
            withdrawal_storage_root=root,
            state_root=header.state_root,
        )

    async def safe_head_at(self, l1_number: int) -> SafeHeadAt | None:
        """Return what was safe at an L1 block; `None` before the first such block."""
        # The writer's thread: entries are written and forgotten there.
        found = await self.threads.write(self.rollup.driver.safe_heads.at, l1_number)
        return None if found is None else SafeHeadAt(found.l1, found.l2)

    async def rollup_config(self) -> Mapping[str, Any]:
        """Return rollup.json."""
        return self.rollup.engine.config.to_json()
