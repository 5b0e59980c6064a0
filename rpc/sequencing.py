"""What an operator asks of the sequencer of an L2."""

from __future__ import annotations

from typing import Protocol

from byline.rpc.conditions import Conditions


class Sequencing(Protocol):
    """Who makes the L2's blocks, and on what conditions transactions get into them."""

    async def submit_if(self, raw: bytes, conditions: Conditions) -> bytes:
        """Take a transaction for blocks in which conditions hold; returns its hash.

        Raises `ConditionsFailed` where they do not hold now, or `Refused`.
        """

    async def sequencing(self) -> bool:
        """Tell whether L2 blocks are made."""

    async def stop_sequencing(self) -> bytes:
        """Make no more L2 blocks; returns the hash of the head.  Raises `Refused`."""

    async def start_sequencing(self, head: bytes) -> None:
        """Make L2 blocks again on `head`, which must be the head; raises `Refused`."""

    async def reset_derivation(self) -> None:
        """Read what is not final once more from the L1."""
