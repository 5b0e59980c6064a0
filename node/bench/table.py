"""A measured figure and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the bench's table."""

    what: str
    who: str
    """Which implementation was measured."""
    figure: float
    unit: str
    ratio: float | None = None
    """How many times better than the reference of the same run; `None` without one."""
    reference: str = ""


def better(figure: float, other: float, *, higher: bool) -> float | None:
    """Return how many times better `figure` is than `other`."""
    if not figure or not other:
        return None
    return figure / other if higher else other / figure
