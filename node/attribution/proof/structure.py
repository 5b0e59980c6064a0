"""How the leaves of an output must stand: what can be checked with nothing but the leaves.

Spans from left to right without overlap; of a span the datasets by ascending id; of a dataset
one leaf for each sampled entry of its range, in order; and no span behind more than 240
leaves.  With that every leaf's weight follows from the leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from byline.node.attribution.corpus import SuffixRange
from byline.node.attribution.encoding import EvidenceLeaf
from byline.node.attribution.spans import LEAVES_TO_STOP, Span, sampled
from byline.node.attribution.weights import leaf_weights


@dataclass(frozen=True, slots=True)
class Structure:
    """The spans that leaves are about."""

    spans: tuple[Span, ...]
    broken: int | None
    """Index of the first leaf that stands where it may not, or of the last before one that is
    missing; `None` where all is in order."""


def structure(leaves: Sequence[EvidenceLeaf]) -> Structure:
    """Return the spans of `leaves`, up to where they stop making sense."""
    spans: list[Span] = []
    at, end = 0, 0
    while at < len(leaves):
        first = leaves[at]
        if first.out_pos < end or at > LEAVES_TO_STOP:
            return Structure(tuple(spans), at)
        ranges: list[SuffixRange] = []
        while at < len(leaves) and _same_span(leaves[at], first):
            one = SuffixRange(leaves[at].dataset, leaves[at].lo, leaves[at].hi)
            wanted = sampled(one.lo, one.hi) if one.lo < one.hi else ()
            ascending = not ranges or ranges[-1].dataset < one.dataset
            if not wanted or not ascending:
                return Structure(tuple(spans), at)
            for index in wanted:
                if at >= len(leaves) or leaves[at] != _like(leaves[at], first, one, index):
                    return Structure(tuple(spans), min(at, len(leaves) - 1))
                at += 1
            ranges.append(one)
        spans.append(Span(first.out_pos, first.length, tuple(ranges)))
        end = first.out_pos + first.length
    return Structure(tuple(spans), None)


def expected_weights(total: int, spans: Sequence[Span]) -> tuple[int, ...]:
    """Return the weight of every leaf of `spans`, in datasets of `total` tokens together."""
    return tuple(
        weight
        for span in spans
        for weight in leaf_weights(total, span.length, span.count, span.leaves)
    )


def _same_span(leaf: EvidenceLeaf, first: EvidenceLeaf) -> bool:
    return (leaf.out_pos, leaf.length) == (first.out_pos, first.length)


def _like(leaf: EvidenceLeaf, first: EvidenceLeaf, one: SuffixRange, index: int) -> EvidenceLeaf:
    """Return `leaf` with all that its place among the leaves decides."""
    return replace(
        leaf,
        out_pos=first.out_pos,
        length=first.length,
        dataset=one.dataset,
        lo=one.lo,
        hi=one.hi,
        sa_index=index,
    )
