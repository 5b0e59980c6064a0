"""From evidence to points: who is owed which part of a fee, in whole numbers.

A span is worth the information it carries, length times log2(N / count) in Q16 bits, but at
least 1; its leaves share that equally.  A record's points divide its units (one for each
10**9 wei of the fee, at least one) among the owners of its leaves; a batch adds the points
of its records.  Every division is the cascade of the attribution math, so sums are exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from byline.node.attribution.encoding import EvidenceLeaf, Points
from byline.node.attribution.fixed_point import log2_q16
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumRoot, sum_tree_root

WEI_PER_UNIT: Final = 10**9
MOST_UNITS: Final = 2**64 - 1


def span_weight(total: int, length: int, count: int) -> int:
    """Return what a span of `length` tokens is worth that stands `count` times in `total`."""
    return max(1, length * (log2_q16(total) - log2_q16(count)))


def leaf_weights(total: int, length: int, count: int, leaves: int) -> tuple[int, ...]:
    """Return the weight of each of a span's leaves, in order."""
    return apportion(CASCADE, span_weight(total, length, count), [1] * leaves)


def units(fee: int) -> int:
    """Return the units of a fee in wei.

    Raises `ValueError` for a fee of more units than 64 bits hold, some 18 billion OPEN.
    """
    most = (MOST_UNITS + 1) * WEI_PER_UNIT - 1
    if not 0 <= fee <= most:
        raise ValueError(f"fee of {fee} wei: want 0 to {most}")
    return max(1, fee // WEI_PER_UNIT)


def can_be_divided_by(leaves: Sequence[EvidenceLeaf]) -> bool:
    """Return whether `points` can be made of leaves, which may be anybody's.

    Not of weights that are zero altogether, nor of those that add up to 2**64 or more.
    """
    return not leaves or 0 < sum(leaf.weight for leaf in leaves) <= MOST_UNITS


def points(leaves: Sequence[EvidenceLeaf], fee: int, fallback: bytes) -> Points:
    """Return the points of a record by ascending owner; they add up to `units(fee)`.

    Without leaves all go to `fallback`.  An owner may get 0 points and stays in the list.
    Raises `ValueError` unless `can_be_divided_by` takes the leaves.
    """
    if not leaves:
        return ((fallback, units(fee)),)
    sums = summed((leaf.owner, leaf.weight) for leaf in leaves)
    parts = apportion(CASCADE, units(fee), [weight for _, weight in sums])
    return tuple((owner, part) for (owner, _), part in zip(sums, parts, strict=True))


def summed(entries: Iterable[tuple[bytes, int]]) -> Points:
    """Return the sum of each owner, by ascending owner."""
    sums: Counter[bytes] = Counter()
    for owner, amount in entries:
        sums[owner] += amount
    return tuple(sorted(sums.items()))


def batch_payouts(records: Iterable[Points]) -> Points:
    """Return the points of all records of a batch, summed by owner."""
    return summed(entry for points_of_record in records for entry in points_of_record)


def weights_root(points_of_record: Points) -> bytes:
    """Return the root that a record commits its points with."""
    return sum_tree_root(points_of_record).root


def payout_root(payouts: Points) -> SumRoot:
    """Return the root that a batch commits its payouts with, its total W and its number n."""
    return sum_tree_root(payouts)
