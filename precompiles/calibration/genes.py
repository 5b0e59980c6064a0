"""What an input is made from: a few whole numbers within bounds, its genes.

An input is a function of its genes alone, so a search can be repeated, and what it finds can
be told in a line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Genes: TypeAlias = Mapping[str, int]

VARIANTS: Final = 4
"""Inputs of the same genes that take turns: a processor learns the branches of one that it
sees again and again."""


@dataclass(frozen=True, slots=True)
class Gene:
    """One number of an input."""

    name: str
    least: int
    most: int
    is_size: bool = False
    """Whether it spans orders of magnitude, so that it is drawn and moved by factors."""
    is_declared: bool = False
    """Whether the price may go by it; the others are the shape."""

    def draw(self, source: random.Random) -> int:
        """Return any value within the bounds."""
        if not self.is_size:
            return source.randint(self.least, self.most)
        low, high = self.least + 1, self.most + 1
        value = int(low * (high / low) ** source.random()) - 1
        return min(max(value, self.least), self.most)

    def move(self, value: int, source: random.Random) -> int:
        """Return a value near `value`, or any."""
        if source.random() < 0.25:
            return self.draw(source)
        if self.is_size:
            moved = int(value * source.choice((0.5, 0.8, 0.95, 1.05, 1.25, 2.0)))
            moved += source.choice((-1, 0, 1))
        else:
            moved = value + source.choice((-1, 1)) * source.choice((1, 1, 2, 4))
        return min(max(moved, self.least), self.most)


Build: TypeAlias = Callable[[Genes, random.Random], bytes]
Size: TypeAlias = Callable[[Genes], float]


@dataclass(frozen=True, slots=True)
class Probe:
    """How inputs of one function are made, and which of their sizes it is priced by."""

    name: str
    """For people: the function, and what of it."""
    function: str
    """Its name in the ABI."""
    genes: tuple[Gene, ...]
    build: Build
    """Makes a whole input, selector included; the source of chance differs by variant."""
    sizes: tuple[tuple[str, Size], ...]
    """What the price grows with, beside a part that every call pays."""

    def inputs(self, genes: Genes) -> tuple[bytes, ...]:
        """Return the variants of the input."""
        return tuple(
            self.build(genes, random.Random(f"{self.name} {sorted(genes.items())} {number}"))  # noqa: S311
            for number in range(VARIANTS)
        )

    def least(self) -> dict[str, int]:
        """Return the genes at their lower bounds."""
        return {gene.name: gene.least for gene in self.genes}

    def most(self) -> dict[str, int]:
        """Return the genes at their upper bounds."""
        return {gene.name: gene.most for gene in self.genes}

    def draw(self, source: random.Random) -> dict[str, int]:
        """Return any genes."""
        return {gene.name: gene.draw(source) for gene in self.genes}

    def largest(self, genes: Genes) -> dict[str, int]:
        """Return genes of the same shape with the largest sizes."""
        sizes = {gene.name: gene.most for gene in self.genes if gene.is_declared}
        return {**genes, **sizes}

    def shaped(self, genes: Genes, source: random.Random) -> dict[str, int]:
        """Return genes of the same shape with any sizes."""
        sizes = {gene.name: gene.draw(source) for gene in self.genes if gene.is_declared}
        return {**genes, **sizes}

    def move(self, genes: Genes, source: random.Random) -> dict[str, int]:
        """Return genes of which one or two have moved."""
        moved = dict(genes)
        for gene in source.sample(self.genes, min(len(self.genes), source.choice((1, 1, 2)))):
            moved[gene.name] = gene.move(genes[gene.name], source)
        return moved
