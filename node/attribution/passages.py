"""From tokens back to text, for people to read: where a span stands in what was written."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.tokens import WORD, token_id


@dataclass(frozen=True, slots=True)
class Located:
    """A token and the characters of the text that it is made of."""

    token: int
    start: int
    end: int
    """Offsets in characters of the text as it was written."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document."""

    document: int
    """Index of the document in its dataset."""
    start: int
    end: int
    """Offsets in characters of the document's text."""
    text: str


def locate(text: str) -> tuple[Located, ...]:
    """Return the tokens of `text` as `tokenize` gives them, each with its place.

    Casefolding may make several characters of one; each of them then has the place of the
    one that was written.
    """
    folded = [character.casefold() for character in text]
    ends = list(accumulate(map(len, folded)))
    return tuple(
        Located(
            token_id(match[0]),
            bisect_right(ends, match.start()),
            bisect_right(ends, match.end() - 1) + 1,
        )
        for match in WORD.finditer("".join(folded))
    )


_located = lru_cache(maxsize=8)(locate)
"""For the places of one answer, which are often in the same few documents."""


def passage(dataset: Dataset, pos: int, length: int) -> Passage:
    """Return the text behind the tokens `pos` to `pos + length - 1` of a dataset.

    Raises `IndexError` where they are not all tokens of one document.
    """
    document = dataset.document_at(pos)
    first = pos
    while first > 0 and dataset.tokens[first - 1]:
        first -= 1
    text = dataset.documents[document].text
    tokens = _located(text)[pos - first : pos - first + length]
    if length < 1 or len(tokens) != length:
        raise IndexError(
            f"no {length} tokens at {pos} of dataset {dataset.id}: document {document} ends there"
        )
    start, end = tokens[0].start, tokens[-1].end
    return Passage(document, start, end, text[start:end])
