"""Scores to whole numbers: the last place where a float is seen."""

from __future__ import annotations

from typing import Final

import numpy as np

from byline.node.attribution.influence.table import Floats

LARGEST: Final = 2**32
"""What the score of the largest absolute value becomes."""


def quantise(scores: Floats) -> tuple[int, ...]:
    """Return `scores` as signed whole numbers, in proportion, the largest size as 2**32.

    Fits int64 as the attribution math's `relu` and `softmax` take it.  Scores that are all 0
    stay 0.  Raises `ValueError` for a score that is not finite.
    """
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite: the engine failed, nothing to quantise")
    largest = float(np.abs(scores).max(initial=0.0))
    if largest == 0.0:
        return (0,) * len(scores)
    # Division first: the product of a large score would not be finite.
    return tuple(int(number) for number in np.rint(scores / largest * LARGEST))


def weights(scores: Floats) -> tuple[int, ...]:
    """Return what the chain takes: quantised scores, those below 0 as 0 (fits uint64)."""
    return tuple(max(score, 0) for score in quantise(scores))
