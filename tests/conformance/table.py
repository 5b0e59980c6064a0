"""What is printed at the end: counts by folder, failures, exceptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tests.conformance.exceptions import ABSENT, KNOWN, Known, needless
from tests.conformance.outcome import Outcome
from tests.conformance.runner import Results

SLOWEST: Final = 5


def known_for(outcome: Outcome, known: tuple[Known, ...] = KNOWN) -> Known | None:
    """Return the entry of the table that allows `outcome` to differ."""
    return next((entry for entry in known if entry.covers(outcome)), None)


def failures(results: Results) -> list[str]:
    """Return what makes the run fail: cases that differ, entries that are needless."""
    bad = [
        f"{outcome.id}: {outcome.problem}"
        for outcome in results.outcomes
        if outcome.problem is not None and known_for(outcome) is None
    ]
    return bad + needless(results.outcomes)


def report(results: Results) -> Iterator[str]:
    """Yield the lines of the table."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in results.outcomes:
        groups[outcome.group].append(outcome)
    yield f"{'folder':88}{'cases':>7}{'as said':>9}{'allowed':>9}{'failed':>8}{'seconds':>9}"
    for name in sorted(groups):
        yield _line(name, groups[name])
    yield _line("all", results.outcomes)
    for reason, count in sorted(results.left_out.items()):
        yield f"not run: {count} cases, {reason}{_why(reason)}"
    for outcome in results.outcomes:
        entry = known_for(outcome) if outcome.problem is not None else None
        if entry is not None:
            yield f"allowed: {outcome.id}: {entry.reason}"
    slow = sorted(results.outcomes, key=lambda outcome: -outcome.seconds)[:SLOWEST]
    for outcome in slow:
        yield f"slowest: {outcome.seconds:.1f} s {outcome.id}"


def _why(name: str) -> str:
    return next((f": {item.reason}" for item in ABSENT if item.name == name), "")


def _line(name: str, outcomes: list[Outcome]) -> str:
    good = sum(outcome.problem is None for outcome in outcomes)
    allowed = sum(o.problem is not None and known_for(o) is not None for o in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    bad = len(outcomes) - good - allowed
    shown = name if len(name) <= 86 else "..." + name[-83:]
    return f"{shown:88}{len(outcomes):>7}{good:>9}{allowed:>9}{bad:>8}{seconds:>9.1f}"
