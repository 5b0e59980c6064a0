"""A small model that answers questions about Python from the texts.

It retrieves and quotes: paragraphs are ranked for a question by BM25 (Robertson and
Zaragoza 2009; k1 = 6/5, b = 3/4) in integers, and the answer is the best sentence of each of
the best paragraphs, one a topic.  The same question gets the same answer on every machine
with the same texts.  It does not understand, and says so when it finds nothing.

What it quotes it does not tell the attribution: `spans` has to find that out from the answer
alone, as it would for a model that writes freely.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from byline.node.demo.corpus import Document, documents
from byline.node.demo.fixed_point import log2_q16

MAX_SENTENCES: Final = 3
NO_ANSWER: Final = "I have read nothing about that."

_WORDS_OF_A_SENTENCE: Final = range(6, 61)
_HEADING_REPEATS: Final = 2
"""A word of a topic's heading counts as so many in each of its paragraphs."""
_WORD: Final = re.compile(r"[^\W\d]\w*")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"*])")
_BULLET: Final = re.compile(r"^\s*(?:[*-]|\d+\.)\s+")
_COMMON: Final = """
    a about all an and another are as at be between by can difference do does for from get
    happens has have how i if in into is it its look looks like may me mean means my no not of
    on one or other so such than that the their them then there these they this to up use used
    using was what when where which who why will with work works write you your
"""
_STOP_WORDS: Final = frozenset(_COMMON.split())
_SYNTAX_WORDS: Final = frozenset({"as", "for", "from", "if", "in", "not", "with", "and", "or"})
"""Stop words that are keywords too: kept where a question is about the statement."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of prose, without the code and grammar around it."""

    topic: str
    sentences: tuple[str, ...]
    terms: Counter[str]
    """Stems with their counts, those of the topic's heading included."""


class Model:
    """Answers questions from a fixed set of texts."""

    def __init__(self, texts: Sequence[Document]) -> None:
        self._passages = [passage for text in texts for passage in _passages(text)]
        found = Counter(term for passage in self._passages for term in passage.terms)
        whole = log2_q16(len(self._passages) + 1)
        self._rarity = {term: whole - log2_q16(count) for term, count in found.items()}
        lengths = [passage.terms.total() for passage in self._passages]
        self._mean = max(1, sum(lengths) // max(1, len(lengths)))

    def answer(self, question: str) -> str:
        """Return at most `MAX_SENTENCES` sentences of the texts, or `NO_ANSWER`."""
        wanted = _question_terms(question)
        ranked = sorted(
            (
                (self._score(passage.terms, wanted), -at)
                for at, passage in enumerate(self._passages)
            ),
            reverse=True,
        )
        best = ranked[0][0] if ranked else 0
        chosen: dict[str, str] = {}
        for score, place in ranked:
            if score == 0 or 2 * score < best or len(chosen) == MAX_SENTENCES:
                break
            passage = self._passages[-place]
            sentence = self._best_sentence(passage, wanted)
            if passage.topic not in chosen and sentence not in chosen.values():
                chosen[passage.topic] = sentence
        return " ".join(chosen.values()) or NO_ANSWER

    def _best_sentence(self, passage: Passage, wanted: Sequence[str]) -> str:
        scores = [self._score(Counter(_stems(text)), wanted) for text in passage.sentences]
        return passage.sentences[scores.index(max(scores))]

    def _score(self, terms: Counter[str], wanted: Sequence[str]) -> int:
        """Return the BM25 score of a bag of terms in Q16.

        The saturation tf (k1 + 1) / (tf + k1 (1 - b + b length / mean)), in integers.
        """
        length = terms.total()
        score = 0
        for term in wanted:
            if count := terms.get(term, 0):
                above = 44 * count * self._mean
                below = 20 * count * self._mean + 6 * (self._mean + 3 * length)
                score += self._rarity.get(term, 0) * above // below
        return score


def _question_terms(question: str) -> tuple[str, ...]:
    """Return the stems of a question's telling words, each once, in order."""
    words = [match[0].casefold() for match in _WORD.finditer(question)]
    telling = [word for word in words if word not in _STOP_WORDS]
    for before, word in pairwise(words):
        # "the with statement", "a for loop": the keyword is what the question is about.
        if before in _SYNTAX_WORDS and word in {"statement", "loop", "clause", "operator"}:
            telling.append(before)
    return tuple(dict.fromkeys(_stem(word) for word in telling))


def _stems(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        yield _stem(match[0].casefold())


def _stem(word: str) -> str:
    """Cut the commonest endings: enough to let `slices` find `slicing`."""
    for ending in ("ation", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def _passages(text: Document) -> Iterator[Passage]:
    blocks = re.split(r"\n\s*\n", text.text)
    heading = Counter(dict.fromkeys(_stems(blocks[0].splitlines()[0]), _HEADING_REPEATS))
    for block in blocks:
        sentences = tuple(_sentences(block))
        if sentences:
            terms = Counter(term for sentence in sentences for term in _stems(sentence))
            yield Passage(text.topic, sentences, terms + heading)


def _sentences(block: str) -> Iterator[str]:
    """Yield the sentences of a paragraph; none of headings, code, grammar and tables."""
    if re.search(r"^\s*(?:[*=~^+-]{3,}|>>>|\||\.\.\.)|::=|^ {6,}|\n {3,}\S.*[=({]$", block, re.M):
        return
    prose = " ".join(_BULLET.sub("", line).strip() for line in block.strip().splitlines())
    for sentence in _SENTENCE_END.split(prose):
        if sentence.endswith((".", "!", "?")) and len(sentence.split()) in _WORDS_OF_A_SENTENCE:
            yield sentence


@cache
def model() -> Model:
    """Return the model of the demo's texts."""
    return Model(documents())
