"""Calls are timed as `seconds_per_call` says, by a clock that the test holds."""

from __future__ import annotations

from coincurve import PrivateKey, PublicKey

from byline.precompiles.calibration.timing import (
    BATCH_SECONDS,
    Anchored,
    ecrecover,
    seconds_per_call,
)
from tests.unit.precompiles.calibration.clock import Clock


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
    recovered = ecrecover()()
    assert isinstance(recovered, PublicKey)
    assert recovered.format() == PrivateKey(b"\x01" * 32).public_key.format()


def test_work_is_the_time_in_ecrecovers_of_the_same_moment() -> None:
    clock = Clock()

    def ticking() -> float:
        """Let every reading take a second, so that each batch takes as long as any other."""
        clock.take(1.0)
        return clock.now

    anchored = Anchored(ticking, 1, 0.5)
    assert anchored.work(lambda: clock.take(3.0)) == 4.0
    assert anchored.seconds == 1.0
