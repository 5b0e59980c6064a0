"""What somebody may ask of the blocks that are built here."""

from __future__ import annotations

from dataclasses import dataclass

from byline.node.backend.served import Served
from byline.node.backend.threads import Threads
from byline.node.l2.da_limits import DaLimits


@dataclass(frozen=True, slots=True)
class NodeBuilding:
    """Implements `byline.rpc.backend.Building` for the L2."""

    rollup: Served
    threads: Threads

    async def limit_data(self, per_transaction: int, per_block: int) -> None:
        """Bound the bytes on the L1 of what blocks take from the pool; 0 ends a bound."""
        await self.threads.write(self._limit, DaLimits(per_transaction, per_block))

    def _limit(self, limits: DaLimits) -> None:
        self.rollup.engine.da_limits = limits
