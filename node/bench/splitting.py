"""`apportion` in its three forms: Python reference, compiled kernel, contract twin."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from byline.node.bench.effort import Bench
from byline.node.bench.engines import chain_with, run
from byline.node.bench.table import Column, Line, Table
from byline.node.bench.timing import fastest
from byline.node.chain.chain import Chain
from byline.node.contracts.artifacts import load
from byline.node.evm.engines import engine as make_engine
from byline.precompiles import math
from byline.precompiles.math import _core_py
from byline.precompiles.math.call import read_call

AMOUNT: Final = 10**18 + 7
TWIN: Final = b"\x20" * 20
CALL_GAS: Final = 2_000_000_000


def splitting(bench: Bench) -> list[Table]:
    """Measure each method at every size; all three must answer alike."""
    engine = make_engine(bench.engine)
    chain = chain_with(engine, {TWIN: load("AttributionMath").runtime})
    lines = []
    for method, words in enumerate(math.METHODS):
        for size in bench.effort.recipients:
            bench.say(f"apportion by {words} to {size}")
            what = f"{words}, {size:,} recipients"
            lines += [
                Line(what, who, (seconds * 1e6,))
                for who, seconds in _measured(bench, chain, engine.name, method, size).items()
            ]
    return [
        Table(
            "apportion",
            "Apportionment of a payment",
            (Column("a call", "us", higher=False),),
            tuple(lines),
            ("the fastest of several runs; the twin runs on a chain, without a transaction",),
        )
    ]


def _measured(bench: Bench, chain: Chain, engine: str, method: int, size: int) -> dict[str, float]:
    """Return the seconds of a call in each form."""
    weights = [random.Random(size).randrange(1, 2**32) for _ in range(size)]  # noqa: S311
    data = math.encode_call(method, AMOUNT, weights)
    if run(chain, TWIN, data, CALL_GAS)[0] != math.run(data):
        raise RuntimeError(f"the twin divides otherwise by method {method} to {size}")
    words = read_call(data).words
    forms: dict[str, Callable[[], object]] = {
        f"precompile ({math.BACKEND})": lambda: math.run(data),
        "reference (Python)": lambda: _core_py.divide(method, AMOUNT, words),
        f"twin (Vyper, {engine} engine)": lambda: run(chain, TWIN, data, CALL_GAS),
    }
    return {who: fastest(work, bench.effort.short)[1] for who, work in forms.items()}
