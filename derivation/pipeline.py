"""The pipeline: L1 blocks are provided, payload attributes come out.

It never waits.  The driver's loop is

    pipeline.reset(base, system_config)
    while True:
        match pipeline.step(safe_head, safe_config):
            case Need.L1_BLOCK:
                pipeline.provide(next_l1_block)      # later, when there is one
            case attributes:
                ...                                  # execute; the safe head moves

Source: ethereum-optimism/specs, protocol/derivation.md, protocol/holocene/derivation.md.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from byline.derivation.batch.validity import SafeRef
from byline.derivation.config import RollupConfig, SystemConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.errors import Critical, Reset
from byline.derivation.l1_info import PRAGUE_BLOB_SCHEDULE, BlobSchedule
from byline.derivation.stages.attributes_queue import AttributesQueue
from byline.derivation.stages.batch_stream import BatchStream
from byline.derivation.stages.batch_validator import BatchValidator
from byline.derivation.stages.channel_assembler import ChannelAssembler
from byline.derivation.stages.channel_reader import ChannelReader
from byline.derivation.stages.frame_queue import FrameQueue
from byline.derivation.stages.l1_retrieval import L1Retrieval
from byline.derivation.stages.reading import Drop, Reading
from byline.derivation.system_config import apply_updates_with_reasons
from byline.derivation.transaction import DEPOSIT
from byline.derivation.types import (
    AttributesWithParent,
    L1Block,
    L1BlockRef,
    L2BlockRef,
    Need,
)
from byline.derivation.upgrades import NO_UPGRADES, Upgrades


class Pipeline:
    """Derives L2 blocks from L1 blocks, one `step` at a time.

    `safe_ref` answers for the safe chain up to the parent of the step; span batches that
    begin before the safe head ask for the block that they build on.
    """

    def __init__(
        self,
        config: RollupConfig,
        safe_ref: SafeRef,
        blob_schedule: BlobSchedule = PRAGUE_BLOB_SCHEDULE,
        upgrades: Upgrades = NO_UPGRADES,
    ) -> None:
        self.config = config
        self.schedule = DevSchedule(config)
        """What DevControl declared so far; empty but on a devnet."""
        self._reading = reading = Reading()
        self._retrieval = L1Retrieval(reading, config.batch_inbox)
        self._frames = FrameQueue(self._retrieval, reading)
        self._channels = ChannelAssembler(self._frames, reading)
        self._reader = ChannelReader(self._channels, reading, config)
        self._stream = BatchStream(self._reader, reading, config, self.schedule, safe_ref)
        self._validator = BatchValidator(self._stream, reading, config, self.schedule)
        self._attributes = AttributesQueue(
            self._validator, reading, config, self.schedule, blob_schedule, upgrades
        )
        self._system_config: SystemConfig | None = None
        self._used_up = False
        """Whether all data of the current L1 block have been read."""

    @property
    def origin(self) -> L1BlockRef | None:
        """The L1 block being read; `None` before the first reset."""
        return None if self._system_config is None else self._reading.origin

    @property
    def between_channels(self) -> bool:
        """Whether all that was provided is used up and no channel waits for more frames.

        Then a later `reset` to the safe head's L1 origin misses nothing that came before it.
        """
        return self._used_up and not self._channels.has_open

    @property
    def drops(self) -> deque[Drop]:
        """What was read and not used, oldest first; bounded."""
        return self._reading.drops

    def reset(self, base: L1Block, system_config: SystemConfig) -> None:
        """Begin again at `base`, whose own data are read under `system_config`.

        `system_config` is that of the L2 block whose L1 origin is `base`, so the updates in
        `base` are in it already.  Choose `base` a channel timeout before the origin of the
        safe head, for channels that were open there.  Drops stay on record.
        """
        self.schedule.forget_from(0)
        self._frames.reset()
        self._channels.reset()
        self._stream.reset()
        self._validator.reset(base.ref)
        self._attributes.reset()
        self._load(base, system_config)

    def provide(self, block: L1Block) -> None:
        """Take the L1 block after `origin`, when `step` has asked for it.

        Raises `Reset` when it is not the child of `origin`: the L1 reorganised.  `Critical`
        when it comes unasked, since data not yet read would count for the wrong block.
        """
        if self._system_config is None:
            raise Critical("the pipeline has no base: reset it to an L1 block first")
        if not self._used_up:
            raise Critical(
                f"L1 block {block.header.number} came before block {self._reading.origin.number} "
                "was read to its end: step until the pipeline asks for a block"
            )
        origin = self._reading.origin
        if block.header.parent_hash != origin.hash or block.header.number != origin.number + 1:
            raise Reset(
                f"L1 block {block.header.number} has the parent "
                f"0x{block.header.parent_hash.hex()}, but {origin.number} was read as "
                f"0x{origin.hash.hex()}: the L1 reorganised"
            )
        system_config, skipped = apply_updates_with_reasons(
            self._system_config, block.receipts, self.config.l1_system_config
        )
        self._load(block, system_config)
        for reason in skipped:
            self._reading.drop("pipeline", reason)

    def step(self, parent: L2BlockRef, parent_config: SystemConfig) -> AttributesWithParent | Need:
        """Return the attributes of the block after the safe head `parent`, or ask for more.

        `parent_config` is `system_config_of` the parent.  Attributes come out once: the
        caller keeps them until the block is safe, or resets.  Raises `Reset` and `Critical`.
        """
        if self._system_config is None:
            raise Critical("the pipeline has no base: reset it to an L1 block first")
        if self._used_up:
            return Need.L1_BLOCK
        attributes = self._attributes.next(parent, parent_config)
        self._used_up = isinstance(attributes, Need)
        return attributes

    def deposits_only(self, attributes: AttributesWithParent) -> AttributesWithParent:
        """Return `attributes` without the batch's transactions, for an invalid payload.

        The rest of the span batch and of its channel are void with it (Holocene).
        """
        self._stream.flush()
        forced = tuple(raw for raw in attributes.attributes.transactions if raw[:1] == _DEPOSIT)
        return replace(attributes, attributes=replace(attributes.attributes, transactions=forced))

    def _load(self, block: L1Block, system_config: SystemConfig) -> None:
        self._system_config = system_config
        self._used_up = False
        self._reading.origin = block.ref
        for reason in self.schedule.read(block):
            self._reading.drop("pipeline", reason)
        self._attributes.remember(block)
        self._retrieval.load(block, system_config.batcher)


_DEPOSIT = bytes([DEPOSIT])
