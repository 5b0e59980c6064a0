"""The calibration measures what it says, by a clock that the test holds."""

from __future__ import annotations

from byline.precompiles.math import METHODS
from byline.precompiles.math.calibration import (
    BATCH_SECONDS,
    calibrate,
    ecrecover,
    seconds_per_call,
)


class Clock:
    """Time passes by what is called, not by itself."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float) -> None:
        self.now += seconds


def test_the_time_of_a_call_is_that_of_a_batch_long_enough_divided_by_its_calls() -> None:
    clock = Clock()
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        clock.take(2.0**-12)

    assert seconds_per_call(call, clock) == 2.0**-12
    assert len(calls) * 2.0**-12 > 5 * BATCH_SECONDS


def test_the_best_batch_counts_because_only_noise_makes_a_batch_slower() -> None:
    clock = Clock()
    durations = iter([0.5, 0.25, 1.0, 0.125, 2.0])
    assert seconds_per_call(lambda: clock.take(next(durations)), clock) == 0.125


def test_the_anchor_recovers_the_key_that_signed() -> None:
    from coincurve import PrivateKey, PublicKey

    recovered = ecrecover()()
    assert isinstance(recovered, PublicKey)
    assert recovered.format() == PrivateKey(b"\x01" * 32).public_key.format()


def test_the_table_has_a_row_for_each_core_method_and_count() -> None:
    """With a clock that ticks once a reading, every call is worth as much as ecrecover."""
    clock = Clock()

    def ticking() -> float:
        clock.take(1.0)
        return clock.now

    rows = calibrate(ticking, counts=(1, 50))
    assert [(row.core, row.method, row.count) for row in rows] == [
        (core, method, count)
        for core in ("reference", "kernel")
        for method in METHODS
        for count in (1, 50)
    ]
    assert {row.worth for row in rows} == {3000}
    assert rows[1].gas == 900
    assert rows[1].margin == 0.3
