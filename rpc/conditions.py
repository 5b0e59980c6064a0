"""What must hold for a transaction to get into a block (OP Stack, ERC-4337 bundlers).

Source: op-geth `core/types/transaction_conditional.go`, `internal/sequencerapi/api.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from byline.rpc.backend import BackendError


class ConditionsFailed(BackendError):
    """A condition does not hold now."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Bounds on the block, both ends included, and what accounts must store."""

    least_number: int | None = None
    most_number: int | None = None
    least_time: int | None = None
    """Seconds since 1970."""
    most_time: int | None = None
    roots: Mapping[bytes, bytes] = field(default_factory=dict)
    """Storage root by address."""
    words: Mapping[bytes, Mapping[int, int]] = field(default_factory=dict)
    """By address and slot."""

    @property
    def cost(self) -> int:
        """How much work checking is: a unit for each bound, storage root and word."""
        bounds = (self.least_number, self.most_number, self.least_time, self.most_time)
        given = sum(bound is not None for bound in bounds)
        return given + len(self.roots) + sum(map(len, self.words.values()))

    def contradiction(self) -> str | None:
        """Return why no block can fulfil the bounds; `None` where one may."""
        for name, least, most in (
            ("block number", self.least_number, self.most_number),
            ("timestamp", self.least_time, self.most_time),
        ):
            if least is not None and most is not None and least > most:
                return f"{name} minimum constraint must be less than the maximum"
        return None
