"""Where the words of an answer come from: its longest spans that stand in the texts.

The texts are indexed by a suffix array over tokens (infini-gram: Liu et al. 2024; spans as in
OLMoTrace: Liu et al. 2025).  An answer is read from left to right; at each token the longest
run of tokens that occurs in any text is looked up.  If it is long and rare enough it is a
span, owned by everyone who has it, and reading goes on behind it; if not, reading moves on
by one token.  So no token is paid for twice, and each span is as long as it can be from
where it starts.

A span weighs its information content: the sum over its tokens of -log2(frequency), in Q16.
Owners of the same words share the weight; how often one repeats them earns nothing.

A paraphrase leaves no trace: that is the known blind spot of the method.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from byline.node.demo.corpus import Document, Token, documents, tokenize
from byline.node.demo.fixed_point import FRACTION_BITS, log2_q16

MIN_TOKENS: Final = 5
MIN_WEIGHT: Final = 32 << FRACTION_BITS
"""32 bits: one in four billion, if words came independently.  Common phrases stay below."""

_DEPTH: Final = 64
"""Tokens by which suffixes are sorted; longer matches are followed in the text."""
_WIDTH: Final = 4
"""Bytes of a token number: big-endian, so that order of bytes is order of numbers."""
_SEPARATOR: Final = 0
_UNKNOWN: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """One text that has a span."""

    topic: str
    position: int
    """Index of its first token in the text; the first occurrence counts."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of an answer's tokens that stands in the texts word for word."""

    start: int
    """Index of its first token in the answer."""
    length: int
    """In tokens."""
    text: str
    """As it stands in the answer."""
    weight: int
    """Information content in Q16 bits."""
    places: tuple[Place, ...]
    """Every text that has it, by topic in alphabetical order; one at least."""

    @property
    def topic(self) -> str:
        """The first of the texts that have it."""
        return self.places[0].topic


class SpanIndex:
    """Finds the spans of any answer in a fixed set of texts."""

    def __init__(self, texts: Sequence[Document]) -> None:
        counts = Counter(token.word for text in texts for token in text.tokens)
        self._numbers = {word: at + 1 for at, word in enumerate(sorted(counts))}
        whole = log2_q16(sum(counts.values()))
        self._weights = {word: whole - log2_q16(count) for word, count in counts.items()}
        self._texts = texts
        self._starts: list[int] = []
        stream: list[int] = []
        for text in texts:
            self._starts.append(len(stream))
            stream.extend(self._numbers[token.word] for token in text.tokens)
            stream.append(_SEPARATOR)
        self._stream = stream
        self._bytes = _encode(stream)
        # Ties by position: sorting is stable.
        self._order = sorted(range(len(stream)), key=self._key)

    def spans(self, answer: str) -> tuple[Span, ...]:
        """Return the spans of `answer` from left to right; they do not overlap."""
        tokens = tokenize(answer)
        numbers = [self._numbers.get(token.word, _UNKNOWN) for token in tokens]
        found: list[Span] = []
        at = 0
        while at < len(tokens):
            length, positions = self._longest(numbers[at:])
            span_tokens = tokens[at : at + length]
            weight = sum(self._weights[token.word] for token in span_tokens)
            if length < MIN_TOKENS or weight < MIN_WEIGHT:
                at += 1
                continue
            text = _text(answer, span_tokens)
            found.append(Span(at, length, text, weight, self._places(positions)))
            at += length
        return tuple(found)

    def _key(self, position: int) -> bytes:
        return self._bytes[_WIDTH * position : _WIDTH * (position + _DEPTH)]

    def _longest(self, wanted: Sequence[int]) -> tuple[int, list[int]]:
        """Return the length of the longest prefix of `wanted` that occurs, and all its places.

        The longest common prefix is with a neighbour of where `wanted` would be sorted in.
        """
        head = _encode(wanted[:_DEPTH])
        middle = bisect_left(self._order, head, key=self._key)
        neighbours = self._order[max(middle - 1, 0) : middle + 1]
        length = max(self._common(wanted[:_DEPTH], place) for place in neighbours)
        if length == 0:
            return 0, []
        places = self._all_with(head[: _WIDTH * length])
        if length < _DEPTH:
            return length, places
        lengths = [self._common(wanted, place) for place in places]
        longest = max(lengths)
        pairs = zip(lengths, places, strict=True)
        return longest, [place for length, place in pairs if length == longest]

    def _all_with(self, prefix: bytes) -> list[int]:
        def key(position: int) -> bytes:
            return self._bytes[_WIDTH * position : _WIDTH * position + len(prefix)]

        first = bisect_left(self._order, prefix, key=key)
        last = bisect_right(self._order, prefix, lo=first, key=key)
        return self._order[first:last]

    def _common(self, wanted: Sequence[int], position: int) -> int:
        length = 0
        while (
            length < len(wanted)
            and position + length < len(self._stream)
            and self._stream[position + length] == wanted[length]
        ):
            length += 1
        return length

    def _places(self, positions: Sequence[int]) -> tuple[Place, ...]:
        first: dict[int, int] = {}
        for position in sorted(positions):
            text = bisect_right(self._starts, position) - 1
            first.setdefault(text, position - self._starts[text])
        found = (Place(self._texts[text].topic, at) for text, at in first.items())
        return tuple(sorted(found, key=lambda place: place.topic))


def _encode(numbers: Sequence[int]) -> bytes:
    return b"".join(number.to_bytes(_WIDTH, "big") for number in numbers)


def _text(answer: str, tokens: Sequence[Token]) -> str:
    return answer[tokens[0].start : tokens[-1].end]


@cache
def span_index() -> SpanIndex:
    """Return the index of the demo's texts; building it takes about a second."""
    return SpanIndex(documents())
