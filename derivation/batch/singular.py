"""The singular batch: one L2 block.

Source: ethereum-optimism/specs, protocol/derivation.md, "Batch Format".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp

SINGULAR_BATCH: Final = 0
"""The version byte."""


@dataclass(frozen=True, slots=True)
class SingularBatch:
    """What decides one L2 block, beside the deposits of its epoch."""

    parent_hash: bytes
    epoch_number: int
    """Height of the L1 origin."""
    epoch_hash: bytes
    timestamp: int
    """Seconds since 1970."""
    transactions: tuple[bytes, ...]
    """EIP-2718 bytes, deposits left out."""

    def encode(self) -> bytes:
        """Return version byte and RLP list."""
        body = rlp.encode(
            (
                self.parent_hash, self.epoch_number, self.epoch_hash, self.timestamp,
                self.transactions,
            )
        )  # fmt: skip
        return bytes([SINGULAR_BATCH]) + body

    @classmethod
    def decode(cls, content: bytes) -> SingularBatch:
        """Read the bytes after the version byte; bytes after the list are tolerated.

        Raises `InvalidData` naming the field that is malformed.
        """
        try:
            _, _, end = rlp.read_item(content, 0)
            items = rlp.decode(content[:end])
        except InvalidData as exc:
            raise InvalidData(f"singular batch: {exc}") from exc
        if not isinstance(items, list) or len(items) != 5:
            raise InvalidData("singular batch: want an RLP list of 5 fields")
        if not isinstance(items[4], list):
            raise InvalidData("singular batch: transactions are not a list")
        transactions = tuple(item for item in items[4] if isinstance(item, bytes))
        if len(transactions) != len(items[4]):
            raise InvalidData("singular batch: a transaction is not a byte string")
        return cls(
            parent_hash=_hash(items[0], "parent hash"),
            epoch_number=rlp.number(items[1], "singular batch epoch number", 64),
            epoch_hash=_hash(items[2], "epoch hash"),
            timestamp=rlp.number(items[3], "singular batch timestamp", 64),
            transactions=transactions,
        )


def _hash(item: Any, name: str) -> bytes:
    if not isinstance(item, bytes) or len(item) != 32:
        raise InvalidData(f"singular batch {name}: want 32 bytes")
    return item
