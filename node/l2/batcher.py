"""Posts unsafe L2 blocks to the L1, so that everyone can derive them.

One channel at a time, its frames in order of nonce: what Holocene's strict ordering asks
for.  Where to begin is never remembered: it is the safe head, once the whole L1 is derived,
or the last block of a channel that is already on its way.  After a restart nothing is (the
pool does not keep inbox transactions), so what they held is posted again; a channel left
unfinished on the L1 gives way to the next frame 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from byline.derivation.channel_out import ChannelOut, DoesNotFit
from byline.derivation.frame import data_item
from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.l2.batcher_settings import BatcherSettings
from byline.node.l2.data_availability import FRAME_ROOM, Carrier, L1Conditions, cheaper
from byline.node.l2.engine import L2Engine
from byline.node.l2.inbox_transaction import (
    Fees,
    InboxTransaction,
    ProofKind,
    in_blobs,
    in_calldata,
    sidecar_of,
)
from byline.node.l2.inflight import InFlight, Sent


@dataclass(frozen=True, slots=True)
class Posting:
    """A channel ready for the L1."""

    first: int
    last: int
    """The L2 blocks it holds."""
    carrier: Carrier
    items: tuple[bytes, ...]
    """Data items, one for each transaction or blob, in order: a version byte and a frame."""


class Batcher:
    """Turns L2 blocks into signed inbox transactions, channel by channel."""

    def __init__(
        self, engine: L2Engine, account: DevAccount, settings: BatcherSettings | None = None
    ) -> None:
        self._engine = engine
        self._account = account
        self.settings = settings or BatcherSettings()
        self.policy = self.settings.policy()
        self.in_flight = InFlight(self.settings.fees)
        self.submitted = engine.heads.safe.number
        """The last L2 block that is on its way to the L1."""
        self._attempt = 0
        self._opened: int | None = None
        """The L1's head when the first pending block was seen."""

    @property
    def pending(self) -> int:
        """L2 blocks not yet posted."""
        return max(0, self._engine.heads.unsafe.number - self.submitted)

    def rewind(self) -> None:
        """Begin again after the safe head (the unsafe chain or the L1 has changed).

        What is on its way stays tracked: its nonces come first.  Whoever takes it out of
        the pool clears `in_flight`.
        """
        self.submitted = self._engine.heads.safe.number
        self._attempt += 1

    def is_inbox(self, tx: Transaction) -> bool:
        """Tell whether `tx` is one of the batcher's own."""
        return tx.to == self._engine.config.batch_inbox and tx.sender == self._account.address

    def due(self, l1_head: int) -> bool:
        """Tell whether pending blocks have to be posted without waiting for a pause."""
        if not self.pending:
            self._opened = None
            return False
        if self._opened is None:
            self._opened = l1_head
        first = self._engine.ref_at(self.submitted + 1)
        assert first is not None, "what is pending is canonical"
        return self.policy.due(
            self.pending, self._opened, first.l1_origin.number, l1_head, self._engine.config
        )

    # -- channels ---------------------------------------------------------------------

    def postings(self, l1: L1Conditions) -> Iterator[Posting]:
        """Yield the channels that bring the L1 up to the unsafe head."""
        last = self._engine.heads.unsafe.number
        while self.submitted < last:
            first = self.submitted + 1
            channel = self._fill(first, last, l1)
            channel.close()
            carrier, items = self._carry(channel, l1)
            posting = Posting(first, first + len(channel) - 1, carrier, items)
            yield posting
            self.submitted = posting.last
        self._opened = None

    def _fill(self, first: int, last: int, l1: L1Conditions) -> ChannelOut:
        """Return a channel with the blocks from `first` on, as many as belong together."""
        channel = ChannelOut(
            self._engine.config,
            compression=self.settings.compression,
            batches=self.settings.batches,
            # Two channels that begin with one block must differ, else the frames of a
            # second attempt would be taken for late ones of the first.
            counter=l1.number << 32 | self._attempt,
        )
        # Compressed bytes are bounded by those measured last and what came in since.
        measured = known = 0
        for number in range(first, min(last, first + self.policy.most_blocks - 1) + 1):
            block = self._engine.chain.canonical_block(number)
            assert block is not None, f"L2 block {number} is canonical but not stored"
            try:
                channel.add(block)
            except DoesNotFit:
                break
            if len(channel) > 1 and known + channel.input_size - measured > self.policy.most_bytes:
                known, measured = channel.compressed_size(), channel.input_size
                if known > self.policy.most_bytes:
                    channel.take_back()
                    break
        return channel

    def _carry(self, channel: ChannelOut, l1: L1Conditions) -> tuple[Carrier, tuple[bytes, ...]]:
        """Cut a closed channel for calldata or for blobs, as told or as is cheaper."""
        cut: dict[Carrier, tuple[bytes, ...]] = {
            carrier: tuple(data_item([frame]) for frame in channel.frames(room))
            for carrier, room in FRAME_ROOM.items()
        }
        da = self.settings.da
        carrier = da if da != "auto" else cheaper(
            cut["calldata"], cut["blobs"], self.settings.blobs_per_transaction, l1,
            self.settings.fees.tip,
        )  # fmt: skip
        return carrier, cut[carrier]

    # -- transactions -----------------------------------------------------------------

    def send(self, posting: Posting, nonce: int, l1: L1Conditions) -> Iterator[InboxTransaction]:
        """Yield the signed transactions of a posting, from `nonce` on, and track them."""
        fees = self.settings.fees.offer(l1)
        for place, group in enumerate(self._groups(posting)):
            yield self._track(_sent(posting, group, nonce + place, fees, l1, self.settings.proofs))

    def resend(self, next_nonce: int, l1: L1Conditions) -> Iterator[InboxTransaction]:
        """Yield replacements for what no L1 block has taken for too long.

        `next_nonce` is that of the batcher's account: what is below it is in a block.
        """
        self.in_flight.settle(next_nonce)
        for sent in self.in_flight.overdue(l1):
            yield self._track(sent)

    def _groups(self, posting: Posting) -> Iterable[Sequence[bytes]]:
        size = self.settings.blobs_per_transaction if posting.carrier == "blobs" else 1
        for at in range(0, len(posting.items), size):
            yield posting.items[at : at + size]

    def _track(self, sent: Sent) -> InboxTransaction:
        self.in_flight.add(sent)
        config = self._engine.config
        where = (self._account, config.batch_inbox, config.l1_chain_id, sent.nonce, sent.fees)
        if sent.sidecar is None:
            return in_calldata(*where, sent.item)
        return in_blobs(*where, sent.sidecar)


def _sent(
    posting: Posting, group: Sequence[bytes], nonce: int, fees: Fees, l1: L1Conditions,
    kind: ProofKind,
) -> Sent:  # fmt: skip
    if posting.carrier == "calldata":
        return Sent(nonce, group[0], None, fees, l1.number)
    return Sent(nonce, b"", sidecar_of(group, kind), fees, l1.number)
