"""The hill climb ends on the worst input of functions whose worst input is known."""

from __future__ import annotations

import random

from byline.precompiles.calibration.genes import Gene, Genes, Probe
from byline.precompiles.calibration.search import Sample, worst


def probe(*genes: Gene) -> Probe:
    return Probe("known", "known", genes, lambda _, __: b"", ())


TWO = probe(Gene("size", 0, 4096, is_size=True), Gene("shape", 0, 9))


def test_the_end_of_a_size_is_found_at_once() -> None:
    def measure(genes: Genes) -> Sample:
        return Sample(genes, 1.0 + genes["size"], 1)

    assert worst(TWO, measure, 2).genes["size"] == 4096


def test_a_shape_within_a_size_is_found_by_steps() -> None:
    def measure(genes: Genes) -> Sample:
        near = 1 / (1 + abs(genes["size"] - 700) / 700)
        return Sample(genes, near * (2.0 if genes["shape"] == 7 else 1.0), 1)

    found = worst(TWO, measure, 200)
    assert found.genes["shape"] == 7
    assert 600 < found.genes["size"] < 800


def test_gas_counts_against_time() -> None:
    def measure(genes: Genes) -> Sample:
        return Sample(genes, 5.0 + genes["size"], 1 + genes["size"])

    assert worst(TWO, measure, 20).genes["size"] == 0


def test_a_disturbed_measurement_is_taken_again_before_it_is_believed() -> None:
    asked: list[int] = []

    def measure(genes: Genes) -> Sample:
        asked.append(1)
        return Sample(genes, 100.0 if len(asked) == 20 else 1.0, 1)

    assert worst(TWO, measure, 60).work == 1.0
    assert len(asked) > 20


def test_the_same_seed_gives_the_same_answer() -> None:
    def measure(genes: Genes) -> Sample:
        return Sample(genes, float(hash(tuple(sorted(genes.items()))) % 1000 + 1), 1)

    assert worst(TWO, measure, 50, seed=3) == worst(TWO, measure, 50, seed=3)


def test_genes_stay_within_their_bounds() -> None:
    source = random.Random(1)
    for gene in (Gene("a", 3, 3), Gene("b", 0, 4096, is_size=True), Gene("c", 1, 5)):
        value = gene.draw(source)
        for _ in range(500):
            assert gene.least <= value <= gene.most
            value = gene.move(value, source)
