"""How much of the truth the attribution found: the model knows where each token is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import EvidenceLeaf
from byline.node.demo.desk import Answer


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Over some answers; the ratios are exact."""

    precision: Fraction
    """Of all weight, what went to owners of the tokens of the span it was given for."""
    coverage: Fraction
    """Of all tokens, those in a span."""
    recall: Fraction
    """Of all tokens, those whose owner got some of the answer's weight."""
    tokens: int
    spans: int


def fidelity(corpus: Corpus, answers: Iterable[Answer]) -> Fidelity:
    """Compare who was credited with who the model took each token from.

    A span's weight is right as far as owners get no more of it than their part of its tokens.
    """
    right = Fraction(0)
    weight = tokens = covered = credited = spans = 0
    for one in answers:
        sources = owners_of_tokens(corpus, one)
        groups = _by_span(one.evidence.leaves)
        spans += len(groups)
        tokens += len(sources)
        paid = {leaf.owner for leaf in one.evidence.leaves}
        credited += sum(owner in paid for owner in sources)
        for leaves in groups:
            start, length = leaves[0].out_pos, leaves[0].length
            covered += length
            given: Counter[bytes] = Counter()
            for leaf in leaves:
                given[leaf.owner] += leaf.weight
            whole = given.total()
            true = Counter(sources[start : start + length])
            weight += whole
            right += sum(
                min(Fraction(given[owner]), Fraction(whole * count, length))
                for owner, count in true.items()
            )
    return Fidelity(
        right / max(1, weight),
        Fraction(covered, max(1, tokens)),
        Fraction(credited, max(1, tokens)),
        tokens,
        spans,
    )


def owners_of_tokens(corpus: Corpus, answer: Answer) -> list[bytes]:
    """Return who gave each token of an answer, as the model knows it."""
    owners = []
    for place in answer.written.sources:
        dataset = corpus.dataset(place.dataset)
        assert dataset is not None
        owners.append(dataset.owner_at(place.pos))
    return owners


def _by_span(leaves: Sequence[EvidenceLeaf]) -> list[list[EvidenceLeaf]]:
    spans: dict[int, list[EvidenceLeaf]] = {}
    for leaf in leaves:
        spans.setdefault(leaf.out_pos, []).append(leaf)
    return list(spans.values())
