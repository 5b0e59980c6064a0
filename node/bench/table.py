"""What a measurement gives: lines of figures, and how the first of a group compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """What the figures below it are."""

    name: str
    unit: str
    higher: bool = True
    """Whether more is better."""


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one implementation, a `None` where it has none to give."""

    what: str
    """What was measured; lines with the same words are compared with each other."""
    who: str
    figures: tuple[float | None, ...]
    """One a column."""


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to one question.

    In each group of lines with the same `what`, the first is compared with all others; the
    screen shows that of the first column.  Raises `ValueError` for a line whose figures are not
    one a column.
    """

    name: str
    """The part of the bench that it belongs to."""
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in self.lines:
            if len(line.figures) != len(self.columns):
                raise ValueError(
                    f"{self.name}: {line.who} has {len(line.figures)} figures, "
                    f"want {len(self.columns)}"
                )

    def subject(self, line: Line) -> Line:
        """Return the line that is compared with `line`: the first of its group."""
        return next(one for one in self.lines if one.what == line.what)

    def ratio(self, line: Line, column: int = 0) -> float | None:
        """Return how many times better the first line of the group is than `line` in a column.

        `None` for the first line itself, and where a figure is missing.
        """
        first = self.subject(line)
        if first is line:
            return None
        higher = self.columns[column].higher
        return better(first.figures[column], line.figures[column], higher=higher)

    def to_json(self) -> dict[str, Any]:
        """Return the table in the form of `byline bench --json`."""
        return {
            "name": self.name,
            "title": self.title,
            "columns": [{"name": item.name, "unit": item.unit} for item in self.columns],
            "lines": [
                {
                    "what": line.what,
                    "who": line.who,
                    "figures": list(line.figures),
                    "compared": self.subject(line).who,
                    "ratios": [self.ratio(line, at) for at in range(len(self.columns))],
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
        }


def better(figure: float | None, other: float | None, *, higher: bool) -> float | None:
    """Return how many times better `figure` is than `other`."""
    if not figure or not other:
        return None
    return figure / other if higher else other / figure


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least of `values` that `percent` of them do not exceed (nearest rank).

    Raises `ValueError` for no values, or a percentage that is not above 0 and up to 100.
    """
    if not values or not 0 < percent <= 100:
        raise ValueError(f"{percent} % of {len(values)} values: want 0 to 100 % of at least one")
    rank = -int(-len(values) * percent // 100)
    return sorted(values)[rank - 1]


def per(amount: float, seconds: float | None) -> float | None:
    """Return `amount` a second; `None` where the time is not known, or too short to tell."""
    return amount / seconds if seconds else None
