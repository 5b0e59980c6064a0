"""Stopping and starting the sequencer, and transactions on conditions."""

from __future__ import annotations

from dataclasses import dataclass

from byline.node.backend.threads import Threads
from byline.node.l2.conditional import unfulfilled
from byline.node.rollups.rollup import Rollup
from byline.rpc.backend import Refused
from byline.rpc.conditions import Conditions, ConditionsFailed


@dataclass(frozen=True, slots=True)
class NodeSequencing:
    """Implements `byline.rpc.sequencing.Sequencing`."""

    rollup: Rollup
    threads: Threads

    async def submit_if(self, raw: bytes, conditions: Conditions) -> bytes:
        """Take a transaction for blocks in which conditions hold; returns its hash.

        Raises `ConditionsFailed` or `Refused`.
        """
        return await self.threads.write(self._submit_if, raw, conditions)

    def _submit_if(self, raw: bytes, conditions: Conditions) -> bytes:
        rollup, conditionals = self.rollup, self.rollup.engine.conditionals
        chain = rollup.engine.chain
        words = unfulfilled(conditions, chain.head, chain.machine(chain.head))
        if words is not None:
            raise ConditionsFailed(words)
        conditionals.keep([tx.hash for tx in rollup.pools["l2"].transactions()])
        return rollup.submit_if(raw, conditions)

    async def sequencing(self) -> bool:
        """Tell whether L2 blocks are made."""
        return self.rollup.sequencer.active

    async def stop_sequencing(self) -> bytes:
        """Make no more L2 blocks; returns the hash of the head.  Raises `Refused`."""
        return await self.threads.write(self._stop)

    def _stop(self) -> bytes:
        if not self.rollup.sequencer.active:
            raise Refused("sequencer not running")
        self.rollup.sequencer.active = False
        return self.rollup.engine.heads.unsafe.hash

    async def start_sequencing(self, head: bytes) -> None:
        """Make L2 blocks again on `head`, which must be the head; raises `Refused`."""
        await self.threads.write(self._start, head)

    def _start(self, head: bytes) -> None:
        rollup, known = self.rollup, self.rollup.engine.heads.unsafe.hash
        if rollup.sequencer.active:
            raise Refused("sequencer already running")
        if head != known:
            raise Refused(
                f"block hash does not match: head 0x{known.hex()}, received 0x{head.hex()}"
            )
        rollup.sequencer.active = True
        rollup.mine_waiting("l2")

    async def reset_derivation(self) -> None:
        """Read what is not final once more from the L1."""
        await self.threads.write(self._reset)

    def _reset(self) -> None:
        self.rollup.driver.reset(self.rollup.l1.block)
        self.rollup.derive()
