"""Stage 1: the data items that the batcher sent to the inbox in one L1 block.

Source: ethereum-optimism/specs, protocol/derivation.md ("L1 Retrieval") and
protocol/ecotone/derivation.md (blobs); op-node, rollup/derive/data_source.go.  Only the
transaction list is read: whether a transaction succeeded does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.blob import decode_blob
from byline.derivation.errors import InvalidData, Reset
from byline.derivation.stages.reading import Reading
from byline.derivation.transaction import (
    ACCESS_LIST,
    BLOB,
    DEPOSIT,
    DYNAMIC_FEE,
    LEGACY,
    AnyTransaction,
    Transaction,
)
from byline.derivation.types import L1Block, Need

STAGE: Final = "l1_retrieval"
_TYPES: Final = frozenset({LEGACY, ACCESS_LIST, DYNAMIC_FEE, BLOB, DEPOSIT})
"""Transactions of other types are ignored, even from the batcher."""


@dataclass(slots=True)
class L1Retrieval:
    """Filters one block's transactions by inbox, type and sender."""

    reading: Reading
    inbox: bytes
    _items: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def load(self, block: L1Block, batcher: bytes) -> None:
        """Turn to `block`, in which `batcher` is the address that counts."""
        self._items = self._data(block, batcher)

    def next(self) -> bytes | Need:
        """Return the next data item.

        Raises `Reset` when `block` came without a blob of the batcher.
        """
        return next(self._items, Need.L1_BLOCK)

    def _data(self, block: L1Block, batcher: bytes) -> Iterator[bytes]:
        for transaction in block.transactions:
            if not self._counts(transaction, batcher):
                continue
            if isinstance(transaction, Transaction) and transaction.type == BLOB:
                yield from self._blobs(block, transaction)
            else:
                yield transaction.data

    def _counts(self, transaction: AnyTransaction, batcher: bytes) -> bool:
        if transaction.to != self.inbox or transaction.type not in _TYPES:
            return False
        if isinstance(transaction, Transaction) and not transaction.has_signature_values:
            # Its sender is somebody's word, even where this node believes it.
            self.reading.drop(STAGE, f"transaction 0x{transaction.hash.hex()}: no signature")
            return False
        try:
            return transaction.sender == batcher
        except InvalidData as exc:
            self.reading.drop(STAGE, f"transaction 0x{transaction.hash.hex()}: {exc}")
            return False

    def _blobs(self, block: L1Block, transaction: Transaction) -> Iterator[bytes]:
        for blob_hash in transaction.blob_hashes:
            blob = block.blobs.get(blob_hash)
            if blob is None:
                raise Reset(
                    f"L1 block {block.header.number} came without blob 0x{blob_hash.hex()} of "
                    f"transaction 0x{transaction.hash.hex()}: fetch the block and its blobs again"
                )
            try:
                data = decode_blob(blob)
            except InvalidData as exc:
                self.reading.drop(STAGE, f"blob 0x{blob_hash.hex()}: {exc}")
            else:
                yield data
