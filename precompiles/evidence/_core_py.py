"""The reference: what the evidence checks mean, written to be read.

`merkle.verify_chunk` and `_spans_py.spans` are the other two of the five.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Final

from byline.precompiles.evidence.merkle import verify_chunk
from byline.precompiles.evidence.refusals import (
    offset_out_of_range,
    too_many_labels,
    zero_neighbours,
)

__all__ = ["compare_suffix", "knn_shapley", "match_len", "verify_chunk"]

SUFFIX: Final = 256
"""Bytes of each string that `compare_suffix` looks at: 64 tokens."""
DENOMINATOR_BITS: Final = 63
"""So that the value of a single label, which is at most 1, fits int64 above it."""


def match_len(a: bytes, off_a: int, b: bytes, off_b: int, most: int) -> int:
    """Return how many bytes from `off_a` of `a` and from `off_b` of `b` on are equal.

    Counts to `most`, and to the end of the shorter one.  Raises refusals for an offset
    beyond the end; the end itself is an offset, with nothing after it.
    """
    for offset, text in ((off_a, a), (off_b, b)):
        if offset > len(text):
            raise offset_out_of_range(offset, len(text))
    reach = min(most, len(a) - off_a, len(b) - off_b)
    for length in range(reach):
        if a[off_a + length] != b[off_b + length]:
            return length
    return reach


def compare_suffix(x: bytes, y: bytes) -> int:
    """Return -1, 0 or 1: how the first 256 bytes of `x` stand to those of `y`.

    Byte by byte, a prefix before what it begins: the order of a suffix array.
    """
    first, second = x[:SUFFIX], y[:SUFFIX]
    return (first > second) - (first < second)


def knn_shapley(k: int, label: int, labels: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Return what each neighbour adds to a vote of the `k` nearest: numerators, denominator.

    `labels` are those of the training points, the nearest first; a vote is worth the share
    of `label` among the k nearest, counted over k.  The Shapley value of point i of n is

        s_n = [match n] / max(k, n)
        s_i = s_(i+1) + ([match i] - [match i+1]) / max(k, i)

    (Jia et al., "Efficient task-specific data valuation for nearest neighbor algorithms",
    VLDB 2019, theorem 1: min(k, i) / (k i) is 1 / max(k, i)).  All are whole numbers over the
    least common multiple of k and k+1 .. n, which must stay below 2**63: so for any k up to
    42 labels are taken, for the largest k up to 263.
    """
    if k == 0:
        raise zero_neighbours()
    count = len(labels)
    denominator = k
    for rank in range(k + 1, count + 1):
        denominator = lcm(denominator, rank)
        if denominator >> DENOMINATOR_BITS:
            raise too_many_labels(count)
    values = [0] * (count + 1)
    after = False
    for rank in range(count, 0, -1):
        match = labels[rank - 1] == label
        step = (match - after) * (denominator // max(k, rank))
        values[rank - 1] = values[rank] + step
        after = match
    return tuple(values[:count]), denominator
