"""Accusations: faults that a challenge proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.proof.challenges import Challenge
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.proof.proving import BatchCase, RecordCase, challenge_of

MOST_TRIED: Final = 24
"""Accusations of one record: one is enough, and a liar may have made thousands."""


@dataclass(frozen=True, slots=True)
class Accusation:
    """Something that is wrong, in words, and the challenge that proves it."""

    words: str
    challenge: Challenge


def of_record(case: RecordCase, faults: tuple[Fault, ...]) -> Iterator[Accusation]:
    """Yield accusations: the first fault of each reason, then others."""
    first: dict[Reason, Fault] = {}
    for fault in faults:
        first.setdefault(fault.reason, fault)
    chosen = tuple(first.values())
    others = tuple(fault for fault in faults if fault not in chosen)
    yield from provable(case, (*chosen, *others)[:MOST_TRIED])


def provable(
    case: RecordCase | BatchCase | Dataset, faults: tuple[Fault, ...]
) -> Iterator[Accusation]:
    """Yield those faults of a record, batch or dataset that a challenge can show."""
    for fault in faults:
        try:
            challenge = challenge_of(fault, case)
            challenge.encode()
        except (ValueError, IndexError):
            continue  # too large for one transaction, or no opening: another fault will do
        yield Accusation(str(fault), challenge)
