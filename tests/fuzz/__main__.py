"""Fuzz every decoder: `python -m tests.fuzz [--seconds N] [--seed N] [--replay FILE] [NAME ...]`.

A finding ends its target, is saved below build/fuzz/, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
from pathlib import Path

from tests.fuzz import derivation_targets, dev_targets, native_targets, serving_targets
from tests.fuzz.loop import Finding, Hang, Report, bound_memory, fuzz, judge
from tests.fuzz.target import Target
from tests.vectors_folder import REPOSITORY

FOLDER = REPOSITORY / "build" / "fuzz"


def all_targets() -> list[Target]:
    return [
        *derivation_targets.targets(),
        *dev_targets.targets(),
        *serving_targets.targets(),
        *native_targets.targets(),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Fuzz the chosen targets and print a table; 1 on a finding, 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; or all")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=Path, help="a saved input, judged once")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where findings are saved")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    known = {target.name: target for target in all_targets()}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        print(f"no target {unknown[0]!r}: there are {', '.join(known)}", file=sys.stderr)
        return 2
    bound_memory()
    if options.replay is not None:
        return _replay(known, options.replay)
    return _run([known[name] for name in options.names or known], options)


def _run(chosen: list[Target], options: argparse.Namespace) -> int:
    print(f"{'decoder':22}{'cases':>9}{'accepted':>10}{'slowest':>12}")
    found = 0
    for target in chosen:
        report = fuzz(target, options.seconds, options.seed)
        print(_line(report), flush=True)
        if report.finding is not None:
            found += 1
            print(f"  saved as {save(target, report.finding, options.folder)}")
    return 1 if found else 0


def _line(report: Report) -> str:
    slowest = f"{report.slowest * 1000:.1f} ms"
    line = f"{report.name:22}{report.cases:>9}{report.accepted:>10}{slowest:>12}"
    if report.finding is None:
        return line
    error = report.finding.error
    return f"{line}\n  FOUND {type(error).__name__}: {str(error)[:300]}"


def save(target: Target, finding: Finding, folder: Path) -> Path:
    """Keep an input under the name of its target; return where."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(finding.data).hexdigest()[:12]
    file = folder / f"{target.name.replace(' ', '_')}-{digest}.bin"
    file.write_bytes(finding.data)
    return file


def _replay(known: dict[str, Target], file: Path) -> int:
    name = file.name.rpartition("-")[0].replace("_", " ")
    if name not in known:
        print(f"{file}: no target {name!r}: there are {', '.join(known)}", file=sys.stderr)
        return 2
    try:
        good = judge(known[name], file.read_bytes())
    except (Exception, Hang) as exc:
        print(f"{name}: {type(exc).__name__}: {exc}")
        raise
    print(f"{name}: {'accepted' if good else 'refused'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
