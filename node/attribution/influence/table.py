"""Rows of numbers with labels: what small models are trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from byline.derivation.hashing import keccak256

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Feature rows and a label of 0 or 1 for each.  Compared by identity.

    Raises `ValueError` for shapes that do not fit, other labels, or numbers that are none.
    """

    features: Floats
    """Shape (rows, features)."""
    labels: Labels
    """Shape (rows,)."""

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or self.labels.shape != self.features.shape[:1]:
            raise ValueError(
                f"features of shape {self.features.shape} and labels of shape "
                f"{self.labels.shape}: want (rows, features) and (rows,)"
            )
        if not np.isin(self.labels, (0, 1)).all():
            raise ValueError("labels other than 0 and 1: this is for two classes")
        if not np.isfinite(self.features).all():
            raise ValueError("features that are not finite: fill or drop them first")

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, chosen: npt.NDArray[np.intp]) -> Table:
        """Return the rows of those indexes, in that order."""
        return Table(self.features[chosen], self.labels[chosen])

    def without(self, row: int) -> Table:
        """Return all rows but one."""
        return Table(np.delete(self.features, row, axis=0), np.delete(self.labels, row))


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What influence is asked about: rows that were trained on, by whom, and queries."""

    train: Table
    """Standardised: each feature has mean 0 and deviation 1 over these rows."""
    owners: tuple[int, ...]
    """The contributor of each training row, from 0."""
    queries: Table
    """Standardised by the training rows' means and deviations."""


def make_problem(table: Table, train: int, contributors: int) -> Problem:
    """Split `table` into so many training rows and queries, and deal the rows to contributors.

    Which row goes where follows from the hash of its index: by chance, but the same
    everywhere.  Raises `ValueError` unless there is a training row and a query at least.
    """
    if not 0 < train < len(table) or contributors < 1:
        raise ValueError(
            f"{train} of {len(table)} rows for {contributors} contributors: want at least one "
            "row to train on, one query and one contributor"
        )
    hashes = [keccak256(index.to_bytes(4, "big")) for index in range(len(table))]
    order = np.array(sorted(range(len(table)), key=hashes.__getitem__))
    owners = tuple(hashes[row][-1] % contributors for row in order[:train].tolist())
    trained, asked = table.rows(order[:train]), table.rows(order[train:])
    means, deviations = trained.features.mean(axis=0), trained.features.std(axis=0)
    scale = np.where(deviations > 0, deviations, 1.0)
    return Problem(
        Table((trained.features - means) / scale, trained.labels),
        owners,
        Table((asked.features - means) / scale, asked.labels),
    )


def read_csv(lines: Iterable[str]) -> Table:
    """Return the table in comma-separated lines: features, then the label.

    The first line is a header and not read.  Raises `ValueError` for what is no number.
    """
    rows = [line.split(",") for line in list(lines)[1:] if line.strip()]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError("want a header and lines of equally many numbers below it")
    numbers = np.array(rows, np.float64)
    return Table(numbers[:, :-1], numbers[:, -1].astype(np.int64))
