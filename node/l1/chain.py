"""The local L1: blocks made on demand from a pool, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built, Chain
from byline.node.evm.rules import BlockInput

L1_GAS_LIMIT: Final = 60_000_000
L1_COINBASE: Final = bytes.fromhex("4c31000000000000000000000000000000000000")


class LocalL1:
    """Makes L1 blocks and hands them to derivation."""

    def __init__(self, chain: Chain, finality_depth: int) -> None:
        self.chain = chain
        self._finality_depth = finality_depth
        self._branch = b""
        """Makes blocks after a reorganisation differ from those before."""

    @property
    def head(self) -> Header:
        """The newest block."""
        return self.chain.head

    @property
    def finalized(self) -> L1BlockRef:
        """The block that is `finality_depth` below the head."""
        header = self.chain.canonical(max(0, self.head.number - self._finality_depth))
        assert header is not None
        return L1BlockRef.of(header)

    def build(self, transactions: Sequence[Transaction], timestamp: int) -> Built:
        """Execute a block with what fits of `transactions`; nothing is stored."""
        parent = self.head
        number = (parent.number + 1).to_bytes(8, "big")
        given = BlockInput(
            timestamp=max(timestamp, parent.timestamp + 1),
            coinbase=L1_COINBASE,
            # Without a beacon chain both are made from the parent, so that they differ by
            # block and a restart makes the same ones.
            prev_randao=keccak256(b"byline prevRandao" + parent.hash + number + self._branch),
            parent_beacon_root=keccak256(b"byline beacon root" + parent.hash + number),
            gas_limit=parent.gas_limit,
        )
        return self.chain.build(parent, given, candidates=transactions)

    def insert(self, executed: ExecutedBlock) -> L1Block:
        """Store a built block and return it as derivation reads it."""
        self.chain.insert(executed)
        return L1Block(executed.block.header, executed.block.transactions, executed.receipts)

    def go_back(self, number: int) -> None:
        """Make the canonical block at `number` the head again; what comes next is new."""
        header = self.chain.canonical(number)
        if header is None:
            raise LookupError(f"L1 block {number} is above the head, {self.head.number}")
        self._branch = self.head.hash
        self.chain.set_head(header)

    def block(self, number: int) -> L1Block | None:
        """Return the canonical block at `number` with its receipts."""
        block = self.chain.canonical_block(number)
        if block is None:
            return None
        receipts = self.chain.store.receipts(block.hash)
        assert receipts is not None
        return L1Block(block.header, block.transactions, tuple(receipts))
