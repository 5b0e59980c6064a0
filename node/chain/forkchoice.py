"""The three heads of an L2 and the moves they may make."""

from __future__ import annotations

from dataclasses import dataclass, replace

from byline.derivation.types import L2BlockRef
from byline.node.errors import ForkChoiceError


@dataclass(frozen=True, slots=True)
class ForkChoice:
    """Unsafe is sequenced, safe is derived from the L1, finalized cannot be undone there."""

    unsafe: L2BlockRef
    safe: L2BlockRef
    finalized: L2BlockRef

    def __post_init__(self) -> None:
        if not self.finalized.number <= self.safe.number <= self.unsafe.number:
            raise ForkChoiceError(
                f"heads out of order: finalized {self.finalized.number}, "
                f"safe {self.safe.number}, unsafe {self.unsafe.number}"
            )

    def with_unsafe(self, ref: L2BlockRef) -> ForkChoice:
        """Return it with a new sequenced head, at or above the safe one."""
        return replace(self, unsafe=ref)

    def with_safe(self, ref: L2BlockRef) -> ForkChoice:
        """Return it with a new derived head; the unsafe one follows if it was lower."""
        unsafe = self.unsafe if self.unsafe.number >= ref.number else ref
        return replace(self, safe=ref, unsafe=unsafe)

    def with_finalized(self, ref: L2BlockRef) -> ForkChoice:
        """Return it with a new finalized head; it never moves back."""
        if ref.number < self.finalized.number:
            raise ForkChoiceError(
                f"finalized head would go back from {self.finalized.number} to {ref.number}"
            )
        return replace(self, finalized=ref)
