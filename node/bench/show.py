"""Tables on the screen and in a file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from byline.node.bench.table import Line, Table
from byline.node.version import package_version

EVEN: Final = 1.05
"""A ratio that is nearer to one says nothing."""


def show(console: Console, table: Table) -> None:
    """Print one table."""
    grid = Grid(title=table.title, title_justify="left", box=box.SIMPLE, title_style="bold")
    grid.add_column("what", no_wrap=True)
    grid.add_column("who", no_wrap=True)
    for column in table.columns:
        grid.add_column(f"{column.name}\n{column.unit}", justify="right")
    compared = any(table.ratio(line) for line in table.lines)
    if compared:
        grid.add_column("first of group is", no_wrap=True)
    before = None
    for line in table.lines:
        what = "" if line.what == before else line.what
        before = line.what
        cells = [what, line.who, *(short(figure) for figure in line.figures)]
        grid.add_row(*cells, *([words(table, line)] if compared else []))
    console.print(grid)
    for note in table.notes:
        console.print(f"  {note}")


def short(figure: float | None) -> str:
    """Return a figure in three digits, or all of a larger one."""
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def words(table: Table, line: Line) -> str:
    """Return how the first line of the group compares with `line`."""
    ratio = table.ratio(line)
    if ratio is None:
        return ""
    if 1 / EVEN < ratio < EVEN:
        return "even"
    return f"{short(ratio)} x better" if ratio > 1 else f"{short(1 / ratio)} x worse"


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "byline": package_version(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def write_json(path: Path, tables: Sequence[Table], before: dict[str, object]) -> None:
    """Write all tables, and the machine as it was before (`machine`) and is now."""
    document = {
        "before": before,
        "after": machine(),
        "tables": [table.to_json() for table in tables],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
