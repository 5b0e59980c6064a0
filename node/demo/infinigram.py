"""A small language model that writes answers: an infinity-gram with back-off.

The next token is one that followed, somewhere in the texts, the longest end of what is
written so far (Liu and others 2024, "Infini-gram", https://arxiv.org/abs/2401.17377).  Of
several places one is drawn by a hash of question and position, so the same question gets the
same answer on every machine.  Only places in texts that have to do with the question are drawn
from while there are any; where one is left, the context is cut shorter, so that an answer goes
over from one text to another instead of reciting one.

The model knows from which place it took each token.  The attribution is not told: it has to
find that out from the answer alone, and the demo counts how far it succeeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from byline.derivation.hashing import keccak256
from byline.node.attribution.corpus import Corpus, SuffixRange
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.fixed_point import log2_q16
from byline.node.attribution.tokens import SEPARATOR, token_id, words_of

CONTEXTS: Final = range(12, 2, -1)
"""Tokens of context that are tried, the longest first."""
MOST_TOKENS: Final = 64
FEWEST_TOKENS: Final = 12
"""An answer may end with a text from here on."""
OPENING: Final = 4
"""Tokens that the best text lends for a start."""
RELEVANT: Final = 12
"""Texts at most that have to do with a question: those at least half as good as the best."""
MOST_PLACES: Final = 4096
"""Places of one context that are looked at."""
NO_SPACE_BEFORE: Final = frozenset(".,;:!?)]}%'")
NO_SPACE_AFTER: Final = frozenset("([{'")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands."""

    dataset: int
    """The dataset's id."""
    pos: int


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, and where the model has each of its tokens from."""

    text: str
    tokens: tuple[int, ...]
    sources: tuple[Place, ...]
    """One for each token."""


class InfiniGram:
    """The model of a corpus.  `titles` holds a title for each document of each dataset."""

    def __init__(self, corpus: Corpus, titles: Sequence[Sequence[str]]) -> None:
        self._corpus = corpus
        self._words = {
            token_id(word): word
            for dataset in corpus.datasets
            for document in dataset.documents
            for word in words_of(document.text)
        }
        self._starts = {dataset.id: _starts(dataset) for dataset in corpus.datasets}
        self._terms = [
            (dataset.id, number, _telling(title, 2) + _telling(document.text, 1))
            for dataset, names in zip(corpus.datasets, titles, strict=True)
            for number, (document, title) in enumerate(zip(dataset.documents, names, strict=True))
        ]
        found = Counter(word for _, _, terms in self._terms for word in terms)
        whole = log2_q16(len(self._terms) + 1)
        self._rarity = {word: max(0, whole - log2_q16(count)) for word, count in found.items()}

    def answer(self, question: str) -> Written:
        """Return what the model writes; nothing where no text has to do with the question."""
        relevant = self._relevant(question)
        if not relevant:
            return Written("", (), ())
        first = self._corpus.dataset(relevant[0][0])
        assert first is not None
        start = int(self._starts[first.id][relevant[0][1]])
        tokens: list[int] = []
        sources: list[Place] = []
        for pos in range(start, min(start + OPENING, len(first))):
            if int(first.tokens[pos]) == SEPARATOR:
                break
            tokens.append(int(first.tokens[pos]))
            sources.append(Place(first.id, pos))
        near = frozenset(relevant)
        for step in range(len(tokens), MOST_TOKENS):
            drawn = self._next(tokens, near, question, step)
            if drawn is None:
                break
            tokens.append(drawn[0])
            sources.append(drawn[1])
        return Written(self._text(tokens), tuple(tokens), tuple(sources))

    def _relevant(self, question: str) -> list[tuple[int, int]]:
        """Return the texts that share the rarest words with the question, the best first."""
        wanted = set(_telling(question, 1))
        scored = (
            (sum(self._rarity[word] * min(terms[word], 3) for word in wanted if word in terms),
             -dataset, -number)
            for dataset, number, terms in self._terms
        )  # fmt: skip
        best = sorted((one for one in scored if one[0]), reverse=True)[:RELEVANT]
        return [(-dataset, -number) for score, dataset, number in best if 2 * score >= best[0][0]]

    def _next(
        self, tokens: Sequence[int], near: frozenset[tuple[int, int]], question: str, step: int
    ) -> tuple[int, Place] | None:
        """Return the next token and where it is from, or `None` at the end."""
        fallback: list[tuple[int, Place]] = []
        anywhere: list[tuple[int, Place]] = []
        for length in CONTEXTS:
            if length > len(tokens):
                continue
            places = list(self._following(self._corpus.ranges(tokens[-length:]), length, near))
            chosen = self._with_tokens(place for place, is_near in places if is_near)
            if len(chosen) > 1:
                fallback = chosen
                break
            fallback = fallback or chosen
            anywhere = anywhere or self._with_tokens(place for place, _ in places)
        fallback = fallback or anywhere
        going_on = [one for one in fallback if one[0] != SEPARATOR]
        if not going_on or (len(going_on) < len(fallback) and len(tokens) >= FEWEST_TOKENS):
            return None
        seed = keccak256(question.encode() + step.to_bytes(4, "big"))
        return going_on[int.from_bytes(seed[:8], "big") % len(going_on)]

    def _following(
        self, ranges: Sequence[SuffixRange], length: int, near: frozenset[tuple[int, int]]
    ) -> Iterator[tuple[Place, bool]]:
        """Yield what follows a context, and whether the text has to do with the question."""
        for found in ranges:
            dataset = self._corpus.dataset(found.dataset)
            assert dataset is not None
            stride = -(-found.count // MOST_PLACES)
            entries = np.sort(dataset.suffix_array[found.lo : found.hi : stride]).tolist()
            for pos in entries:
                number = int(np.searchsorted(self._starts[dataset.id], pos, "right")) - 1
                yield Place(dataset.id, pos + length), (dataset.id, number) in near

    def _with_tokens(self, places: Iterable[Place]) -> list[tuple[int, Place]]:
        """Return the token at each of some places, with the place."""
        found = []
        for place in places:
            dataset = self._corpus.dataset(place.dataset)
            assert dataset is not None
            found.append((int(dataset.tokens[place.pos]), place))
        return found

    def _text(self, tokens: Sequence[int]) -> str:
        """Return the tokens as a sentence; the same tokens come out of it again."""
        text = ""
        for token in tokens:
            word = self._words[token]
            tight = word in NO_SPACE_BEFORE or (text and text[-1] in NO_SPACE_AFTER)
            text += word if not text or tight else f" {word}"
        return text


def _starts(dataset: Dataset) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return where each document begins."""
    ends = np.flatnonzero(dataset.tokens == SEPARATOR) + 1
    return np.concatenate(([0], ends[:-1])).astype(np.int64)


def _telling(text: str, times: int) -> Counter[str]:
    """Return the longer words of a text, each counted so often; endings do not count."""
    words = (word for word in words_of(text) if len(word) > 3 and word[0].isalpha())
    return Counter(
        {word.removesuffix("s"): times * count for word, count in Counter(words).items()}
    )
