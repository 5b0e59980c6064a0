"""How well a model of some texts foretells others: bits a token, in whole numbers."""

from __future__ import annotations

from typing import Final

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.fixed_point import log2_q16
from byline.node.attribution.tokens import SEPARATOR

SAMPLE: Final = 400
"""Tokens that are foretold, evenly spread over the texts."""
CONTEXT: Final = 4
"""Tokens of context at most."""


def loss_q16(corpus: Corpus, texts: Dataset) -> int:
    """Return the mean surprise of `corpus` at tokens of `texts`, in Q16 bits a token.

    A token is foretold from the longest of its contexts, of four tokens down to none, that
    some text of the corpus goes on from with that token; one that is nowhere costs all bits.
    """
    step = max(1, len(texts) // SAMPLE)
    total = count = 0
    for pos in range(step, len(texts), step):
        if int(texts.tokens[pos]) != SEPARATOR:
            total += _surprise(corpus, texts, pos)
            count += 1
    return total // max(1, count)


def _surprise(corpus: Corpus, texts: Dataset, pos: int) -> int:
    for length in range(CONTEXT, 0, -1):
        first = max(0, pos - length)
        context = texts.tokens[first:pos].tolist()
        if SEPARATOR in context:
            continue
        seen = _count(corpus, [*context, int(texts.tokens[pos])])
        if seen:
            return log2_q16(_count(corpus, context)) - log2_q16(seen)
    seen = _count(corpus, [int(texts.tokens[pos])])
    return log2_q16(corpus.total) - log2_q16(max(1, seen))


def _count(corpus: Corpus, tokens: list[int]) -> int:
    return sum(found.count for found in corpus.ranges(tokens))
