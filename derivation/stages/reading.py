"""What all stages share: which L1 block is being read, and what was dropped on the way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.batch.validity import DropReason
from byline.derivation.types import NO_L1_BLOCK, L1BlockRef

MOST_DROPS: Final = 1000
"""Drops that are remembered; older ones give way."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that derivation read and did not use."""

    stage: str
    """The file of `stages/` that dropped it."""
    reason: str
    """Why, in words."""
    where: L1BlockRef
    """The L1 block being read."""
    verdict: DropReason | None = None
    """The rule, where a batch broke one."""


def _empty() -> deque[Drop]:
    return deque(maxlen=MOST_DROPS)


@dataclass(slots=True)
class Reading:
    """The place in the L1 and the record of drops; there is one for a pipeline."""

    origin: L1BlockRef = NO_L1_BLOCK
    """The L1 block whose data the stages read."""
    drops: deque[Drop] = field(default_factory=_empty)

    def drop(self, stage: str, reason: object, verdict: DropReason | None = None) -> None:
        """Record that `stage` dropped something for `reason`."""
        self.drops.append(Drop(stage, str(reason), self.origin, verdict))
