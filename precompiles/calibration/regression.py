"""Which part of an input takes how long: least squares without negative coefficients.

As in EIP-7904, the time of many inputs is put down to a constant and to the sizes they
declare.  Times differ by orders of magnitude, so each input counts by its relative error.
How sure a coefficient is, bootstrap says: inputs are drawn again with replacement, and the
fit is repeated.

The active-set method is that of Lawson and Hanson, "Solving Least Squares Problems" (1974),
chapter 23; a handful of columns need no library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOLERANCE: Final = 1e-10
MOST_ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class Fit:
    """What the constant and each size take, and how sure that is."""

    coefficients: tuple[float, ...]
    """In the order of the columns; of the unit of the target."""
    high: tuple[float, ...]
    """97.5 % of the bootstrap's fits are not above."""
    p: tuple[float, ...]
    """Share of the bootstrap's fits in which the coefficient is 0, one more fit counted as
    such: below 0.05 the size is needed."""
    r2: float
    """Share of the target's variance that the fit explains."""


def nonnegative(matrix: Floats, target: Floats) -> Floats:
    """Return x of at least 0 that minimizes |matrix x - target|."""
    columns = matrix.shape[1]
    scale = np.linalg.norm(matrix, axis=0)
    scale[scale == 0] = 1.0
    scaled = matrix / scale
    found = np.zeros(columns)
    active = np.zeros(columns, dtype=bool)
    for _ in range(MOST_ROUNDS):
        slope = scaled.T @ (target - scaled @ found)
        slope[active] = -np.inf
        entering = int(np.argmax(slope))
        if slope[entering] <= TOLERANCE * max(1.0, float(np.linalg.norm(target))):
            break
        active[entering] = True
        found = _inside(scaled, target, found, active)
    return np.asarray(found / scale, dtype=np.float64)


def _inside(matrix: Floats, target: Floats, found: Floats, active: Any) -> Floats:
    """Solve for the active columns; those that would fall below 0 leave, one after the other."""
    while True:
        trial = np.zeros_like(found)
        trial[active] = np.linalg.lstsq(matrix[:, active], target, rcond=None)[0]
        falling = active & (trial <= 0)
        if not falling.any():
            return trial
        gaps = found[falling] - trial[falling]
        step = np.min(np.where(gaps > 0, found[falling] / np.where(gaps > 0, gaps, 1.0), 0.0))
        found = found + step * (trial - found)
        leaving = falling & (found <= TOLERANCE)
        if not leaving.any():
            leaving = falling
        active[leaving] = False
        found = np.where(active, found, 0.0)
        if not active.any():
            return np.zeros_like(found)


def fit(sizes: Floats, target: Floats, replicates: int, seed: int = 0) -> Fit:
    """Fit `target` (above 0) by the columns of `sizes`, a row an input.

    Raises `ValueError` where there are no more rows than columns.
    """
    rows, columns = sizes.shape
    if rows <= columns:
        raise ValueError(f"{rows} inputs for {columns} coefficients: want more inputs")
    weighted = sizes / target[:, None]
    ones = np.ones(rows)
    found = nonnegative(weighted, ones)
    source = np.random.default_rng(seed)
    again = np.array(
        [
            nonnegative(weighted[chosen], ones)
            for chosen in (source.integers(0, rows, rows) for _ in range(replicates))
        ]
    ).reshape(replicates, columns)
    zeros = np.count_nonzero(again <= 0, axis=0)
    high = np.percentile(again, 97.5, axis=0) if replicates else found
    spread = float(np.sum((target - target.mean()) ** 2))
    left = float(np.sum((target - sizes @ found) ** 2))
    return Fit(
        tuple(map(float, found)),
        tuple(map(float, high)),
        tuple(float(count + 1) / (replicates + 1) for count in zeros),
        1 - left / spread if spread else 1.0,
    )
