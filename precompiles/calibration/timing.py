"""How long one call takes, by a clock that the caller passes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coincurve import PrivateKey, PublicKey

ECRECOVER_GAS: Final = 3000
BATCH_SECONDS: Final = 0.002
BATCHES: Final = 5

Timer = Callable[[], float]
"""A clock in seconds that never goes back, such as `time.process_time`, which leaves out what
other processes take."""


def ecrecover() -> Callable[[], object]:
    """Return a function that recovers one public key, the work that 3000 gas pays for."""
    message = bytes(range(32))
    signature = PrivateKey(b"\x01" * 32).sign_recoverable(message, hasher=None)
    return lambda: PublicKey.from_signature_and_message(signature, message, hasher=None)


def seconds_per_call(
    call: Callable[[], object],
    timer: Timer,
    batches: int = BATCHES,
    batch_seconds: float = BATCH_SECONDS,
) -> float:
    """Return the time of one call: the best of some batches, each long enough to be timed."""
    repeat = 1
    while (taken := _batch(call, repeat, timer)) < batch_seconds:
        repeat *= 2
    again = [_batch(call, repeat, timer) for _ in range(batches - 1)]
    return min([taken, *again]) / repeat


class Anchored:
    """Times calls beside ecrecover, so that what slows both down at the moment cancels out."""

    def __init__(self, timer: Timer, batches: int, batch_seconds: float) -> None:
        self._timer = timer
        self._batches = batches
        self._batch_seconds = batch_seconds
        self._recover = ecrecover()
        self.seconds = seconds_per_call(self._recover, timer, 3 * BATCHES)
        """Of an ecrecover, the least that was ever measured."""

    def work(self, call: Callable[[], object]) -> float:
        """Return how many ecrecovers take as long as one call."""
        before = self._anchor()
        taken = seconds_per_call(call, self._timer, self._batches, self._batch_seconds)
        return 2 * taken / (before + self._anchor())

    def _anchor(self) -> float:
        seconds = seconds_per_call(self._recover, self._timer, 2, self._batch_seconds)
        self.seconds = min(self.seconds, seconds)
        return seconds


def _batch(call: Callable[[], object], repeat: int, timer: Timer) -> float:
    start = timer()
    for _ in range(repeat):
        call()
    return timer() - start
