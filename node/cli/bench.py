"""`byline bench`: what this machine does, and how that compares within the same run."""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from byline.node.bench import peers
from byline.node.bench.effort import LONG, NORMAL, QUICK, Bench
from byline.node.bench.parts import PARTS
from byline.node.bench.show import machine, show, write_json
from byline.node.bench.table import Table
from byline.node.config import add_engine_argument, engine_name
from byline.node.errors import ConfigError, NodeError
from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import DEFAULT, why_not_fast

WIDE: Final = 170
"""Columns where the output is no terminal, so that rows stay in one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of parts and of how much is measured."""
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="rough figures, in under two minutes")
    size.add_argument("--long", action="store_true", help="to 100,000 blocks, the peers to 10,000")
    add_engine_argument(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables there too")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a measurement failed, 2 for a part or engine that is none."""
    chosen: Sequence[str] = arguments.parts or list(PARTS)
    for name in chosen:
        if name not in PARTS:
            near = difflib.get_close_matches(name, PARTS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PARTS)}"
            print(f"byline: no part {name!r}: {hint}", file=sys.stderr)
            return 2
    try:
        engine = engine_name(vars(arguments))
    except ConfigError as exc:
        print(f"byline: {exc}", file=sys.stderr)
        return 2
    effort = QUICK if arguments.quick else LONG if arguments.long else NORMAL
    prepare_threads()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    for line in peers.missing():
        console.print(line)
    if engine == DEFAULT and (why := why_not_fast()) is not None:
        console.print(f"measuring the reference engine: {why}")
    before, tables, failed = machine(), list[Table](), False
    console.print(_words(before))
    progress = Progress(console)
    for name in chosen:
        with progress.during():
            try:
                found = PARTS[name](Bench(effort, progress.say, engine))
            except (NodeError, RuntimeError) as exc:
                # The other parts are still worth their time.
                print(f"byline: bench {name}: {exc}", file=sys.stderr)
                failed = True
                continue
        for table in found:
            show(console, table)
        tables += found
    console.print(_words(machine()))
    if arguments.json is not None:
        write_json(arguments.json, tables, before)
    return 1 if failed else 0


def _words(found: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in found.items())


class Progress:
    """Says what is being measured: in place on a terminal, else a line each on stderr."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self._status: Any = None

    def during(self) -> AbstractContextManager[object]:
        """Return the time in which there is something to say."""
        if not self._console.is_terminal:
            return nullcontext()
        self._status = self._console.status("measuring ...")
        shown: AbstractContextManager[object] = self._status
        return shown

    def say(self, what: str) -> None:
        """Show what is being measured now, and the seconds since the beginning."""
        words = f"{time.monotonic() - self._begun:5.0f} s  {what} ..."
        if self._status is None:
            print(words, file=sys.stderr, flush=True)
        else:
            self._status.update(words)
