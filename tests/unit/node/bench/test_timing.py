"""The fastest run is the one that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from byline.node.bench import timing
from byline.node.bench.timing import LEAST_RUNS, LONG, fastest


class Clock:
    """Stands still but for what runs take."""

    def __init__(self) -> None:
        self.now = 100.0
        self.runs = 0

    def perf_counter(self) -> float:
        return self.now

    def work(self, takes: Iterator[float]) -> Callable[[], int]:
        def run() -> int:
            self.runs += 1
            self.now += next(takes)
            return 7

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timing, "time", made)
    return made


def test_the_fastest_of_the_runs_counts(clock: Clock) -> None:
    result, seconds = fastest(clock.work(iter([0.03, 0.005, 0.02])), 0.0)
    assert (result, round(seconds, 9), clock.runs) == (7, 0.005, LEAST_RUNS)


def test_runs_go_on_for_the_time_given(clock: Clock) -> None:
    fastest(clock.work(iter([0.1] * 20)), 0.95)
    assert clock.runs == 10


def test_one_long_run_is_enough(clock: Clock) -> None:
    fastest(clock.work(iter([LONG * 1.1])), 10.0)
    assert clock.runs == 1
