"""What a rollup node and its engine say to each other, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from byline.derivation.block import Block, list_root
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT
from byline.derivation.header import Header
from byline.derivation.transaction import decode_transaction

Status: TypeAlias = Literal["VALID", "INVALID", "SYNCING"]
"""`ACCEPTED` is missing: a block whose ancestors are known is executed at once."""


@dataclass(frozen=True, slots=True)
class ForkchoiceState:
    """The three heads a rollup node asks for, by hash."""

    head: bytes
    """The unsafe head."""
    safe: bytes
    """Zero while none is known."""
    finalized: bytes
    """Zero while none is known."""


@dataclass(frozen=True, slots=True)
class PayloadStatus:
    """The verdict on a block."""

    status: Status
    latest_valid_hash: bytes | None = None
    """The block itself, or the nearest valid ancestor of an invalid one."""
    error: str | None = None
    """Why it is invalid."""


SYNCING = PayloadStatus("SYNCING")


@dataclass(frozen=True, slots=True)
class ExecutionPayload:
    """An L2 block as it travels: header fields without the constants, and raw transactions."""

    parent_hash: bytes
    fee_recipient: bytes
    state_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    prev_randao: bytes
    block_number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    base_fee: int
    block_hash: bytes
    """What the sender says that the hash is."""
    transactions: tuple[bytes, ...]
    withdrawals_root: bytes | None
    """Since Isthmus the storage root of the L2ToL1MessagePasser; `None` before."""
    blob_gas_used: int
    """Since Jovian the data-availability footprint."""
    excess_blob_gas: int

    def header(self, parent_beacon_root: bytes) -> Header:
        """Return the header that the fields make; its hash is to be compared.

        Before Isthmus there is no requests hash, and the withdrawals root is that of none.
        """
        isthmus = self.withdrawals_root is not None
        return Header(
            parent_hash=self.parent_hash,
            coinbase=self.fee_recipient,
            state_root=self.state_root,
            transactions_root=list_root(self.transactions),
            receipts_root=self.receipts_root,
            bloom=self.logs_bloom,
            number=self.block_number,
            gas_limit=self.gas_limit,
            gas_used=self.gas_used,
            timestamp=self.timestamp,
            extra_data=self.extra_data,
            mix_hash=self.prev_randao,
            base_fee=self.base_fee,
            withdrawals_root=self.withdrawals_root if isthmus else EMPTY_TRIE_ROOT,
            blob_gas_used=self.blob_gas_used,
            excess_blob_gas=self.excess_blob_gas,
            parent_beacon_root=parent_beacon_root,
            requests_hash=EMPTY_REQUESTS_HASH if isthmus else None,
        )

    def block(self, parent_beacon_root: bytes) -> Block:
        """Return the block; raises `InvalidData` for a malformed transaction."""
        transactions = tuple(decode_transaction(raw) for raw in self.transactions)
        return Block(self.header(parent_beacon_root), transactions)
