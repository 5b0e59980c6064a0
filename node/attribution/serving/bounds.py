"""How much an endpoint keeps and does at the same time, for whom it does not know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an endpoint keeps at most."""

    offers: int = 1_000
    """In all."""
    offers_of_client: int = 20
    offer_seconds: int = 120
    """How long an offer stands."""
    record_seconds: int = 900
    """How long after that its receipt may be recorded."""
    receipts: int = 5_000
    """That wait to be recorded."""
    body_bytes: int = 16_384
    body_seconds: float = 20.0
    """In which a body has to arrive."""
    models_at_once: int = 2
    """Answers computed at the same time."""
    answer_seconds: float = 45.0
    """That a model may take, and as many that its turn may take to come."""
    answer_bytes: int = 65_536
    """Of an answer in UTF-8."""

    def __post_init__(self) -> None:
        """Refuse bounds under which nothing could be served."""
        for name in self.__slots__:
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} {getattr(self, name)}: want more than 0")


DEFAULT_BOUNDS: Final = Bounds()
