"""Shapley values of a vote of nearest neighbours: exact, in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from byline.node.attribution.influence.table import Floats, Table
from byline.precompiles.errors import InvalidInput
from byline.precompiles.evidence import knn_shapley


def knn_values(train: Table, query: Table, neighbours: int) -> Floats:
    """Return the Shapley value of each training row for a vote on one query.

    The nearest by Euclidean distance come first, equally near ones by index.
    """
    distances = ((train.features - query.features[0]) ** 2).sum(axis=1)
    order = np.argsort(distances, kind="stable")
    labels = train.labels[order].tolist()
    values = np.empty(len(train))
    values[order] = list(map(float, shapley(neighbours, int(query.labels[0]), labels)))
    return values


def shapley(neighbours: int, label: int, labels: Sequence[int]) -> tuple[Fraction, ...]:
    """Return the exact value of each of `labels`, the nearest first.

    The evidence precompile's function where its 64 bits hold the denominator, else the same
    recursion with as many bits as it takes.
    """
    if neighbours < 1:
        raise ValueError(f"vote of {neighbours} neighbours: want at least 1")
    try:
        values, denominator = knn_shapley(neighbours, label, bytes(labels))
    except InvalidInput:
        return _recursion(neighbours, label, labels)
    return tuple(Fraction(value, denominator) for value in values)


def _recursion(neighbours: int, label: int, labels: Sequence[int]) -> tuple[Fraction, ...]:
    values = [Fraction(0)]
    after = 0
    for rank in range(len(labels), 0, -1):
        match = int(labels[rank - 1] == label)
        values.append(values[-1] + Fraction(match - after, max(neighbours, rank)))
        after = match
    return tuple(values[:0:-1])
