"""Runs a range of seeds: two engines on every case, the oracles on a share."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import engine
from tests.fuzz.execution.cases import difference, random_case
from tests.fuzz.execution.oracles import (
    EELS,
    PYTHON,
    REVM,
    Oracle,
    differs_from_eels,
    differs_from_revm,
    fits_revm,
)
from tests.fuzz.execution.shrink import shrunk

ENGINES: Final = ("fast", "pyevm")
EELS_EVERY: Final = 10
"""Of the blocks, which are a fifth of the cases."""
REVM_EVERY: Final = 2
"""Of the cases that revm knows the rules of."""


@dataclass(frozen=True, slots=True)
class Found:
    """A case on which not all agree."""

    case: dict[str, Any]
    words: str

    def save(self, folder: Path) -> Path:
        """Write the case down, to be run again with `--replay`."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.case['kind']}-{self.case['seed']}.json"
        file.write_text(json.dumps({"difference": self.words, "case": self.case}, indent=1))
        return file


@dataclass(slots=True)
class Tally:
    """What a range of seeds came to."""

    counts: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)


class Judge:
    """Both engines, and the oracles where they are installed."""

    def __init__(self, *, oracles: bool = True) -> None:
        self.fast, self.reference = (engine(name) for name in ENGINES)
        if self.fast.name == self.reference.name:
            raise RuntimeError("there is but one engine: build the other with `make ext`")
        self._open = contextlib.ExitStack()
        installed = oracles and PYTHON.is_file()
        self.eels = self._open.enter_context(Oracle(EELS)) if installed else None
        self.revm = self._open.enter_context(Oracle(REVM)) if installed else None

    def close(self) -> None:
        """End the oracles."""
        self._open.close()

    def words(self, case: dict[str, Any], counts: Counter[str]) -> str | None:
        """Return how opinions on a case differ; count which were asked."""
        counts[case["kind"]] += 1
        words = difference(case, self.fast, self.reference)
        seed = case["seed"]
        if words is None and self.eels and case["kind"] == "block" and seed % EELS_EVERY == 0:
            counts["by EELS"] += 1
            words = differs_from_eels(case, self.fast, self.eels)
        if words is None and self.revm and fits_revm(case) and seed % REVM_EVERY == 0:
            counts["by revm"] += 1
            words = differs_from_revm(case, self.fast, self.revm)
        return words

    def shrink(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return a smaller case on which the engines still differ."""
        return shrunk(case, lambda it: difference(it, self.fast, self.reference) is not None)


def judged(seeds: range, *, oracles: bool = True, judge: Judge | None = None) -> Tally:
    """Run the cases of `seeds`."""
    tally = Tally()
    asked = judge or Judge(oracles=oracles)
    try:
        for seed in seeds:
            case = random_case(seed)
            words = asked.words(case, tally.counts)
            if words is not None:
                small = asked.shrink(case)
                tally.found.append(Found(small, words))
    finally:
        if judge is None:
            asked.close()
    return tally


_local = threading.local()
_threads: list[ThreadPoolExecutor] = []


def begin() -> None:
    """Give this process one thread whose stack bears 1,024 nested calls."""
    prepare_threads()
    _threads.append(ThreadPoolExecutor(1))


def in_thread(seeds: range) -> Tally:
    """Run `seeds` in the thread that `begin` made, with oracles that stay between ranges."""
    return _threads[0].submit(_kept, seeds).result()


def _kept(seeds: range) -> Tally:
    if not hasattr(_local, "judge"):
        _local.judge = Judge()
    return judged(seeds, judge=_local.judge)
