"""The other way, for the batcher: L2 blocks to batches to a compressed channel to frames.

A channel takes consecutive blocks, each once.  Nothing is random: the channel id follows
from the first block and a counter, so the same blocks give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import RawSpanBatch
from byline.derivation.block import Block
from byline.derivation.compression import Compression, compress
from byline.derivation.config import RollupConfig
from byline.derivation.constants import (
    FRAME_OVERHEAD,
    MAX_FRAME_LENGTH,
    MAX_RLP_BYTES_PER_CHANNEL,
)
from byline.derivation.frame import (
    CHANNEL_ID_LENGTH,
    FRAME_ENVELOPE,
    MAX_FRAME_NUMBER,
    Frame,
)
from byline.derivation.hashing import keccak256
from byline.derivation.l1_info import l1_info_of
from byline.derivation.rlp_items import encode_string
from byline.derivation.transaction import DepositTransaction

BatchKind: TypeAlias = Literal["singular", "span"]

_ENVELOPE: Final = 16
"""More bytes than the RLP prefix and version byte of any batch."""


class DoesNotFit(ValueError):
    """A block cannot join this channel: close it and start another."""


def singular_batch_of(block: Block) -> SingularBatch:
    """Return what the batcher must say of `block`: all but what the L1 forces.

    Raises `InvalidData` for a block without L1 attributes, such as genesis.
    """
    info = l1_info_of(block)
    return SingularBatch(
        parent_hash=block.header.parent_hash,
        epoch_number=info.number,
        epoch_hash=info.block_hash,
        timestamp=block.header.timestamp,
        transactions=tuple(
            transaction.raw
            for transaction in block.transactions
            if not isinstance(transaction, DepositTransaction)
        ),
    )


class ChannelOut:
    """A channel being filled.

    `counter` tells channels apart that begin with the same block, as when a batcher starts
    over.  A span channel holds one span batch, so its blocks must lie at the block time.
    """

    def __init__(
        self,
        config: RollupConfig,
        compression: Compression = "zlib",
        batches: BatchKind = "singular",
        counter: int = 0,
    ) -> None:
        self.config = config
        self.compression = compression
        self.batches = batches
        self._counter = counter
        self._blocks: list[SingularBatch] = []
        self._last_hash = b""
        self._opens_epoch = False
        self._id = b""
        self._size = 0
        self._data: bytes | None = None

    @property
    def id(self) -> bytes:
        """The channel id, 16 bytes; raises `ValueError` before the first block."""
        if not self._id:
            raise ValueError("a channel without blocks has no id")
        return self._id

    @property
    def input_size(self) -> int:
        """Bytes of batches before compression, at most a few more than in truth."""
        return self._size

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self._blocks)

    def add(self, block: Block) -> None:
        """Take the next block.

        Raises `DoesNotFit` when it exceeds the channel's bound or breaks a span, and
        `ValueError` when it is not the child of the last or the channel is closed.
        """
        if self._data is not None:
            raise ValueError(f"L2 block {block.number}: the channel is closed")
        batch = singular_batch_of(block)
        if self._blocks:
            self._check(block, batch)
        size = len(batch.encode()) + _ENVELOPE
        if self._blocks and self._size + size > MAX_RLP_BYTES_PER_CHANNEL:
            raise DoesNotFit(
                f"L2 block {block.number}: {self._size + size} bytes in one channel, at most "
                f"{MAX_RLP_BYTES_PER_CHANNEL}"
            )
        if not self._blocks:
            self._opens_epoch = l1_info_of(block).sequence_number == 0
            seed = block.hash + self._counter.to_bytes(8, "big")
            self._id = keccak256(seed)[:CHANNEL_ID_LENGTH]
        self._blocks.append(batch)
        self._last_hash = block.hash
        self._size += size

    def _check(self, block: Block, batch: SingularBatch) -> None:
        last = self._blocks[-1]
        if batch.parent_hash != self._last_hash:
            raise ValueError(f"L2 block {block.number} is not the child of the channel's last")
        if self.batches == "span" and batch.timestamp != last.timestamp + self.config.block_time:
            raise DoesNotFit(
                f"L2 block {block.number}: {batch.timestamp - last.timestamp} seconds after its "
                f"parent, which a span batch cannot say; want {self.config.block_time}"
            )

    def compressed_size(self) -> int:
        """Return the bytes that the channel would have if it were closed now.

        It compresses all of it, so ask rarely.  Raises `ValueError` without a block.
        """
        if self._data is not None:
            return len(self._data)
        return len(self._compressed())

    def take_back(self) -> None:
        """Give up the last block; raises `ValueError` when it is the only one, or closed."""
        if self._data is not None or len(self._blocks) < 2:
            raise ValueError("an open channel gives back all of its blocks but the first")
        batch = self._blocks.pop()
        self._last_hash = batch.parent_hash
        self._size -= len(batch.encode()) + _ENVELOPE

    def close(self) -> None:
        """Compress the blocks; no more can be added.  Raises `ValueError` without a block."""
        if self._data is None:
            self._data = self._compressed()

    def _compressed(self) -> bytes:
        if not self._blocks:
            raise ValueError("a channel without blocks cannot be closed")
        encoded = b"".join(encode_string(batch) for batch in self._encoded())
        return compress(encoded, self.compression)

    def _encoded(self) -> list[bytes]:
        if self.batches == "span":
            return [RawSpanBatch.of(self._blocks, self._opens_epoch, self.config).encode()]
        return [batch.encode() for batch in self._blocks]

    def frames(self, max_size: int) -> Iterator[bytes]:
        """Cut the closed channel into encoded frames of at most `max_size` bytes each.

        A data item for the inbox is `frame.data_item` of one or more of them.  Raises
        `ValueError` for a channel still open, and a `max_size` that needs too many frames.
        """
        if self._data is None:
            raise ValueError("the channel is open: close it before cutting frames")
        room = min(max_size - FRAME_ENVELOPE, MAX_FRAME_LENGTH)
        if room < 1:
            raise ValueError(f"frames of {max_size} bytes, want over {FRAME_ENVELOPE}")
        count = -(-len(self._data) // room)
        total = len(self._data) + count * FRAME_OVERHEAD
        if count > MAX_FRAME_NUMBER + 1 or total > MAX_RLP_BYTES_PER_CHANNEL:
            raise ValueError(
                f"{len(self._data)} bytes in frames of {max_size} make {count}: too many"
            )
        return self._cut(self._data, room, count)

    def _cut(self, data: bytes, room: int, count: int) -> Iterator[bytes]:
        for number in range(count):
            piece = data[number * room : (number + 1) * room]
            yield Frame(self.id, number, piece, number == count - 1).encode()
