"""From a question to weights: the answer, the spans behind it, and who is owed how much.

Weights are whole numbers made from whole numbers; they go to the chain as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.demo.corpus import Contributor, contributors, corpus_hash, owners
from byline.node.demo.model import model
from byline.node.demo.spans import MIN_TOKENS, MIN_WEIGHT, Place, Span, span_index
from byline.precompiles.math import CASCADE, apportion

ENGINE: Final = f"byline demo spans v1: {MIN_TOKENS} tokens, {MIN_WEIGHT} Q16 bits"
"""Names the method and its parameters; its hash belongs into `model_id`."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one contributor is owed for one span."""

    span: int
    """Index of the span in the answer."""
    contributor: Contributor
    place: Place
    """Where the contributor has it: the first of its topics."""
    weight: int
    """Part of the span's weight."""


@dataclass(frozen=True, slots=True)
class AttributedAnswer:
    """An answer, and what of it stands in whose texts."""

    question: str
    answer: str
    spans: tuple[Span, ...]
    shares: tuple[Share, ...]
    """By span, then by ascending address; those of a span add up to its weight."""
    weights: tuple[tuple[Contributor, int], ...]
    """By strictly ascending address, none 0: the arguments of a payment.  Empty if no span
    was found; then there is nobody to pay."""


def attribute(question: str) -> AttributedAnswer:
    """Answer `question` and attribute the answer."""
    answer = model().answer(question)
    return attribute_text(question, answer)


def attribute_text(question: str, answer: str) -> AttributedAnswer:
    """Attribute a given answer, whoever wrote it."""
    spans = span_index().spans(answer)
    shares = tuple(share for at, span in enumerate(spans) for share in _divide(at, span))
    return AttributedAnswer(question, answer, spans, shares, _sum(shares))


def _divide(index: int, span: Span) -> list[Share]:
    """Divide a span's weight equally among those who have it."""
    places: dict[bytes, Place] = {}
    for place in span.places:
        places.setdefault(owners()[place.topic].address, place)
    who = [one for one in contributors() if one.address in places]
    parts = apportion(CASCADE, span.weight, [1] * len(who))
    return [
        Share(index, one, places[one.address], part) for one, part in zip(who, parts, strict=True)
    ]


def _sum(shares: Sequence[Share]) -> tuple[tuple[Contributor, int], ...]:
    totals = {
        one: sum(share.weight for share in shares if share.contributor == one)
        for one in contributors()
    }
    return tuple((one, total) for one, total in totals.items() if total)


def model_id() -> bytes:
    """Return the id under which the model is registered: its texts, owners and method."""
    return keccak256(b"byline demo model v1" + corpus_hash() + keccak256(ENGINE.encode()))


def request_hash(answer: AttributedAnswer) -> bytes:
    """Return the hash of question and answer that a payment names."""
    return keccak256(
        b"byline demo request v1"
        + keccak256(answer.question.encode())
        + keccak256(answer.answer.encode())
    )
