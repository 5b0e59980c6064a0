"""The order in which all positions of a token string stand, so that equal words lie together.

Suffixes are compared on their first 64 tokens (or to the end of the string): lexicographic,
a prefix first, equal ones by position.  So any two neighbours can be compared in one
transaction, and N entries in strict order, each below N, can only be the right ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

DEPTH: Final = 64
"""Tokens that are compared; no match is longer."""

Words = npt.NDArray[np.uint32]
"""Tokens or positions, 32 bits each."""


def suffix_array(tokens: Words) -> Words:
    """Return all positions of `tokens` in suffix order.

    By prefix doubling: ranks on 1, 2, 4, .. 64 tokens, each by one stable sort of pairs of
    the ranks before.  417,000 tokens take about half a second.
    """
    count = len(tokens)
    order: npt.NDArray[np.intp] = np.argsort(tokens, kind="stable")
    ranks = _ranks(tokens[order], order)
    length = 1
    while length < DEPTH and count and int(ranks[order[-1]]) < count:
        keys = ranks * np.uint64(count + 1)
        keys[: max(count - length, 0)] += ranks[length:]
        order = np.argsort(keys, kind="stable")
        ranks = _ranks(keys[order], order)
        length *= 2
    return order.astype(np.uint32)


def _ranks(
    ordered: npt.NDArray[np.uint32] | npt.NDArray[np.uint64], order: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint64]:
    """Return the rank of each position, from 1; equal keys share one.  0 is left for the end."""
    ranks = np.empty(len(order), np.uint64)
    if len(order):
        steps = np.ones(len(order), np.uint64)
        steps[1:] = ordered[1:] != ordered[:-1]
        ranks[order] = np.cumsum(steps, dtype=np.uint64)
    return ranks
