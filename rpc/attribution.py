"""What the RPC asks about answers: whose words they are made of, and who is paid for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from byline.rpc.backend import BlockRef

Answer: TypeAlias = Mapping[str, Any]
"""JSON: ids, counts and seconds are numbers; wei, weights and points quantities in hex."""


class Attribution(Protocol):
    """Attribution on the L2, as the contracts' events and the datasets at hand tell it.

    All raise `Refused` for what is not on record or needs contents that the node has not, and
    `Halted` out of time.
    """

    async def trace(self, model: int, output: str | tuple[int, ...], fee: int | None) -> Answer:
        """Return which parts of an output stand in a model's datasets, and their weights.

        output: text, or tokens.  fee: wei to be divided into points, where that is wanted.
        """

    async def explain(self, batch: int, index: int) -> Answer:
        """Return a recorded answer down to the words it is paid for, and what each got."""

    async def verify(self, batch: int, index: int) -> Answer:
        """Return what is wrong with a recorded answer, its batch and its settlement."""

    async def metrics(self, model: int, first: BlockRef, last: BlockRef) -> Answer:
        """Return how a model is used in a range of blocks, and how much of it looks like noise."""

    async def lineage(self, model: int) -> Answer:
        """Return what a model was made from, and which parts of its earnings go where."""

    async def status(self) -> Answer:
        """Return what is on record, where the contracts stand, and which contents are held."""
