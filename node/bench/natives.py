"""The native functions of the L2: time a call, and what that is in gas."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from byline.derivation.config import Fork
from byline.node.bench.effort import Bench
from byline.node.bench.engines import PLAIN, plain_chain, plain_run
from byline.node.bench.native_inputs import Input, inputs
from byline.node.bench.table import Column, Line, Table, per
from byline.node.evm.precompiles import optimism_precompiles

T = TypeVar("T")

PLAIN_GAS: Final = 10**9
_LEAST: Final = 3
"""Runs, of which the fastest counts, unless one takes long."""
LONG: Final = 0.2
"""Seconds after which one run is enough."""


def natives(bench: Bench) -> list[Table]:
    """Measure every native function of the newest fork, and py-evm's own of the same name."""
    plain = plain_chain({}, gas_limit=PLAIN_GAS)
    lines = []
    for given in inputs():
        bench.say(f"native function: {given.what}")
        lines += _lines(bench, given, plain)
    return [
        Table(
            "natives",
            "Native functions",
            (
                Column("a call", "us", higher=False),
                Column("gas", ""),
                Column("speed", "Mgas/s"),
            ),
            tuple(lines),
            ("the fastest of several runs; gas is that of Karst, of Prague for py-evm",),
        )
    ]


def _lines(bench: Bench, given: Input, plain: Any) -> list[Line]:
    native = optimism_precompiles(max(Fork))[given.address]
    output, seconds = _timed(bench, lambda: native.run(given.data))
    lines = [_line(given.what, "byline", seconds, native.gas(given.data))]
    if given.ethereum:
        (found, gas), seconds = _timed(
            bench, lambda: plain_run(plain, given.address, given.data, PLAIN_GAS)
        )
        if found != output:
            raise RuntimeError(f"{given.what}: 0x{output.hex()}, py-evm says 0x{found.hex()}")
        lines.append(_line(given.what, PLAIN, seconds, gas))
    return lines


def _line(what: str, who: str, seconds: float, gas: int) -> Line:
    return Line(what, who, (seconds * 1e6, float(gas), per(gas / 1e6, seconds)))


def _timed(bench: Bench, work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` returns, and the seconds of its fastest run."""
    best, runs, begun = float("inf"), 0, time.perf_counter()
    while True:
        at = time.perf_counter()
        result = work()
        now = time.perf_counter()
        best, runs = min(best, now - at), runs + 1
        enough = runs >= _LEAST and now - begun > bench.effort.seconds / 4
        if enough or now - at > LONG:
            return result, best
