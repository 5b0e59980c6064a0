"""Measures what the gas schedule claims, in units that do not depend on the machine.

The anchor is ecrecover, 3000 gas, timed in the same process: if it takes `t` seconds, a
call that takes `s` seconds did work worth `3000 * s / t` gas (EIP-1108 and EIP-7883 price
by the same comparison).  A schedule is honest where the gas charged is no less than that,
on the worst input known.  The reference is measured too; it need not pay its way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coincurve import PrivateKey, PublicKey

from byline.precompiles.abi import encode_array
from byline.precompiles.math import _core_py, encode_call, gas
from byline.precompiles.math import divide as chosen
from byline.precompiles.math.call import METHODS, read_call
from byline.precompiles.math.gas import apportion_gas

ECRECOVER_GAS: Final = 3000
COUNTS: Final = (10, 100, 1000, 4000)
BATCHES: Final = 5
BATCH_SECONDS: Final = 0.002
RANDOM_LISTS: Final = 16
AMOUNT: Final = 2**128 - 159

Divide = Callable[[int, int, bytes], bytes]

Timer = Callable[[], float]
"""A clock in seconds that never goes back, such as `time.perf_counter`."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The slowest known input of one size on one core."""

    core: str
    """`reference`, or `kernel` where it is built."""
    method: str
    count: int
    """Recipients."""
    shape: str
    """Which weights were slowest: `random`, `equal` or `falling`."""
    seconds: float
    """One call, best of several batches."""
    gas: int
    """What the schedule charges."""
    worth: float
    """What the time is worth in gas, by ecrecover."""

    @property
    def margin(self) -> float:
        """How many times over the charge covers the work; below 1 is too cheap."""
        return self.gas / self.worth


def calibrate(timer: Timer, counts: Sequence[int] = COUNTS) -> tuple[Measurement, ...]:
    """Measure both cores by both methods for each count of recipients.

    Takes about a second.  The kernel is left out where it is not built or switched off.
    """
    anchor = seconds_per_call(ecrecover(), timer)
    cores: dict[str, Divide] = {"reference": _core_py.divide}
    if chosen is not _core_py.divide:
        cores["kernel"] = chosen
    return tuple(
        _slowest(name, divide, method, count, timer, anchor)
        for name, divide in cores.items()
        for method in METHODS
        for count in counts
    )


def _slowest(
    core: str, divide: Divide, method: str, count: int, timer: Timer, anchor: float
) -> Measurement:
    timed = [
        (seconds_per_call(_rotating(divide, METHODS[method], weight_lists), timer), shape)
        for shape, weight_lists in _shapes(count)
    ]
    seconds, shape = max(timed)
    return Measurement(
        core=core,
        method=method,
        count=count,
        shape=shape,
        seconds=seconds,
        gas=apportion_gas(METHODS[method], count),
        worth=ECRECOVER_GAS * seconds / anchor,
    )


def _rotating(divide: Divide, method: int, weight_lists: list[list[int]]) -> Callable[[], object]:
    """Return a call as a node makes it, pricing included, on one list after the other."""
    inputs = itertools.cycle([encode_call(method, AMOUNT, weights) for weights in weight_lists])

    def call() -> bytes:
        data = next(inputs)
        gas(data)
        read = read_call(data)
        return encode_array(divide(read.method, read.amount, read.words))

    return call


def _shapes(count: int) -> Iterator[tuple[str, list[list[int]]]]:
    """Yield lists that sort badly, not at all, and in reverse; with weights of all widths.

    The bad ones are several: a processor learns the branches of a list it sees again.
    """
    widest = 2**64 // count
    yield "random", [_mixed(count, widest, seed) for seed in range(RANDOM_LISTS)]
    yield "equal", [[widest - 1] * count]
    yield "falling", [[widest - 1 - index for index in range(count)]]


def _mixed(count: int, widest: int, state: int) -> list[int]:
    """Return weights below `widest`, by Knuth's congruential generator: the same anywhere."""
    weights = []
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        weights.append(1 + (state * (widest - 1) >> 64))
    return weights


def ecrecover() -> Callable[[], object]:
    """Return a function that recovers one public key, the work that 3000 gas pays for."""
    message = bytes(range(32))
    signature = PrivateKey(b"\x01" * 32).sign_recoverable(message, hasher=None)
    return lambda: PublicKey.from_signature_and_message(signature, message, hasher=None)


def seconds_per_call(call: Callable[[], object], timer: Timer) -> float:
    """Return the time of one call: the best of some batches, each long enough to be timed."""
    repeat = 1
    while (taken := _batch(call, repeat, timer)) < BATCH_SECONDS:
        repeat *= 2
    return min(taken, *(_batch(call, repeat, timer) for _ in range(BATCHES - 1))) / repeat


def _batch(call: Callable[[], object], repeat: int, timer: Timer) -> float:
    start = timer()
    for _ in range(repeat):
        call()
    return timer() - start
