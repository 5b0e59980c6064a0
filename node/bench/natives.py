"""The native functions of the L2: time a call, and what that is in gas."""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.config import Fork
from byline.node.bench.effort import Bench
from byline.node.bench.engines import PLAIN, plain_chain, plain_run
from byline.node.bench.native_inputs import Input, inputs
from byline.node.bench.table import Column, Line, Table, per
from byline.node.bench.timing import fastest
from byline.node.evm.precompiles import optimism_precompiles

PLAIN_GAS: Final = 10**9


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
    output, seconds = fastest(lambda: native.run(given.data), bench.effort.short)
    lines = [_line(given.what, "byline", seconds, native.gas(given.data))]
    if given.ethereum:
        (found, gas), seconds = fastest(
            lambda: plain_run(plain, given.address, given.data, PLAIN_GAS), bench.effort.short
        )
        if found != output:
            raise RuntimeError(f"{given.what}: 0x{output.hex()}, py-evm says 0x{found.hex()}")
        lines.append(_line(given.what, PLAIN, seconds, gas))
    return lines


def _line(what: str, who: str, seconds: float, gas: int) -> Line:
    return Line(what, who, (seconds * 1e6, float(gas), per(gas / 1e6, seconds)))
