"""What a node knows of an L1 that others run: fetched blocks, from derivation's base on."""

from __future__ import annotations

from byline.derivation.errors import Reset
from byline.derivation.header import Header
from byline.derivation.types import L1Block, L1BlockRef


class L1Mirror:
    """Consecutive L1 blocks in memory.

    It holds what derivation and sequencing may still ask for: `forget_below` lets go of the
    rest, so its size is bound by the channel timeout and the distance to the head.
    """

    def __init__(self, first: L1Block) -> None:
        self._blocks = {first.header.number: first}
        self._head = first
        self.finalized = first.ref
        """The newest block that the L1 is known to have finalized."""

    @property
    def head(self) -> Header:
        """The newest block that was fetched."""
        return self._head.header

    def block(self, number: int) -> L1Block | None:
        """Return the block at `number` if it is held."""
        return self._blocks.get(number)

    def add(self, block: L1Block) -> None:
        """Take the next block; raises `Reset` when it is not the child of the head."""
        head = self.head
        if block.header.parent_hash != head.hash or block.header.number != head.number + 1:
            raise Reset(
                f"L1 block {block.header.number} does not follow block {head.number} "
                f"0x{head.hash.hex()}: the L1 reorganised"
            )
        self._blocks[block.header.number] = block
        self._head = block

    def drop_above(self, number: int) -> None:
        """Forget the blocks above `number`, which an L1 reorganisation took away.

        Raises `KeyError` when the block at `number` is not held.
        """
        self._head = self._blocks[number]
        self._blocks = {key: block for key, block in self._blocks.items() if key <= number}

    def forget_below(self, number: int) -> None:
        """Let go of the blocks below `number`; the head always stays."""
        self._blocks = {
            key: block
            for key, block in self._blocks.items()
            if key >= number or block is self._head
        }

    def set_finalized(self, ref: L1BlockRef) -> None:
        """Take note of the L1's finality, which does not go back."""
        if ref.number > self.finalized.number:
            self.finalized = ref
