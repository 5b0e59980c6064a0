"""What can be wrong with a record, a batch or a dataset, and which challenge proves it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class ChallengeKind(IntEnum):
    """The kinds of challenge that the ledger knows; 0 is no challenge but a demand."""

    WITHHELD = 0
    """Nobody can publish what the record's hashes stand for: demand it, and the window's end
    costs the bond."""
    FALSE_SPAN = 1
    LONGER_MATCH = 2
    WRONG_OWNER = 3
    WRONG_COUNT = 4
    BAD_DATASET = 5
    WRONG_WEIGHTS = 6
    MISSING_SETTLEMENT = 7
    WRONG_PAYOUTS = 8


class Reason(Enum):
    """What exactly is wrong; each belongs to one kind."""

    OUTPUT_UNKNOWN = "the output is not the one that the record names", 0
    OUTPUT_INVALID = "the output cannot be published", 0
    EVIDENCE_UNKNOWN = "the leaves are not those that the record names", 0
    EVIDENCE_INVALID = "the evidence cannot be published", 0
    FOREIGN_DATASET = "the leaf's dataset is not the model's", 1
    SPAN_LENGTH = "the leaf's length is below the engine's shortest span or above 64", 1
    OUTSIDE_OUTPUT = "the leaf's span ends behind the output", 1
    OUTSIDE_DATASET = "the leaf's place or entry lies behind the dataset's end", 1
    TOKENS_DIFFER = "the dataset has other tokens there than the output", 1
    OTHER_ENTRY = "the suffix array has another position at the leaf's entry", 1
    LONGER_AT_SPAN = "a dataset has more of the output than the span that starts there", 2
    NOT_COVERED = "a dataset has a span that no leaf is about", 2
    OTHER_OWNER = "somebody else owns the leaf's place", 3
    RANGE_BOUNDS = "the leaf's range is empty or ends behind the suffix array", 4
    RANGE_STARTS_LATE = "the entry before the leaf's range has the span too", 4
    RANGE_ENDS_EARLY = "the entry behind the leaf's range has the span too", 4
    RANGE_STARTS_EARLY = "the first entry of the leaf's range has not the span", 4
    RANGE_ENDS_LATE = "the last entry of the leaf's range has not the span", 4
    DATASET_LEFT_OUT = "a dataset has the span and no leaf says so", 4
    SUFFIXES_UNORDERED = "two neighbours of the suffix array stand in the wrong order", 5
    SUFFIX_OUTSIDE = "an entry of the suffix array points behind the dataset", 5
    SUFFIX_COUNT = "the suffix array has not as many entries as there are tokens", 5
    OWNERS_BROKEN = "the owner ranges leave a gap, overlap or do not end with the dataset", 5
    STRUCTURE = "the leaves do not stand as the rule makes them", 6
    LEAF_WEIGHT = "the leaf has another weight than its span gives it", 6
    POINTS = "the points are not those that the leaves give", 6
    PAYOUT_HEADER = "the list of payouts has another sum or number than the batch", 7
    UNDERPAID = "the list of payouts has less for an owner than the records", 7
    UNSETTLED = "the batch is final, and nobody settled it in time", 7
    OTHER_PAYOUTS = "the payouts are not the sums of the records' points", 8

    def __init__(self, words: str, kind: int) -> None:
        self.words = words
        self.kind = ChallengeKind(kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.  What a reason does not need is `None`."""

    reason: Reason
    leaf: int | None = None
    """Index of an evidence leaf."""
    start: int | None = None
    """Index in the output of a match's first token."""
    length: int | None = None
    """Of a match, in tokens."""
    dataset: int | None = None
    pos: int | None = None
    """Position in the dataset's tokens of a match."""
    entry: int | None = None
    """Index in the dataset's suffix array, or of its owner ranges for `OWNERS_BROKEN`."""
    owner: bytes | None = None
    """Whose payout differs."""

    @property
    def kind(self) -> ChallengeKind:
        """Which challenge proves it."""
        return self.reason.kind

    def __str__(self) -> str:
        """Return the fault in words, with where it is."""
        numbers = {
            "leaf": self.leaf,
            "output token": self.start,
            "tokens": self.length,
            "dataset": self.dataset,
            "position": self.pos,
            "entry": self.entry,
            "owner": None if self.owner is None else "0x" + self.owner.hex(),
        }
        where = ", ".join(
            f"{name} {value}" for name, value in numbers.items() if value is not None
        )
        return f"{self.kind.name}: {self.reason.words}" + (f" ({where})" if where else "")
