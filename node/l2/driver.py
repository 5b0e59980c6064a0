"""Feeds L1 blocks to the pipeline, applies what comes out, moves the heads.

The driver is synchronous: `advance` works until the pipeline asks for an L1 block that
it has not been given.  The sequencer's node and a verifier use the same driver; for the
verifier every block is new, for the sequencer it usually equals an unsafe one.
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.errors import Critical, Reset
from byline.derivation.pipeline import Pipeline
from byline.derivation.types import AttributesWithParent, L1Block, L1BlockRef, L2BlockRef, Need
from byline.node.chain.chain import InvalidBlock
from byline.node.l2.engine import L2Engine

LOG = logging.getLogger("byline.driver")

FINALITY_LOOKBACK = 4 * 32 + 1
"""L1 blocks for which it is kept which L2 block they made safe (op-node `finalizer.go`)."""


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

    def __init__(self, engine: L2Engine) -> None:
        self.engine = engine
        self.pipeline = Pipeline(engine.config, engine.ref_at, upgrades=engine.upgrades)
        self._safe_at: deque[Derived] = deque()
        """What became safe and is not finalized."""
        self._history: deque[Derived] = deque()
        """What became safe, finalized or not, for L1 reorganisations."""

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

    def reset(self, l1_block: Callable[[int], L1Block | None]) -> None:
        """Start reading again; `l1_block` answers for the L1 by number."""
        at = self.base()
        block = l1_block(at.l1_origin.number)
        if block is None or block.header.hash != at.l1_origin.hash:
            raise Reset(
                f"L1 block {at.l1_origin.number} is not the origin that L2 block {at.number} names"
            )
        self.pipeline.reset(block, self.engine.system_config(at))
        finalized = self.engine.heads.finalized.number
        self._safe_at = deque(item for item in self._history if item.ref.number > finalized)

    def assume_safe_at(self, l1_block: L1BlockRef) -> None:
        """After a restart: what is safe was so at `l1_block` at the latest; finality needs it."""
        safe = self.engine.heads.safe
        if not self._history and safe.number > self.engine.heads.finalized.number:
            self._remember(Derived(safe, l1_block, Step.CONFIRMED))

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
            derived = self._apply(found)
            self._remember(derived)
            done.append(derived)
        return done

    def _apply(self, found: AttributesWithParent) -> Derived:
        engine = self.engine
        known = engine.matches(found.parent.number + 1, found.attributes)
        if known is not None:
            engine.promote_safe(known)
            return Derived(known, found.derived_from, Step.CONFIRMED)
        if engine.heads.unsafe.number > found.parent.number:
            LOG.warning(
                "unsafe blocks %d to %d differ from what the L1 says; dropped",
                found.parent.number + 1,
                engine.heads.unsafe.number,
            )
            engine.rewind(found.parent)
        ref = self._execute(found)
        engine.promote_safe(ref)
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

    def _remember(self, derived: Derived) -> None:
        oldest = derived.derived_from.number - FINALITY_LOOKBACK
        for kept in (self._safe_at, self._history):
            kept.append(derived)
            while kept[0].derived_from.number < oldest:
                kept.popleft()

    def safe_up_to(self, l1_number: int) -> L2BlockRef:
        """Return the newest block that the L1 up to `l1_number` made safe; forget later ones.

        Where that is longer ago than is remembered, it is genesis: derivation then reads all
        of the L1 again.
        """
        complete = bool(self._history) and self._history[0].derived_from.number <= l1_number
        while self._history and self._history[-1].derived_from.number > l1_number:
            self._history.pop()
        if complete and self._history:
            return self._history[-1].ref
        return self.engine.ref(self.engine.config.genesis.l2.hash)

    def finalize(self, l1_finalized: L1BlockRef) -> L2BlockRef | None:
        """Finalize what was derived from L1 blocks up to `l1_finalized`.

        Returns the new finalized head, or `None` when it stays.
        """
        newest: L2BlockRef | None = None
        while self._safe_at and self._safe_at[0].derived_from.number <= l1_finalized.number:
            newest = self._safe_at.popleft().ref
        if newest is None or newest.number <= self.engine.heads.finalized.number:
            return None
        self.engine.promote_finalized(newest)
        return newest
