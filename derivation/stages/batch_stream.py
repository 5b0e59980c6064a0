"""Stage 5: span batches taken apart, so that what follows sees singular batches only.

Source: ethereum-optimism/specs, protocol/holocene/derivation.md ("Span Batches"); op-node,
rollup/derive/batch_stage.go (`nextSingularBatchCandidate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.span import SpanBatch
from byline.derivation.batch.validity import DropReason, Outcome, SafeRef, Verdict, check_span
from byline.derivation.config import RollupConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.stages.channel_reader import ChannelReader
from byline.derivation.stages.reading import Reading
from byline.derivation.types import L1BlockRef, L2BlockRef, Need

STAGE: Final = "batch_stream"


@dataclass(slots=True)
class BatchStream:
    """Holds at most one span batch, part of which has been handed out."""

    prev: ChannelReader
    reading: Reading
    config: RollupConfig
    schedule: DevSchedule
    safe_ref: SafeRef
    _span: SpanBatch | None = None
    _index: int = 0
    """The block of the span that is next."""
    _hashes: Sequence[bytes] = ()
    """L1 origin hash of each block of the span from `_first` on."""
    _first: int = 0

    def next(self, parent: L2BlockRef, l1_blocks: Sequence[L1BlockRef]) -> SingularBatch | Need:
        """Return the next candidate for the block after `parent`, not judged by itself yet."""
        while True:
            batch = self._from_span(parent)
            if batch is not None:
                return batch
            read = self.prev.next()
            if not isinstance(read, SpanBatch):
                return read
            self._open(read, parent, l1_blocks)

    def drain(self) -> Need:
        """Read and drop all batches of an L1 block that can only hold past ones."""
        while True:
            read = self.prev.next()
            if isinstance(read, Need):
                return read
            self.reading.drop(STAGE, "included no later than the L1 origin of the safe head")

    def flush(self) -> None:
        """Drop the span batch and the channel it came from (Holocene)."""
        self._close()
        self.prev.flush()

    def reset(self) -> None:
        """Forget everything."""
        self.flush()

    def _close(self) -> None:
        self._span, self._hashes = None, ()

    def _from_span(self, parent: L2BlockRef) -> SingularBatch | None:
        """Pop the span's next block if it is the one after `parent`, else drop the span."""
        span, index = self._span, self._index
        if span is None:
            return None
        if index >= len(span) or span.timestamp(index) != self.schedule.next_timestamp(parent):
            if index < len(span):
                self.reading.drop(STAGE, "the rest of a span does not follow the safe head")
            self._close()
            return None
        self._index = index + 1
        return span.singular(index, parent.hash, self._hashes[index - self._first])

    def _open(self, span: SpanBatch, parent: L2BlockRef, l1_blocks: Sequence[L1BlockRef]) -> None:
        verdict = check_span(
            self.config, l1_blocks, parent, span, self.reading.origin, self.schedule, self.safe_ref
        )
        if verdict.outcome is Outcome.ACCEPT:
            verdict = self._take(span, parent, l1_blocks)
        if verdict.reason is not None:
            self.reading.drop(STAGE, verdict.reason.value, verdict.reason)
        if verdict.outcome is Outcome.DROP:
            self.flush()

    def _take(
        self, span: SpanBatch, parent: L2BlockRef, l1_blocks: Sequence[L1BlockRef]
    ) -> Verdict:
        """Keep the blocks of `span` that are new; one without a known L1 origin voids it."""
        known = {block.number: block.hash for block in l1_blocks}
        first = 0
        while span.timestamp(first) <= parent.timestamp:
            first += 1
        hashes = []
        for epoch in span.epochs[first:]:
            origin_hash = known.get(epoch)
            if origin_hash is None:
                return Verdict(Outcome.DROP, DropReason.SPAN_ORIGIN_UNKNOWN)
            hashes.append(origin_hash)
        self._span, self._index, self._first, self._hashes = span, first, first, hashes
        return Verdict(Outcome.ACCEPT)
