"""Which parts of an output stand in the datasets, word for word.

From left to right: at each token the longest match in any dataset; if it is long enough it is
a span and the search goes on behind it, else at the next token.  A match is at most 64 tokens
and never runs over the end of a document.  The search ends where the spans have more than 240
leaves, so that all leaves of an inference fit one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.node.attribution.corpus import Corpus, SuffixRange
from byline.node.attribution.suffix_array import DEPTH
from byline.node.attribution.tokens import MAX_TOKEN

MOST_OUTPUT: Final = 1024
LEAVES_PER_RANGE: Final = 4
LEAVES_TO_STOP: Final = 240
"""With more leaves than this no further span is looked for."""
MOST_LEAVES: Final = 256


@dataclass(frozen=True, slots=True)
class Span:
    """A run of an output's tokens that stands in at least one dataset."""

    start: int
    """Index of its first token in the output."""
    length: int
    ranges: tuple[SuffixRange, ...]
    """One for each dataset that has all of it, by ascending id."""

    @property
    def count(self) -> int:
        """How often all datasets together have it."""
        return sum(one.count for one in self.ranges)

    @property
    def leaves(self) -> int:
        """How many evidence leaves it has."""
        return sum(len(sampled(one.lo, one.hi)) for one in self.ranges)


def find_spans(corpus: Corpus, output: Sequence[int]) -> tuple[Span, ...]:
    """Return the spans of `output` from left to right; they do not overlap.

    Raises `ValueError` for an output that cannot be recorded, see `check_output`.
    """
    check_output(output)
    spans: list[Span] = []
    at, leaves = 0, 0
    while at < len(output) and leaves <= LEAVES_TO_STOP:
        match = corpus.longest(output[at : at + DEPTH])
        if match is None or match.length < corpus.min_length:
            at += 1
            continue
        tokens = output[at : at + match.length]
        spans.append(Span(at, match.length, corpus.ranges(tokens)))
        leaves += spans[-1].leaves
        at += match.length
    return tuple(spans)


def sampled(lo: int, hi: int) -> tuple[int, ...]:
    """Return which entries of a range get a leaf: all of up to four, else four evenly spaced."""
    count = hi - lo
    leaves = min(count, LEAVES_PER_RANGE)
    return tuple(lo + at * count // leaves for at in range(leaves))


def check_output(output: Sequence[int]) -> None:
    """Raise `ValueError` unless `output` has 1 to 1024 tokens, none of them 0."""
    if not 1 <= len(output) <= MOST_OUTPUT:
        raise ValueError(f"output of {len(output)} tokens: want 1 to {MOST_OUTPUT}")
    for at, token in enumerate(output):
        if not 0 < token <= MAX_TOKEN:
            raise ValueError(f"token {token} at {at} of the output: want 1 to {MAX_TOKEN}")
