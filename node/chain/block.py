"""The value that execution hands to storage and everyone passes round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """A block, what its transactions left behind, and the state that is new with it."""

    block: Block
    receipts: tuple[Receipt, ...]
    """One for each transaction, in order."""
    nodes: Mapping[bytes, bytes]
    """Trie nodes and contract codes that the block added, by Keccak-256 hash."""

    @property
    def header(self) -> Header:
        """The header of `block`."""
        return self.block.header

    @property
    def hash(self) -> bytes:
        """The block hash."""
        return self.block.header.hash

    @property
    def number(self) -> int:
        """The height."""
        return self.block.header.number
