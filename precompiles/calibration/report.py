"""All functions measured: the worst input of each, and what its sizes take."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from byline.precompiles.calibration.genes import Genes, Probe
from byline.precompiles.calibration.probes import probes
from byline.precompiles.calibration.regression import Fit, fit
from byline.precompiles.calibration.search import Measure, Sample, worst
from byline.precompiles.calibration.timing import (
    BATCH_SECONDS,
    BATCHES,
    ECRECOVER_GAS,
    Anchored,
    Timer,
)
from byline.precompiles.errors import InvalidInput
from byline.precompiles.registry import Precompile

CALL: Final = "call"
"""The part that every call takes, whatever its sizes."""
AGAIN: Final = 5
"""Later measurements of each worst input."""
SHAPES: Final = 24
"""Drawn ones of which a regression takes the slowest."""
SPEEDS: Final = (60, 100)
"""Millions of gas a second that a node is to do at least; EIP-7904 asks for 60 or more."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long it may take."""

    steps: int
    """Measurements of each search."""
    samples: int
    """Inputs of each regression."""
    replicates: int
    """Fits of each bootstrap."""
    batches: int = BATCHES
    """Timings of an input, the best of which counts."""
    batch_seconds: float = BATCH_SECONDS


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst input found of one function."""

    name: str
    sample: Sample
    anchor: float
    """Seconds of an ecrecover."""

    @property
    def seconds(self) -> float:
        """The time of a call where an ecrecover takes `anchor`."""
        return self.sample.work * self.anchor

    @property
    def worth(self) -> float:
        """What the time is worth in gas, by ecrecover."""
        return ECRECOVER_GAS * self.sample.work

    @property
    def margin(self) -> float:
        """How many times over the charge covers the work, by ecrecover; below 1 is too cheap."""
        return self.sample.gas / self.worth

    def margin_at(self, speed: int) -> float:
        """Return the same for a node that does `speed` million gas a second."""
        return self.sample.gas / (self.seconds * speed * 1e6)


@dataclass(frozen=True, slots=True)
class Term:
    """What one size of a function takes, and what is charged for it."""

    name: str
    size: str
    """What it counts; `CALL` for the constant."""
    charged: float
    """Gas a unit, as fitted to the prices of the same inputs."""
    work: float
    """Ecrecovers a unit."""
    high: float
    """97.5 % of the bootstrap's fits are not above."""
    p: float
    r2: float
    """Of the whole function."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured."""

    anchor: float
    """Seconds of an ecrecover, the best of all its timings."""
    worst: tuple[Worst, ...]
    terms: tuple[Term, ...]


def calibrate(
    timer: Timer,
    effort: Effort,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
    wanted: Sequence[tuple[Precompile, Probe]] | None = None,
) -> Calibration:
    """Measure `wanted`, or every function; `say` is told which one is under way."""
    anchored = Anchored(timer, effort.batches, effort.batch_seconds)
    found: list[tuple[str, Measure, Sample]] = []
    terms = []
    for precompile, probe in probes() if wanted is None else wanted:
        say(f"{precompile.name}: {probe.name}")
        measure = _measure(precompile, probe, anchored)
        found.append((probe.name, measure, worst(probe, measure, effort.steps, seed)))
        terms += _terms(precompile, probe, measure, effort, seed)
    say("the worst inputs once more")
    # What disturbed a measurement, seconds ago, is likely to have ended.
    rounds = [[again(item.genes) for _, again, item in found] for _ in range(AGAIN)]
    middle = [typical(samples) for samples in zip(*rounds, strict=True)]
    return Calibration(
        anchored.seconds,
        tuple(
            Worst(name, sample, anchored.seconds)
            for (name, _, _), sample in zip(found, middle, strict=True)
        ),
        tuple(terms),
    )


def typical(samples: Sequence[Sample]) -> Sample:
    """Return the median of several measurements of one input."""
    return sorted(samples, key=lambda sample: sample.cost)[len(samples) // 2]


def _measure(precompile: Precompile, probe: Probe, anchored: Anchored) -> Measure:
    def measure(genes: Genes) -> Sample:
        inputs = probe.inputs(genes)
        return Sample(
            genes, anchored.work(_calling(precompile, inputs)), precompile.gas(inputs[0])
        )

    return measure


def _calling(precompile: Precompile, inputs: Sequence[bytes]) -> Callable[[], object]:
    """Return a call as a node makes it, pricing included, on one input after the other."""
    turns = itertools.cycle(inputs)

    def call() -> bytes:
        data = next(turns)
        precompile.gas(data)
        try:
            return precompile.run(data)
        except InvalidInput as refusal:
            return refusal.revert_data

    return call


def _terms(
    precompile: Precompile,
    probe: Probe,
    measure: Measure,
    effort: Effort,
    seed: int,
) -> list[Term]:
    """Put the time and the price of drawn inputs down to the sizes."""
    samples = _samples(precompile, probe, measure, effort.samples, seed) if effort.samples else []
    if len(samples) <= len(probe.sizes) + 1:
        # Too few to tell anything from.
        return []
    sizes = np.array([[1.0, *(size(item.genes) for _, size in probe.sizes)] for item in samples])
    times: Fit = fit(sizes, np.array([item.work for item in samples]), effort.replicates, seed)
    prices = fit(sizes, np.array([float(item.gas) for item in samples]), 0)
    names = (CALL, *(name for name, _ in probe.sizes))
    return [
        Term(probe.name, name, charged, work, high, p, times.r2)
        for name, charged, work, high, p in zip(
            names, prices.coefficients, times.coefficients, times.high, times.p, strict=True
        )
    ]


def _samples(
    precompile: Precompile,
    probe: Probe,
    measure: Measure,
    count: int,
    seed: int,
) -> list[Sample]:
    """Measure `count` inputs of all sizes in the shape that is slowest at large ones.

    Refused inputs stop short, so that their sizes would tell nothing: they are left out.
    """
    source = random.Random(f"{probe.name} regression {seed}")  # noqa: S311

    def accepted(genes: Genes) -> bool:
        try:
            precompile.run(probe.inputs(genes)[0])
        except InvalidInput:
            return False
        return True

    drawn = [probe.draw(source) for _ in range(SHAPES)]
    shapes = [genes for genes in drawn if accepted(probe.largest(genes))]
    shapes = shapes or [genes for genes in drawn if accepted(genes)]
    if not shapes:
        return []
    slowest = max(shapes, key=lambda genes: measure(probe.largest(genes)).work)
    sized = (probe.shaped(slowest, source) for _ in range(5 * count))
    return [measure(genes) for genes in itertools.islice(filter(accepted, sized), count)]
