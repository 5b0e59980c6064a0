"""What a verifier asks of any L1, near or far."""

from __future__ import annotations

from typing import Protocol

from byline.derivation.types import L1Block, L1BlockRef


class L1Source(Protocol):
    """Blocks of an L1 with their receipts.

    Every method raises `Temporary` when the L1 does not answer now.
    """

    async def head(self) -> L1BlockRef:
        """Return the newest block."""

    async def finalized(self) -> L1BlockRef:
        """Return the newest block that the L1 will not take back."""

    async def block_by_number(self, number: int) -> L1Block | None:
        """Return the canonical block at `number`; `None` above the head."""

    async def block_by_hash(self, block_hash: bytes) -> L1Block | None:
        """Return a block by its hash; `None` when the L1 does not have it."""
