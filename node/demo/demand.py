"""Real demand or noise: what the node's `attribution_metrics` says, against what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from byline.node.demo.chain import Chain
from byline.node.demo.plan import Sort
from byline.node.demo.recording import Books

Place = tuple[int, int]
"""A batch and the index of a record in it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """The metrics of a model."""

    metrics: dict[str, Any]
    """As JSON-RPC has them."""
    planted: frozenset[Place]
    """Records that a contributor paid for itself."""

    @property
    def marked(self) -> frozenset[Place]:
        """Records that look like noise."""
        return frozenset((one["batch"], one["index"]) for one in self.metrics["noise"]["listed"])


async def demand(chain: Chain, model: int, books: Books) -> Demand:
    """Ask the node how `model` is used."""
    planted = frozenset(
        (settled.recorded.id, index)
        for settled, batch in books.main
        for index, one in enumerate(batch.signed)
        if one.answer.query.sort is Sort.WASH
    )
    return Demand(await chain.l2.call("attribution_metrics", model), planted)
