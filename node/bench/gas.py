"""What the prices of our precompiles claim: the worst inputs, and what each size takes."""

from __future__ import annotations

import time
from typing import Final

from byline.node.bench.credits import worst_credits
from byline.node.bench.effort import QUICK, Bench
from byline.node.bench.table import Column, Line, Table
from byline.precompiles.calibration import Calibration, Effort, calibrate
from byline.precompiles.calibration.report import SPEEDS, Term, Worst
from byline.precompiles.calibration.timing import ECRECOVER_GAS, Anchored

EFFORT: Final = Effort(steps=40, samples=40, replicates=200, batches=3)
BRIEF: Final = Effort(steps=16, samples=12, replicates=40, batches=2, batch_seconds=0.001)


def gas(bench: Bench) -> list[Table]:
    """Measure every function of the precompiles in this process, by its processor time."""
    effort = BRIEF if bench.effort is QUICK else EFFORT
    found = calibrate(time.process_time, effort, say=bench.say)
    bench.say("attribution state: credits of warm words")
    return [_worst(bench, found), _terms(found)]


def _worst(bench: Bench, found: Calibration) -> Table:
    lines = [_line(item) for item in found.worst]
    sample = worst_credits(Anchored(time.process_time, 3, 0.002), bench.engine)
    lines.append(_line(Worst("creditBatch", sample, found.anchor)))
    return Table(
        "gas",
        "The worst inputs found of our precompiles",
        (
            Column("a call", "us", higher=False),
            Column("charged", "gas"),
            Column("worth", "gas, ecrecover", higher=False),
            *(Column("worth", f"gas, {speed} Mgas/s", higher=False) for speed in SPEEDS),
            Column("margin", "ecrecover"),
            *(Column("margin", f"{speed} Mgas/s") for speed in SPEEDS),
        ),
        tuple(lines),
        (
            f"ecrecover, {ECRECOVER_GAS:,} gas, takes {found.anchor * 1e6:.1f} us here: "
            f"{ECRECOVER_GAS / found.anchor / 1e6:.0f} Mgas/s",
            "a margin is charged by worth: below 1 the price does not cover the work",
            "found by a hill climb over sizes and shapes, refused inputs among them; reading and "
            "pricing are in the time",
        ),
    )


def _line(item: Worst) -> Line:
    seconds, charged = item.seconds, item.sample.gas
    genes = ", ".join(f"{name} {value:,}" for name, value in item.sample.genes.items())
    return Line(
        item.name,
        genes or "-",
        (
            seconds * 1e6,
            float(charged),
            item.worth,
            *(seconds * speed * 1e6 for speed in SPEEDS),
            item.margin,
            *(item.margin_at(speed) for speed in SPEEDS),
        ),
    )


def _terms(found: Calibration) -> Table:
    return Table(
        "gas",
        "What each size takes, by least squares without negative coefficients",
        (
            Column("charged", "gas a unit"),
            Column("worth", "gas, ecrecover", higher=False),
            *(Column("worth", f"gas, {speed} Mgas/s", higher=False) for speed in SPEEDS),
            Column("at most", "gas, ecrecover", higher=False),
            Column("p", ""),
            Column("R2", ""),
        ),
        tuple(_term(term, found.anchor) for term in found.terms),
        (
            "in the shape that is slowest at the largest sizes; 'call' is what every call takes",
            "at most: 97.5 % of the bootstrap's fits are not above; p: the share of them that "
            "need no such size; R2: of the function's times",
        ),
    )


def _term(term: Term, anchor: float) -> Line:
    return Line(
        f"{term.name}, {term.size}",
        "",
        (
            term.charged,
            ECRECOVER_GAS * term.work,
            *(term.work * anchor * speed * 1e6 for speed in SPEEDS),
            ECRECOVER_GAS * term.high,
            term.p,
            term.r2,
        ),
    )
