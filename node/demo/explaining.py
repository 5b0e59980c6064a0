"""One payout, from the words of the answer to the wei."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from byline.node.attribution.passages import passage
from byline.node.demo.desk import Batch, Signed
from byline.node.demo.model import Trained
from byline.node.demo.recording import Settled
from byline.precompiles.math import CASCADE, apportion


@dataclass(frozen=True, slots=True)
class Place:
    """Words of the answer, and where a text has them."""

    words: str
    """As they are written there."""
    tokens: int
    title: str
    """Of the text."""
    contributor: str
    weight: Fraction
    """Bits of information."""
    times: int
    """How often the datasets have the words; a leaf stands for up to four of them."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one contributor gets for one answer and for its whole batch."""

    contributor: str
    points: int
    """Of the answer's."""
    batch_points: int
    """Of the batch's."""
    wei: int
    """Of the batch's pot."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record with everything that led to its payouts."""

    batch: int
    index: int
    signed: Signed
    places: tuple[Place, ...]
    units: int
    """Points of the answer: one for each 10**9 wei of its fee."""
    batch_units: int
    pot: int
    shares: tuple[Share, ...]


def most_telling(batches: Sequence[tuple[Settled, Batch]]) -> tuple[Settled, Batch, int]:
    """Return which record to explain: of the most owners, then of the most spans."""
    ranked = [
        (len(one.attribution.points), len(one.attribution.evidence.leaves), -number, -index)
        for number, (_, batch) in enumerate(batches)
        for index, one in enumerate(batch.signed)
    ]
    _, _, number, index = max(ranked)
    settled, batch = batches[-number]
    return settled, batch, -index


def explain(trained: Trained, settled: Settled, batch: Batch, index: int) -> Explanation:
    """Explain record `index` of a settled batch."""
    signed = batch.signed[index]
    payouts = settled.recorded.payouts
    amounts = apportion(CASCADE, settled.pot, [points for _, points in payouts])
    paid = {who: (points, wei) for (who, points), wei in zip(payouts, amounts, strict=True)}
    shares = tuple(
        Share(trained.names.get(who, "fallback"), points, *paid[who])
        for who, points in signed.attribution.points
    )
    return Explanation(
        batch=settled.recorded.id,
        index=index,
        signed=signed,
        places=tuple(_places(trained, signed)),
        units=sum(points for _, points in signed.attribution.points),
        batch_units=sum(points for _, points in payouts),
        pot=settled.pot,
        shares=shares,
    )


def _places(trained: Trained, signed: Signed) -> Iterator[Place]:
    leaves = signed.attribution.evidence.leaves
    counts: dict[int, dict[int, int]] = {}
    for leaf in leaves:
        counts.setdefault(leaf.out_pos, {})[leaf.dataset] = leaf.hi - leaf.lo
    for leaf in leaves:
        dataset = trained.adapter.dataset(leaf.dataset)
        assert dataset is not None
        found = passage(dataset, leaf.pos, leaf.length)
        yield Place(
            words=found.text,
            tokens=leaf.length,
            title=trained.text(leaf.dataset, found.document).title,
            contributor=trained.names[leaf.owner],
            weight=Fraction(leaf.weight, 2**16),
            times=sum(counts[leaf.out_pos].values()),
        )
