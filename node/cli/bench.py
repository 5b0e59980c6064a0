"""`byline bench`: what this machine does, and how that compares within the same run."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node.bench.chain import block_of_transfers, computation
from byline.node.bench.deriving import deriving
from byline.node.bench.serving import serving
from byline.node.bench.splitting import splitting
from byline.node.bench.table import Row
from byline.node.evm.pyevm import prepare_threads

PARTS: Final[dict[str, Callable[[], list[Row]]]] = {
    "block": block_of_transfers,
    "compute": computation,
    "derive": deriving,
    "serve": serving,
    "apportion": splitting,
}


WIDE: Final = 150
"""Columns where the output is no terminal, so that rows stay in one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of parts."""
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 2 for an unknown part."""
    chosen: Sequence[str] = arguments.parts or list(PARTS)
    for name in chosen:
        if name not in PARTS:
            near = difflib.get_close_matches(name, PARTS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PARTS)}"
            print(f"byline: no part {name!r}: {hint}", file=sys.stderr)
            return 2
    prepare_threads()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    table = Table("what", "who", "figure", "unit", "compared", box=box.SIMPLE)
    for name in chosen:
        with console.status(f"measuring {name} ..."):
            for row in PARTS[name]():
                table.add_row(row.what, row.who, _short(row.figure), row.unit, _compared(row))
    console.print(table)
    return 0


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def _compared(row: Row) -> str:
    if row.ratio is None:
        return ""
    if row.ratio >= 1:
        return f"{_short(row.ratio)} x better than {row.reference}"
    return f"{_short(1 / row.ratio)} x worse than {row.reference}"
