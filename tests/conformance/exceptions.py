"""Cases that need not pass, each with the reason; whatever else fails is a failure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tests.conformance.fixtures import Fixture
from tests.conformance.forks import rules_of
from tests.conformance.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that tests are about and the node does not have; they are not run."""

    name: str
    reason: str
    needed: Callable[[Fixture], bool]
    """Tells whether a test is about it."""


@dataclass(frozen=True, slots=True)
class Known:
    """Cases that fail, and why that is right."""

    pattern: str
    """Of file and case, as in `Outcome.id`, with * and ?."""
    reason: str

    def covers(self, outcome: Outcome) -> bool:
        """Tell whether this is about `outcome`."""
        # Brackets are part of the names, not of the pattern.
        return fnmatch.fnmatchcase(outcome.id, self.pattern.replace("[", "[[]"))


def _withdraws(fixture: Fixture) -> bool:
    test = fixture.document
    if rules_of(test.get("network", "")) is None:
        return False
    blocks = [item for block in test["blocks"] for item in (block, block.get("rlp_decoded", {}))]
    return any(block.get("withdrawals") for block in blocks)


_DRAFTS: Final = re.compile(r"\bst(EIP2537|EOF)\b")

ABSENT: Final = (
    Absent(
        "withdrawals",
        "the local L1 has no validators, so its blocks have no withdrawals",
        _withdraws,
    ),
    Absent(
        "drafts",
        "the old repository's tests of EIP-2537 and of the EVM object format are of drafts: "
        "nine functions on BLS12-381 at other addresses, and a format that never came",
        lambda fixture: bool(_DRAFTS.search(fixture.file)),
    ),
)

KNOWN: Final[tuple[Known, ...]] = ()


def needless(outcomes: Iterable[Outcome], known: Iterable[Known] = KNOWN) -> list[str]:
    """Return what is wrong with the table itself: entries for cases that pass."""
    return [
        f"{entry.pattern} covers {outcome.id}, which passes: take the entry out"
        for outcome in outcomes
        if outcome.problem is None
        for entry in known
        if entry.covers(outcome)
    ]
