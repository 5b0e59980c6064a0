"""The local L1: blocks made on demand from a pool, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.block import Block
from byline.derivation.dev_edits import AccountEdit
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import AnyTransaction, Transaction
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built, Chain
from byline.node.evm.rules import BlockInput
from byline.node.l1.blobs import BlobStore
from byline.node.l1.network_form import read_network_form

L1_GAS_LIMIT: Final = 60_000_000
L1_COINBASE: Final = bytes.fromhex("4c31000000000000000000000000000000000000")


@dataclass(frozen=True, slots=True)
class NextL1Block:
    """What somebody wants of the next block; `None` leaves it to the rules."""

    base_fee: int | None = None
    """Wei per gas."""
    coinbase: bytes | None = None
    """20 bytes; later blocks keep it."""
    prev_randao: bytes | None = None
    gas_limit: int | None = None
    """Later blocks keep it."""


BY_THE_RULES: Final = NextL1Block()


class LocalL1:
    """Makes L1 blocks and hands them to derivation."""

    def __init__(self, chain: Chain, finality_depth: int, blobs: BlobStore) -> None:
        self.chain = chain
        self.blobs = blobs
        """Of transactions in the pool and in blocks."""
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
        first = self.chain.store.first_number
        header = self.chain.canonical(max(first, self.head.number - self._finality_depth))
        assert header is not None
        return L1BlockRef.of(header)

    def build(
        self,
        transactions: Sequence[Transaction],
        timestamp: int,
        edits: Sequence[AccountEdit] = (),
        wanted: NextL1Block = BY_THE_RULES,
    ) -> Built:
        """Execute a block with what fits of `transactions`, then `edits`; nothing is stored."""
        parent = self.head
        number = (parent.number + 1).to_bytes(8, "big")
        given = BlockInput(
            timestamp=max(timestamp, parent.timestamp + 1),
            coinbase=wanted.coinbase or (parent.coinbase if parent.number else L1_COINBASE),
            # Without a beacon chain both are made from the parent, so that they differ by
            # block and a restart makes the same ones.
            prev_randao=wanted.prev_randao
            or keccak256(b"byline prevRandao" + parent.hash + number + self._branch),
            parent_beacon_root=keccak256(b"byline beacon root" + parent.hash + number),
            gas_limit=wanted.gas_limit or parent.gas_limit,
            base_fee=wanted.base_fee,
            any_gas_limit=wanted.gas_limit is not None,
        )
        return self.chain.build(parent, given, candidates=transactions, edits=edits)

    def insert(self, executed: ExecutedBlock) -> L1Block:
        """Store a built block and return it as derivation reads it."""
        self.chain.insert(executed)
        block = executed.block
        self.blobs.mined(_blob_hashes(block.transactions), block.number)
        return self._read(block, executed.receipts)

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
        return self._read(block, tuple(receipts))

    def receive(self, raw: bytes) -> Transaction:
        """Read a blob transaction in its network form and keep its blobs.

        In the form of a block it is taken, too, where its blobs are here already.  Raises
        `InvalidData`.
        """
        head = self.head
        most = self.chain.rules.most_blobs_per_transaction(head.timestamp)
        transaction, blobs = read_network_form(raw, most)
        if blobs:
            self.blobs.keep(blobs, head.number + 1)
        elif any(name not in self.blobs for name in transaction.blob_hashes):
            raise InvalidData(
                "missing sidecar in blob transaction: send it with its blobs, commitments and "
                "proofs (the network form of EIP-4844 or EIP-7594)"
            )
        return transaction

    def _read(self, block: Block, receipts: tuple[Receipt, ...]) -> L1Block:
        hashes = _blob_hashes(block.transactions)
        found = {name: item.blob for name in hashes if (item := self.blobs.get(name))}
        return L1Block(block.header, block.transactions, receipts, found)


def _blob_hashes(transactions: Sequence[AnyTransaction]) -> list[bytes]:
    return [
        name
        for transaction in transactions
        if isinstance(transaction, Transaction)
        for name in transaction.blob_hashes
    ]
