"""Runs files of fixtures in several processes."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import engine
from tests.conformance import block_case, state_case
from tests.conformance.exceptions import ABSENT
from tests.conformance.fixtures import fixtures
from tests.conformance.outcome import Outcome

CASES: Final = {"state": state_case.cases, "blocks": block_case.cases}
PROGRESS_SECONDS: Final = 5.0


@dataclass(slots=True)
class Results:
    """What a number of files came to."""

    outcomes: list[Outcome] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """Cases that were not run, by why."""

    def take(self, other: Results) -> None:
        """Add the results of other files."""
        self.outcomes += other.outcomes
        self.left_out += other.left_out


def run_file(path: Path, folder: Path, engine_name: str, only: str) -> Results:
    """Run the cases of one file whose id holds `only`."""
    results = Results()
    for fixture in fixtures(path, folder):
        if only not in f"{fixture.file}::{fixture.name}":
            continue
        missing = next((item.name for item in ABSENT if item.needed(fixture)), None)
        if missing is not None:
            results.left_out[missing] += 1
            continue
        for outcome in CASES[fixture.kind](fixture, engine(engine_name)):
            if outcome is None:
                results.left_out["forks that the node does not have"] += 1
            else:
                results.outcomes.append(outcome)
    return results


_threads: list[ThreadPoolExecutor] = []


def _begin() -> None:
    """Give this process one thread whose stack bears 1,024 nested calls."""
    prepare_threads()
    _threads.append(ThreadPoolExecutor(1))


def _in_thread(path: Path, folder: Path, engine_name: str, only: str) -> Results:
    return _threads[0].submit(run_file, path, folder, engine_name, only).result()


def run(
    paths: Iterable[Path], folder: Path, engine_name: str, *, only: str = "", jobs: int = 1
) -> Results:
    """Run every file in `jobs` processes, and say how far it is from time to time."""
    todo = list(paths)
    results = Results()
    with ProcessPoolExecutor(jobs, initializer=_begin) as pool:
        futures = [pool.submit(_in_thread, path, folder, engine_name, only) for path in todo]
        said = time.monotonic()
        for done, future in enumerate(as_completed(futures), 1):
            results.take(future.result())
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                bad = sum(outcome.problem is not None for outcome in results.outcomes)
                words = f"{done}/{len(todo)} files, {len(results.outcomes)} cases, {bad} not as"
                print(f"  {words} the fixture says", file=sys.stderr, flush=True)
    return results


def chosen(paths: Iterable[Path], only: str, skip: Iterable[str], every: int) -> Iterator[Path]:
    """Yield the files to run: each `every`-th of those that `only` and `skip` leave.

    `only` may name a file or, after `::`, a test in it.
    """
    file = only.partition("::")[0] if "::" in only else ""
    words = tuple(skip)
    left = [path for path in paths if file in str(path) and not any(w in str(path) for w in words)]
    yield from left[:: max(1, every)]
