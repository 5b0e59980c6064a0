"""Stage 6: for the next L2 block the batch that counts, or an empty one that the rules force.

Source: ethereum-optimism/specs, protocol/derivation.md ("Batch Queue") and
protocol/holocene/derivation.md; op-node, rollup/derive/batch_stage.go, base_batch_stage.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from byline.derivation.batch.singular import SingularBatch
from byline.derivation.batch.validity import Outcome, check_singular
from byline.derivation.config import RollupConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.errors import Critical, Reset
from byline.derivation.stages.batch_stream import BatchStream
from byline.derivation.stages.reading import Reading
from byline.derivation.types import NO_L1_BLOCK, L1BlockRef, L2BlockRef, Need

STAGE: Final = "batch_validator"


@dataclass(slots=True)
class BatchValidator:
    """Knows the L1 blocks that may be an origin, from the safe head's on."""

    prev: BatchStream
    reading: Reading
    config: RollupConfig
    schedule: DevSchedule
    _origin: L1BlockRef = NO_L1_BLOCK
    """The last L1 block that was taken up."""
    _l1_blocks: list[L1BlockRef] = field(default_factory=list)
    """Consecutive; the first is the epoch of the safe head, or the next once the rules have
    filled that epoch up."""

    def reset(self, base: L1BlockRef) -> None:
        """Begin again at `base`."""
        self._origin = base
        self._l1_blocks = [base]

    def next(self, parent: L2BlockRef) -> SingularBatch | Need:
        """Return the batch of the block after `parent`.

        Raises `Reset` when the L1 blocks read do not hold the origin of `parent`, `Critical`
        when reading began after it.
        """
        self._update_origins(parent)
        origin = self.reading.origin
        if origin.number <= parent.l1_origin.number:
            return self.prev.drain()
        self._check_origins(parent)
        while True:
            batch = self.prev.next(parent, self._l1_blocks)
            if isinstance(batch, Need):
                return self._forced(parent)
            verdict = check_singular(
                self.config, self._l1_blocks, parent, batch, origin, self.schedule
            )
            if verdict.outcome is Outcome.ACCEPT:
                return batch
            if verdict.reason is not None:
                self.reading.drop(STAGE, verdict.reason.value, verdict.reason)
            if verdict.outcome is Outcome.DROP:
                self.prev.flush()

    def _update_origins(self, parent: L2BlockRef) -> None:
        origin = self.reading.origin
        if origin != self._origin:
            self._origin = origin
            self._l1_blocks.append(origin)
        for index, block in enumerate(self._l1_blocks):
            if block.number == parent.l1_origin.number:
                del self._l1_blocks[:index]
                break

    def _check_origins(self, parent: L2BlockRef) -> None:
        if len(self._l1_blocks) < 2:
            raise Critical(
                f"derivation at L1 block {self._origin.number} does not know the origin "
                f"{parent.l1_origin.number} of L2 block {parent.number}: reset the pipeline to "
                "an L1 block at or before it"
            )
        epoch, before = self._l1_blocks[0], parent.l1_origin
        if epoch.id != before and epoch.number != before.number + 1:
            raise Reset(
                f"L1 block {epoch.number} (0x{epoch.hash.hex()}) was read where L2 block "
                f"{parent.number} has the origin {before.number} (0x{before.hash.hex()})"
            )

    def _forced(self, parent: L2BlockRef) -> SingularBatch | Need:
        """Return the empty batch that is due when a sequencing window has passed, if it has.

        All data of the current L1 block have been used up when this is called.
        """
        epoch, following = self._l1_blocks[0], self._l1_blocks[1]
        if epoch.number + self.config.seq_window_size > self._origin.number:
            return Need.L1_BLOCK
        timestamp = self.schedule.next_timestamp(parent)
        opens_epoch = epoch.number == parent.l1_origin.number + 1
        if timestamp < following.timestamp or opens_epoch:
            return SingularBatch(parent.hash, epoch.number, epoch.hash, timestamp, ())
        # The epoch is full: the next begins, when one more L1 block has been read.
        del self._l1_blocks[0]
        return Need.L1_BLOCK
