"""`apportion` in its three forms: Python reference, compiled kernel, contract twin."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from byline.node.bench.table import Row, better
from byline.node.chain.chain import Chain
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts.artifacts import load
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import MessageCall
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.storage.kv import MemoryKV
from byline.node.storage.store import ChainStore
from byline.precompiles import attribution
from byline.precompiles.attribution import _core_py
from byline.precompiles.attribution.call import read_call

SIZES: Final = (10, 100, 1_000, 4_000)
AMOUNT: Final = 10**18 + 7
TWIN: Final = b"\x20" * 20
CALL_GAS: Final = 2_000_000_000
LONG_ENOUGH: Final = 0.05
"""Seconds that a measurement lasts at least, unless one run is longer."""


def splitting() -> list[Row]:
    """Measure both methods at every size; the reference of a ratio is the contract twin."""
    run_twin = _twin()
    rows = []
    for method, name in enumerate(attribution.METHODS):
        for size in SIZES:
            weights = [random.Random(size).randrange(1, 2**32) for _ in range(size)]  # noqa: S311
            data = attribution.encode_call(method, AMOUNT, weights)
            expected = attribution.run(data)
            assert run_twin(data) == expected, f"twin differs at {name} to {size}"
            call = read_call(data)
            words = call.words
            forms: dict[str, Callable[[], object]] = {
                f"precompile ({attribution.BACKEND})": lambda data=data: attribution.run(data),  # type: ignore[misc]
                "reference (Python)": lambda method=method, words=words: _core_py.divide(  # type: ignore[misc]
                    method, AMOUNT, words
                ),
                "twin (Vyper on the engine)": lambda data=data: run_twin(data),  # type: ignore[misc]
            }
            times = {who: _seconds(work) for who, work in forms.items()}
            twin = times["twin (Vyper on the engine)"]
            for who, seconds in times.items():
                ratio = better(seconds, twin, higher=False) if seconds != twin else None
                what = f"apportion, {name}, {size} recipients"
                rows.append(Row(what, who, seconds * 1e6, "us", ratio, "twin" if ratio else ""))
    return rows


def _twin() -> Callable[[bytes], bytes]:
    engine = PyEvmEngine()
    store = ChainStore(MemoryKV())
    alloc = {TWIN: GenesisAccount(nonce=1, code=load("AttributionMath").runtime)}
    store.commit(
        genesis_block(engine, alloc, message_passer_root=False, gas_limit=10**9, base_fee=1)
    )
    chain = Chain(store, EthereumRules(1), engine)

    def run(data: bytes) -> bytes:
        machine = chain.machine(chain.head)
        outcome = machine.run(
            MessageCall(b"\x01" * 20, TWIN, 0, data, gas=CALL_GAS, gas_price=0, nonce=0)
        )
        assert outcome.succeeded, outcome.error
        return outcome.output

    return run


def _seconds(work: Callable[[], object]) -> float:
    """Return the mean time of one run, over as many as fill `LONG_ENOUGH`."""
    runs, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < LONG_ENOUGH or not runs:
        work()
        runs += 1
    return passed / runs
