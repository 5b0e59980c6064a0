"""How much data a block that is built here may take on the L1, while the batcher lags.

A batcher that falls behind asks the sequencer for less (`miner_setMaxDASize`).  It binds
what is taken from the pool alone: blocks from elsewhere and deposits are not measured.

Source: op-geth `miner/worker.go`, `miner_setMaxDASize`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from byline.derivation.fees import estimated_size_scaled
from byline.derivation.transaction import Transaction

_SCALE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class DaLimits:
    """Bytes after the estimated compression; 0 is without bound."""

    most_per_transaction: int = 0
    most_per_block: int = 0

    def select(self, candidates: Iterable[Transaction]) -> Iterator[Transaction]:
        """Yield those that fit, in order; of a sender nothing after one that does not.

        What is not yielded waits for another block.
        """
        if not self.most_per_transaction and not self.most_per_block:
            yield from candidates
            return
        waiting: set[bytes] = set()
        taken = 0
        for tx in candidates:
            size = estimated_size_scaled(tx.raw) // _SCALE
            if tx.sender in waiting or not self._fits(size, taken):
                waiting.add(tx.sender)
                continue
            taken += size
            yield tx

    def _fits(self, size: int, taken: int) -> bool:
        if self.most_per_transaction and size > self.most_per_transaction:
            return False
        return not self.most_per_block or taken + size <= self.most_per_block
