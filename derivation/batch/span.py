"""The span batch: a run of consecutive L2 blocks, stored in columns.

`RawSpanBatch` is what travels; `expand` rebuilds its transactions and gives a `SpanBatch`,
whose blocks have epoch number, time and transactions.  Hashes are bound only by two checks
of 20 bytes: the parent of the first block, and the L1 origin of the last.
Source: ethereum-optimism/specs, protocol/delta/span-batches.md; op-node,
rollup/derive/span_batch.go.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.batch.columns import Reader, encode_bits, encode_varint
from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span_transactions import (
    SpanTransaction,
    decode_transactions,
    encode_transactions,
)
from byline.derivation.config import RollupConfig
from byline.derivation.constants import MAX_SPAN_BATCH_ELEMENTS
from byline.derivation.errors import InvalidData

SPAN_BATCH: Final = 1
"""The version byte."""
_U64: Final = 2**64
_CHECK: Final = 20
"""Bytes of a hash that a span batch carries."""


@dataclass(frozen=True, slots=True)
class SpanBatch:
    """A span batch with its transactions rebuilt."""

    parent_check: bytes
    """First 20 bytes of the hash of the block before."""
    l1_origin_check: bytes
    """First 20 bytes of the hash of the last block's L1 origin."""
    start_timestamp: int
    """Time of the first block, seconds since 1970."""
    block_time: int
    """Seconds between blocks."""
    epochs: tuple[int, ...]
    """Height of the L1 origin of each block."""
    transactions: tuple[tuple[bytes, ...], ...]
    """EIP-2718 bytes of each block."""

    def __len__(self) -> int:
        """Return the number of blocks, at least 1."""
        return len(self.epochs)

    def timestamp(self, index: int) -> int:
        """Return the time of block `index`."""
        # op-node counts in 64 bits, so a span that starts too late wraps as it does there.
        return (self.start_timestamp + self.block_time * index) % _U64

    def singular(self, index: int, parent_hash: bytes, epoch_hash: bytes) -> SingularBatch:
        """Return block `index` as a singular batch on `parent_hash`."""
        return SingularBatch(
            parent_hash=parent_hash,
            epoch_number=self.epochs[index],
            epoch_hash=epoch_hash,
            timestamp=self.timestamp(index),
            transactions=self.transactions[index],
        )


@dataclass(frozen=True, slots=True)
class RawSpanBatch:
    """A span batch as it travels."""

    relative_timestamp: int
    """Seconds from L2 genesis to the first block."""
    l1_origin_number: int
    """Height of the last block's L1 origin."""
    parent_check: bytes
    l1_origin_check: bytes
    origin_bits: tuple[bool, ...]
    """For each block, whether its L1 origin differs from that of the block before it."""
    transactions: tuple[tuple[SpanTransaction, ...], ...]
    """For each block."""

    def encode(self) -> bytes:
        """Return version byte, prefix and payload."""
        counts = b"".join(encode_varint(len(block)) for block in self.transactions)
        return b"".join(
            (
                bytes([SPAN_BATCH]),
                encode_varint(self.relative_timestamp),
                encode_varint(self.l1_origin_number),
                self.parent_check,
                self.l1_origin_check,
                encode_varint(len(self.origin_bits)),
                encode_bits(self.origin_bits),
                counts,
                encode_transactions([tx for block in self.transactions for tx in block]),
            )
        )

    @classmethod
    def decode(cls, content: bytes) -> RawSpanBatch:
        """Read the bytes after the version byte; bytes after the columns are tolerated.

        Raises `InvalidData` naming what is malformed.
        """
        reader = Reader(content)
        relative_timestamp = reader.varint("relative timestamp")
        l1_origin_number = reader.varint("L1 origin number")
        parent_check = reader.take(_CHECK, "parent check")
        l1_origin_check = reader.take(_CHECK, "L1 origin check")
        count = reader.varint("block count")
        if not 1 <= count <= MAX_SPAN_BATCH_ELEMENTS:
            raise InvalidData(f"span batch: {count} blocks, want 1 to {MAX_SPAN_BATCH_ELEMENTS}")
        origin_bits = reader.bits(count, "origin bits")
        counts = _read_counts(reader, count)
        flat = decode_transactions(reader, sum(counts))
        return cls(
            relative_timestamp, l1_origin_number, parent_check, l1_origin_check, origin_bits,
            _group(flat, counts),
        )  # fmt: skip

    @classmethod
    def of(
        cls, batches: Sequence[SingularBatch], opens_epoch: bool, config: RollupConfig
    ) -> RawSpanBatch:
        """Pack consecutive `batches`, the first of which opens an epoch or not.

        Raises `ValueError` when they do not follow each other at the block time, and
        `InvalidData` for a transaction of a type that span batches do not carry.
        """
        first, last = batches[0], batches[-1]
        if first.timestamp < config.genesis.l2_time:
            raise ValueError(f"span batch: a block at {first.timestamp} is before genesis")
        bits = [opens_epoch]
        for before, after in itertools.pairwise(batches):
            step = after.epoch_number - before.epoch_number
            if after.timestamp != before.timestamp + config.block_time or step not in (0, 1):
                raise ValueError(
                    f"span batch: a block at {after.timestamp} in epoch {after.epoch_number} "
                    f"cannot follow one at {before.timestamp} in epoch {before.epoch_number}"
                )
            bits.append(step == 1)
        return cls(
            relative_timestamp=first.timestamp - config.genesis.l2_time,
            l1_origin_number=last.epoch_number,
            parent_check=first.parent_hash[:_CHECK],
            l1_origin_check=last.epoch_hash[:_CHECK],
            origin_bits=tuple(bits),
            transactions=tuple(
                tuple(SpanTransaction.split(raw) for raw in batch.transactions)
                for batch in batches
            ),
        )

    def expand(self, config: RollupConfig) -> SpanBatch:
        """Rebuild the transactions and number the epochs.

        Raises `InvalidData` when a transaction cannot be rebuilt: then this batch is void,
        and the channel goes on.
        """
        epochs = []
        epoch = self.l1_origin_number
        for changes in reversed(self.origin_bits):
            epochs.append(epoch)
            epoch -= changes
        chain_id = config.l2_chain_id
        return SpanBatch(
            parent_check=self.parent_check,
            l1_origin_check=self.l1_origin_check,
            start_timestamp=(config.genesis.l2_time + self.relative_timestamp) % _U64,
            block_time=config.block_time,
            epochs=tuple(reversed(epochs)),
            transactions=tuple(
                tuple(tx.raw(chain_id) for tx in block) for block in self.transactions
            ),
        )


def _read_counts(reader: Reader, blocks: int) -> list[int]:
    """Read how many transactions each block has; the sum is bounded before anything is built."""
    counts = []
    total = 0
    for _ in range(blocks):
        count = reader.varint("transaction count")
        total += count
        if total > MAX_SPAN_BATCH_ELEMENTS:
            raise InvalidData(
                f"span batch: over {MAX_SPAN_BATCH_ELEMENTS} transactions in its blocks"
            )
        counts.append(count)
    return counts


def _group(
    flat: Sequence[SpanTransaction], counts: Sequence[int]
) -> tuple[tuple[SpanTransaction, ...], ...]:
    blocks = []
    at = 0
    for count in counts:
        blocks.append(tuple(flat[at : at + count]))
        at += count
    return tuple(blocks)
