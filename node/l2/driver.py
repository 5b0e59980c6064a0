"""Feeds L1 blocks to the pipeline, applies what comes out, moves the heads.

The driver is synchronous: `advance` works until the pipeline asks for an L1 block that
it has not been given.  The sequencer's node and a verifier use the same driver; for the
verifier every block is new, for the sequencer it usually equals an unsafe one.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from dataclasses import dataclass

from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.errors import Critical, Reset
from byline.derivation.pipeline import Pipeline
from byline.derivation.types import AttributesWithParent, L1Block, L1BlockRef, L2BlockRef, Need
from byline.node.chain.chain import InvalidBlock
from byline.node.chain.forkchoice import ForkChoice
from byline.node.l2.engine import L2Engine
from byline.node.l2.safe_heads import SafeHead, SafeHeads
from byline.node.storage.kv import MemoryKV

LOG = logging.getLogger("byline.driver")


class Step(enum.Enum):
    """How a derived block came to be safe."""

    CONFIRMED = enum.auto()
    """It equals the unsafe block at that height."""
    BUILT = enum.auto()
    """It was executed now; unsafe blocks from there on, if any, are gone."""


@dataclass(frozen=True, slots=True)
class Derived:
    """An L2 block that became safe."""

    ref: L2BlockRef
    derived_from: L1BlockRef
    step: Step


class Driver:
    """Moves the safe and finalized heads of one L2 engine."""

    def __init__(self, engine: L2Engine, safe_heads: SafeHeads | None = None) -> None:
        """Without `safe_heads` what was safe when is remembered in memory alone."""
        self.engine = engine
        self.safe_heads = safe_heads or SafeHeads(MemoryKV())
        self.pipeline = Pipeline(engine.config, engine.ref_at, upgrades=engine.upgrades)

    @property
    def origin(self) -> L1BlockRef | None:
        """The L1 block that derivation is at."""
        return self.pipeline.origin

    def base(self) -> L2BlockRef:
        """Return the L2 block at whose L1 origin reading has to start.

        A channel may have been opened a channel timeout before the safe head's origin, so
        the way back is that long (protocol notes 6.6).
        """
        engine = self.engine
        safe = at = engine.heads.safe
        while at.number > engine.config.genesis.l2.number:
            if at.l1_origin.number + CHANNEL_TIMEOUT <= safe.l1_origin.number:
                break
            at = engine.ref(at.parent_hash)
        return at

    def reset(
        self, l1_block: Callable[[int], L1Block | None], *, between_channels: bool = False
    ) -> None:
        """Start reading again; `l1_block` answers for the L1 by number.

        `between_channels` says that no channel was open when the safe head became what it
        is: then nothing before its L1 origin has to be read once more.
        """
        at = self.engine.heads.safe if between_channels else self.base()
        block = l1_block(at.l1_origin.number)
        if block is None or block.header.hash != at.l1_origin.hash:
            raise Reset(
                f"L1 block {at.l1_origin.number} is not the origin that L2 block {at.number} names"
            )
        self.pipeline.reset(block, self.engine.system_config(at))
        self.safe_heads.truncate(lambda entry: self._holds(entry, l1_block(entry.l1.number)))

    def _holds(self, entry: SafeHead, block: L1Block | None) -> bool:
        """Tell whether an entry is of the past; what is not known of the L1 is believed."""
        canonical = block is None or block.header.hash == entry.l1.hash
        return canonical and entry.l2.number <= self.engine.heads.safe.number

    def provide(self, block: L1Block) -> None:
        """Give the next L1 block; raises `Reset` when it does not follow."""
        self.pipeline.provide(block)

    def advance(self, most: int | None = None) -> list[Derived]:
        """Derive until another L1 block is needed, or `most` L2 blocks are safe."""
        done: list[Derived] = []
        while most is None or len(done) < most:
            safe = self.engine.heads.safe
            found = self.pipeline.step(safe, self.engine.system_config(safe))
            if isinstance(found, Need):
                break
            done.append(self._apply(found))
        return done

    def _apply(self, found: AttributesWithParent) -> Derived:
        engine = self.engine
        known = engine.matches(found.parent.number + 1, found.attributes)
        if known is not None:
            self._promote(known, found.derived_from)
            return Derived(known, found.derived_from, Step.CONFIRMED)
        if engine.heads.unsafe.number > found.parent.number:
            LOG.warning(
                "unsafe blocks %d to %d differ from what the L1 says; dropped",
                found.parent.number + 1,
                engine.heads.unsafe.number,
            )
            engine.rewind(found.parent)
        ref = self._execute(found)
        self._promote(ref, found.derived_from)
        return Derived(ref, found.derived_from, Step.BUILT)

    def _execute(self, found: AttributesWithParent) -> L2BlockRef:
        """Build the block; an invalid one is replaced by its deposits alone (Holocene)."""
        try:
            built = self.engine.build(found.parent, found.attributes)
        except InvalidBlock as exc:
            LOG.warning("invalid payload, deposits only instead: %s", exc)
            found = self.pipeline.deposits_only(found)
            try:
                built = self.engine.build(found.parent, found.attributes)
            except InvalidBlock as again:
                raise Critical(f"deposits alone make no valid block: {again}") from again
        return self.engine.insert(built)

    def _promote(self, ref: L2BlockRef, derived_from: L1BlockRef) -> None:
        self.safe_heads.record(derived_from.id, ref.id)
        self.engine.promote_safe(ref)

    def safe_up_to(self, l1_number: int) -> L2BlockRef:
        """Return the newest block that the L1 up to `l1_number` made safe; forget later ones.

        Where no entry is that old, it is genesis: derivation then reads all of the L1 again.
        """
        entry = self.safe_heads.forget_after(l1_number)
        genesis = self.engine.config.genesis.l2
        return self.engine.ref((genesis if entry is None else entry.l2).hash)

    def forget_safe(self, lost: SafeHead) -> None:
        """Give up what L1 block `lost.l1` made safe: that block is not canonical any more.

        What is unsafe above the safe head goes with it.
        """
        safe = self.safe_up_to(lost.l1.number - 1)
        heads = self.engine.heads
        if safe.number < heads.safe.number:
            finalized = min(safe, heads.finalized, key=lambda ref: ref.number)
            self.engine.restore(ForkChoice(safe, safe, finalized))

    def finalize(self, l1_finalized: L1BlockRef) -> L2BlockRef | None:
        """Finalize what was derived from L1 blocks up to `l1_finalized`.

        Returns the new finalized head, or `None` when it stays.
        """
        entry, heads = self.safe_heads.at(l1_finalized.number), self.engine.heads
        # An entry is written before the safe head moves, so it may be ahead for a moment.
        if entry is None or not heads.finalized.number < entry.l2.number <= heads.safe.number:
            return None
        newest = self.engine.ref(entry.l2.hash)
        self.engine.promote_finalized(newest)
        return newest
