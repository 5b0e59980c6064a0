"""A block with its transactions, and the roots that its header commits to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byline.derivation.header import Header
from byline.derivation.kernels.trie import ordered_root
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import AnyTransaction


@dataclass(frozen=True, slots=True)
class Block:
    """Header and body; uncles and withdrawals are always empty on our chains."""

    header: Header
    transactions: tuple[AnyTransaction, ...]

    @property
    def hash(self) -> bytes:
        """The block hash."""
        return self.header.hash

    @property
    def number(self) -> int:
        """The height."""
        return self.header.number


def list_root(items: Sequence[bytes]) -> bytes:
    """Return the root of the trie that holds `items` by their RLP-encoded index.

    This is how headers commit to transactions, receipts and withdrawals.
    """
    return ordered_root(items)


def transactions_root(transactions: Sequence[AnyTransaction]) -> bytes:
    """Return the transactions root of a block."""
    return list_root([transaction.raw for transaction in transactions])


def receipts_root(receipts: Sequence[Receipt]) -> bytes:
    """Return the receipts root of a block."""
    return list_root([receipt.encode() for receipt in receipts])
