"""What answers behind a paid endpoint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.fixed_point import log2_q16
from byline.node.attribution.spans import MOST_OUTPUT
from byline.node.attribution.tokens import tokenize


class Model(Protocol):
    """A model: it is called in a thread, several at a time."""

    def answer(self, prompt: str) -> str:
        """Return an answer of 1 to 1024 tokens; any error becomes ModelFailed."""
        ...


_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")


class RetrievalModel:
    """Answers with the sentence of its texts that shares the rarest words with the prompt.

    A sentence counts the bits of information of each token that it shares, log2(N / n) where n
    of N sentences have it, and loses by its length.  Equal ones go by their place.
    """

    def __init__(self, datasets: Iterable[Dataset], sentences: int = 1) -> None:
        """`sentences`: how many are put together.  Raises `ValueError` for no text at all."""
        self._sentences = [
            sentence.strip()
            for dataset in datasets
            for document in dataset.documents
            for sentence in _SENTENCE.split(document.text)
            if 0 < len(tokenize(sentence)) <= MOST_OUTPUT // max(1, sentences)
        ]
        if not self._sentences:
            raise ValueError("no dataset has a sentence to answer with")
        self._tokens = [frozenset(tokenize(sentence)) for sentence in self._sentences]
        self._known = Counter(token for tokens in self._tokens for token in tokens)
        self._count = sentences

    def answer(self, prompt: str) -> str:
        """Return the sentences that tell most, best first."""
        asked = frozenset(tokenize(prompt))
        order = sorted(range(len(self._sentences)), key=lambda at: (-self._score(asked, at), at))
        return " ".join(self._sentences[at] for at in order[: self._count])

    def _score(self, asked: frozenset[int], at: int) -> int:
        shared = sum(self._information(token) for token in asked & self._tokens[at])
        return shared * 64 // (64 + len(self._tokens[at]))

    def _information(self, token: int) -> int:
        return log2_q16(len(self._sentences)) - log2_q16(self._known[token])
