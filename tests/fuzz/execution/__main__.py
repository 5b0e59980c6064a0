"""Compare engines: `python -m tests.fuzz.execution [--cases N] [--seed N] [--replay FILE]`.

Random programs, calls of native functions and blocks, by seeds from `--seed` on.  A
difference is saved below build/differ/, made smaller, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from byline.node.evm.engines import engine
from tests.fuzz.execution.cases import OBSERVERS, difference
from tests.fuzz.execution.oracles import PYTHON
from tests.fuzz.execution.worker import ENGINES, begin, in_thread
from tests.vectors_folder import REPOSITORY

FOLDER = REPOSITORY / "build" / "differ"
CHUNK = 50
"""Seeds that a process takes at a time."""
PROGRESS_SECONDS = 10.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.execution")
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--replay", type=Path, help="a saved difference, run once")
    options = parser.parse_args(arguments)
    if options.replay is not None:
        return _replay(options.replay)
    if engine(ENGINES[0]).name != ENGINES[0]:
        print("the fast engine is not built: make ext", file=sys.stderr)
        return 2
    if not PYTHON.is_file():
        print("no oracles beside the two engines: `make oracle` installs them", file=sys.stderr)
    return _run(range(options.seed, options.seed + options.cases), options.jobs)


def _run(seeds: range, jobs: int) -> int:
    begun = said = time.monotonic()
    counts: Counter[str] = Counter()
    done = bad = 0
    with ProcessPoolExecutor(jobs, initializer=begin) as pool:
        chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
        for future in as_completed([pool.submit(in_thread, chunk) for chunk in chunks]):
            tally = future.result()
            counts += tally.counts
            done += sum(tally.counts[kind] for kind in OBSERVERS)
            for found in tally.found:
                bad += 1
                print(f"DIFFERENCE, saved as {found.save(FOLDER)}\n  {found.words[:600]}")
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                print(_line(seeds, done, bad, said - begun), file=sys.stderr, flush=True)
    print(_line(seeds, done, bad, time.monotonic() - begun))
    print("  " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return 1 if bad else 0


def _line(seeds: range, done: int, bad: int, seconds: float) -> str:
    rate = f"{done / seconds:.0f} cases/s"
    return f"seeds from {seeds.start}: {done}/{len(seeds)} cases, {bad} differences, {rate}"


def _replay(file: Path) -> int:
    case = json.loads(file.read_text())["case"]
    words = difference(case, *(engine(name) for name in ENGINES))
    print(words or "the engines agree")
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main())
