"""The loop: change, decode, judge; with a bound on the time of one input and on memory."""

from __future__ import annotations

import contextlib
import random
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Final

from tests.fuzz.mutation import mutated
from tests.fuzz.target import Target

HANG_SECONDS: Final = 5.0
"""Time that one input may take."""
MEMORY: Final = 1 << 30
"""Bytes of address space beyond what the process has when fuzzing begins."""
MOST_CORPUS: Final = 300


class Hang(BaseException):
    """An input took too long; no decoder's `except Exception` may swallow it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a decoder does not bear."""

    data: bytes
    error: BaseException


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one target."""

    name: str
    cases: int
    accepted: int
    slowest: float
    """Seconds of the slowest input."""
    finding: Finding | None


def fuzz(target: Target, seconds: float, seed: int = 0, hang: float = HANG_SECONDS) -> Report:
    """Feed a target for `seconds`, or until a finding; every seed is tried first."""
    rng = random.Random(f"{target.name} {seed}")
    corpus = list(target.seeds)
    cases = accepted = 0
    slowest = 0.0
    waiting = list(target.seeds)
    end = time.monotonic() + seconds
    while waiting or time.monotonic() < end:
        data = waiting.pop() if waiting else mutated(rng, corpus, target.most)
        begun = time.monotonic()
        try:
            good = judge(target, data, hang)
        except (Exception, Hang) as exc:
            return Report(target.name, cases + 1, accepted, slowest, Finding(data, exc))
        slowest = max(slowest, time.monotonic() - begun)
        cases += 1
        accepted += good
        if good and len(corpus) < MOST_CORPUS:
            corpus.append(data)
    return Report(target.name, cases, accepted, slowest, None)


def judge(target: Target, data: bytes, hang: float = HANG_SECONDS) -> bool:
    """Tell whether the target accepts `data`; raises what it may not raise, or `Hang`."""
    try:
        with _alarm(hang):
            target.check(data)
    except target.refusals:
        return False
    return True


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"no answer after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def bound_memory(room: int = MEMORY) -> None:
    """Let this process have `room` bytes of address space more than it has now."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + room, hard))
