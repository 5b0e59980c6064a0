"""What became of one case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: a transaction of a state test under one fork, or a blockchain test."""

    file: str
    case: str
    """Name, fork and index within the file."""
    problem: str | None
    """What differs from the fixture; `None` when nothing does."""
    seconds: float

    @property
    def group(self) -> str:
        """The folder, which is what the table counts by."""
        return self.file.rpartition("/")[0] or "."

    @property
    def id(self) -> str:
        """File and case."""
        return f"{self.file}::{self.case}"
