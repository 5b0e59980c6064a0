"""Posts unsafe L2 blocks to the L1, so that everyone can derive them.

One channel at a time, frames in order, one transaction a frame: what Holocene's strict
ordering asks for.  Where to begin is never remembered: it is the safe head, or the last
block of a channel that is already on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from byline.derivation.channel_out import ChannelOut
from byline.derivation.compression import Compression
from byline.derivation.config import RollupConfig
from byline.derivation.frame import data_item
from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.l2.engine import L2Engine
from byline.node.signing import sign_dynamic_fee

MAX_FRAME_BYTES: Final = 119_999
"""Bytes of one transaction's calldata, version byte apart (op-batcher's default)."""
MAX_CHANNEL_BLOCKS: Final = 256
"""L2 blocks of one channel; more are posted in further ones."""
BATCHER_TIP: Final = 10**9


@dataclass(frozen=True, slots=True)
class Posting:
    """A channel ready for the L1."""

    first: int
    last: int
    """The L2 blocks it holds."""
    items: tuple[bytes, ...]
    """Calldata, one transaction each, in order: a version byte and one frame."""


class Batcher:
    """Turns L2 blocks into signed inbox transactions, in channels of singular batches.

    Singular batches name each block's time, so a clock jump needs no channel of its own.
    """

    def __init__(
        self, engine: L2Engine, account: DevAccount, compression: Compression = "brotli"
    ) -> None:
        self._engine = engine
        self._account = account
        self._compression = compression
        self.submitted = engine.heads.safe.number
        """The last L2 block that is on its way to the L1."""

    @property
    def pending(self) -> int:
        """L2 blocks not yet posted."""
        return max(0, self._engine.heads.unsafe.number - self.submitted)

    def rewind(self) -> None:
        """Begin again after the safe head (the unsafe chain or the L1 has changed)."""
        self.submitted = self._engine.heads.safe.number

    def postings(self) -> Iterator[Posting]:
        """Yield the channels that bring the L1 up to the unsafe head."""
        last = self._engine.heads.unsafe.number
        while self.submitted < last:
            first = self.submitted + 1
            upto = min(last, self.submitted + MAX_CHANNEL_BLOCKS)
            yield Posting(first, upto, tuple(self._items(first, upto)))
            self.submitted = upto

    def _items(self, first: int, last: int) -> Iterator[bytes]:
        channel = ChannelOut(self._engine.config, compression=self._compression)
        for number in range(first, last + 1):
            block = self._engine.chain.canonical_block(number)
            assert block is not None, f"L2 block {number} is canonical but not stored"
            channel.add(block)
        channel.close()
        for frame in channel.frames(MAX_FRAME_BYTES):
            yield data_item([frame])

    def transaction(
        self, config: RollupConfig, data: bytes, nonce: int, base_fee: int
    ) -> Transaction:
        """Return a signed inbox transaction that carries `data`."""
        tokens = data.count(0) + 4 * (len(data) - data.count(0))
        return sign_dynamic_fee(
            self._account,
            chain_id=config.l1_chain_id,
            nonce=nonce,
            # The EIP-7623 floor is what a transaction of pure data pays.
            gas=21_000 + 10 * tokens,
            to=config.batch_inbox,
            max_fee=2 * base_fee + BATCHER_TIP,
            tip=BATCHER_TIP,
            data=data,
        )
