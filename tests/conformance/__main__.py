"""Run the fixtures of Ethereum: `python -m tests.conformance FOLDER [--engine NAME] ...`.

The exit status is 1 when a case differs that `exceptions` does not name, or when an entry
of it is needless; 2 when there is nothing to run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.conformance.fixtures import files
from tests.conformance.runner import chosen, run
from tests.conformance.table import failures, report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("folder", type=Path, help="folder of fixtures, or one file")
    parser.add_argument("--engine", default="fast", help="what executes code: fast or pyevm")
    parser.add_argument("--only", default="", help="cases whose FILE::NAME holds this")
    parser.add_argument("--skip", action="append", default=[], help="files whose path holds this")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(arguments)
    paths = list(chosen(files(options.folder), options.only, options.skip, options.every))
    begun = time.monotonic()
    results = run(paths, options.folder, options.engine, only=options.only, jobs=options.jobs)
    if not results.outcomes:
        print(f"{options.folder}: no case to run in {len(paths)} files", file=sys.stderr)
        return 2
    for line in report(results):
        print(line)
    bad = failures(results)
    for line in bad:
        print(f"FAILED {line}")
    rate = len(results.outcomes) / (time.monotonic() - begun)
    print(
        f"{options.engine}: {len(results.outcomes)} cases, {len(bad)} failed, {rate:.0f} cases/s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
