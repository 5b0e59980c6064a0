"""The worst input of a function: the most time for the gas, as far as a hill climb finds it.

It starts from the smallest and the largest genes and from some drawn ones, and goes on from
the worst so far; now and then it starts anew.  The same seed and the same times give the same
answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from byline.precompiles.calibration.genes import Genes, Probe

DRAWN: Final = 6
"""Starting points beside the two ends."""
PATIENCE: Final = 12
"""Steps without a worse input after which it starts anew."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured input."""

    genes: Genes
    work: float
    """How many ecrecovers take as long as a call."""
    gas: int
    """What is charged for a call."""

    @property
    def cost(self) -> float:
        """Work a gas: what a worse input has more of."""
        return self.work / self.gas


Measure = Callable[[Genes], Sample]


def worst(probe: Probe, measure: Measure, steps: int, seed: int = 0) -> Sample:
    """Return the worst input that `steps` measurements find, at least the two ends."""
    source = random.Random(f"{probe.name} {seed}")  # noqa: S311
    starts = [probe.least(), probe.most(), *(probe.draw(source) for _ in range(DRAWN))]
    best = max((measured_twice(measure, genes) for genes in starts[: max(2, steps)]), key=_cost)
    here, idle = best, 0
    for _ in range(steps - len(starts)):
        if idle >= PATIENCE:
            here, idle = measured_twice(measure, probe.draw(source)), 0
        else:
            there = measure(probe.move(here.genes, source))
            idle += 1
            if there.cost > here.cost:
                there = quicker(there, measure(there.genes))
            if there.cost > here.cost:
                here, idle = there, 0
        best = max(best, here, key=_cost)
    return best


def quicker(one: Sample, other: Sample) -> Sample:
    """Return the one of two measurements of an input that less has disturbed."""
    return min(one, other, key=_cost)


def measured_twice(measure: Measure, genes: Genes) -> Sample:
    """Return the less disturbed of two measurements."""
    return quicker(measure(genes), measure(genes))


def _cost(sample: Sample) -> float:
    return sample.cost
