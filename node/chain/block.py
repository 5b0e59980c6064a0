"""The value that execution hands to storage and everyone passes round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.node.evm.transition import Applied


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """A block, what its transactions left behind, and the state that is new with it."""

    block: Block
    receipts: tuple[Receipt, ...]
    """One for each transaction, in order."""
    nodes: Mapping[bytes, bytes]
    """Trie nodes, codes, addresses and slots that the block added, by Keccak-256 hash."""
    noted: Mapping[int, Applied] = field(default_factory=dict)
    """What receipts do not say, by index: of transactions that failed or wrote to the console.

    It is known where the block was executed, and not stored.
    """

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
