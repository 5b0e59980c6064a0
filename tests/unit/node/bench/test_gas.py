"""The report on prices has every function, and what the state precompile charges covers it."""

from __future__ import annotations

import time

import pytest

from byline.node.bench import credits as credits_part
from byline.node.bench import gas as gas_part
from byline.node.bench.credits import worst_credits
from byline.node.bench.effort import QUICK, Bench
from byline.precompiles.calibration import ECRECOVER_GAS, Effort, probes, report
from byline.precompiles.calibration.timing import Anchored

TINY = Effort(steps=2, samples=6, replicates=2, batches=1, batch_seconds=1e-5)


def test_every_function_is_in_both_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gas_part, "BRIEF", TINY)
    monkeypatch.setattr(report, "SHAPES", 10)
    monkeypatch.setattr(report, "AGAIN", 1)
    monkeypatch.setattr(credits_part, "COUNTS", (1, 2))
    worst, terms = gas_part.gas(Bench(QUICK))
    names = [probe.name for _, probe in probes()]
    assert [line.what for line in worst.lines] == [*names, "creditBatch"]
    for line in worst.lines:
        figures = [figure for figure in line.figures if figure is not None]
        micro, charged, worth, at_60, at_100, margin, *_ = figures
        assert margin == pytest.approx(charged / worth)
        assert (at_60, at_100) == pytest.approx((micro * 60, micro * 100))
    sizes = [f"{probe.name}, {size}" for _, probe in probes() for size, _ in probe.sizes]
    assert set(sizes) <= {line.what for line in terms.lines}


@pytest.mark.slow
def test_the_price_of_credits_covers_the_work() -> None:
    """0.8 leaves room for a machine that is busy elsewhere."""
    found = worst_credits(Anchored(time.process_time, 3, 0.002), "fast")
    assert found.gas / (ECRECOVER_GAS * found.work) > 0.8
