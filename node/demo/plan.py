"""Who asks what: honest payers, those who come back, and a contributor who pays itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount
from byline.node.demo.people import payer

QUERIES: Final = 50


class Sort(Enum):
    """Why somebody asks.  Only the demo knows; the metrics have to find out."""

    EXTERNAL = "external"
    """Somebody who needs the answer."""
    RETURNING = "returning"
    """One of those, with another question."""
    WASH = "wash"
    """A contributor who asks for its own words, always the same, to look popular."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question and who pays for its answer."""

    question: str
    payer: DevAccount
    sort: Sort


def plan(
    questions: Sequence[str], count: int, washer: DevAccount, wash_question: str
) -> tuple[Query, ...]:
    """Return `count` queries, of ten three by who returns and one washed; mixed by hash."""
    washed, returning = count // 10, 3 * count // 10
    fresh = count - washed - returning
    asked = [questions[at % len(questions)] for at in range(fresh + returning)]
    queries = [
        *(Query(asked[at], payer(at), Sort.EXTERNAL) for at in range(fresh)),
        *(Query(asked[fresh + at], payer(at), Sort.RETURNING) for at in range(returning)),
        *(Query(wash_question, washer, Sort.WASH) for _ in range(washed)),
    ]
    order = sorted(range(count), key=lambda at: keccak256(b"byline demo order %d" % at))
    return tuple(queries[at] for at in order)
