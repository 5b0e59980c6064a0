"""How far an engine ranks the training rows as retraining would: its fidelity score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

import numpy as np

from byline.node.attribution.influence.engines import ENGINES, Engine
from byline.node.attribution.influence.logistic import fit
from byline.node.attribution.influence.quantise import quantise
from byline.node.attribution.influence.scores import leave_one_out
from byline.node.attribution.influence.table import Problem

WHOLE: Final = 10_000
"""Basis points of a perfect agreement."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One engine on one query."""

    engine: str
    """Name and parameters."""
    engine_id: bytes
    query: int
    """Index of the query."""
    rows_bps: int
    """Spearman's rank correlation with leave-one-out over all training rows, -10000 to
    10000."""
    contributors_bps: int
    """The same over the contributors, each with the sum of its rows' scores."""


def fidelity(
    problem: Problem, queries: Sequence[int], engines: Sequence[Engine] = ENGINES
) -> tuple[Fidelity, ...]:
    """Return the fidelity of each engine on each query, by engine.

    Trains once for each training row: 400 rows of 30 features take about a second.
    Raises `IndexError` for a query that is not there.
    """
    model = fit(problem.train)
    chosen = problem.queries.rows(np.array(queries, np.intp))
    truths = [quantise(truth) for truth in leave_one_out(model, problem.train, chosen)]

    def measured() -> Iterator[Fidelity]:
        for engine in engines:
            for at, (query, truth) in enumerate(zip(queries, truths, strict=True)):
                asked = chosen.rows(np.array([at]))
                scores = quantise(engine.scores(model, problem.train, asked))
                yield Fidelity(
                    engine=engine.description,
                    engine_id=engine.id,
                    query=query,
                    rows_bps=spearman_bps(scores, truth),
                    contributors_bps=spearman_bps(
                        by_owner(scores, problem.owners), by_owner(truth, problem.owners)
                    ),
                )

    return tuple(measured())


def by_owner(scores: Sequence[int], owners: Sequence[int]) -> tuple[int, ...]:
    """Return the sum of each owner's scores, by ascending owner."""
    sums = dict.fromkeys(sorted(set(owners)), 0)
    for score, owner in zip(scores, owners, strict=True):
        sums[owner] += score
    return tuple(sums.values())


def spearman_bps(left: Sequence[int], right: Sequence[int]) -> int:
    """Return Spearman's rank correlation in basis points, rounded towards 0.

    Equal values share the mean of their ranks.  Whole numbers only, so the same everywhere.
    A list whose values are all equal ranks nothing: its correlation is 0.
    Raises `ValueError` for lists of different lengths.
    """
    if len(left) != len(right):
        raise ValueError(f"{len(left)} values against {len(right)}: want equally many")
    first, second = _centred_ranks(left), _centred_ranks(right)
    together = sum(a * b for a, b in zip(first, second, strict=True))
    spread = sum(a * a for a in first) * sum(b * b for b in second)
    if spread == 0:
        return 0
    size = isqrt((WHOLE * together) ** 2 // spread)
    return size if together > 0 else -size


def _centred_ranks(values: Sequence[int]) -> list[int]:
    """Return twice each value's mean rank less twice the mean of all: whole numbers."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for rank, value in enumerate(sorted(values)):
        first.setdefault(value, rank)
        last[value] = rank
    return [first[value] + last[value] - (len(values) - 1) for value in values]
