"""`byline attribution fidelity`: how far influence engines rank rows as retraining would."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Shown

if TYPE_CHECKING:
    from byline.node.attribution.influence.table import Table

INSTALL = (
    "scikit-learn is not installed: `pip install scikit-learn` brings the breast cancer data, "
    "or give a CSV file (a header; features, then the label 0 or 1) by --csv"
)

MOST_CONTRIBUTORS = 256
"""Rows are dealt by a byte of their hash."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of data."""
    parser.add_argument("--csv", type=Path, metavar="FILE", help="other rows than scikit-learn's")
    parser.add_argument("--train", type=int, default=400, metavar="N", help="rows to train on")
    parser.add_argument("--contributors", type=int, default=8, metavar="N", help="they belong to")
    parser.add_argument("--queries", type=int, default=8, metavar="N", help="rows asked about")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 2 where there is no data, or it does not fit."""
    from byline.node.attribution.influence.fidelity import WHOLE, fidelity
    from byline.node.attribution.influence.table import make_problem

    try:
        table = _table(arguments.csv)
        problem = make_problem(table, arguments.train, arguments.contributors)
        if arguments.contributors > (most := min(arguments.train, MOST_CONTRIBUTORS)):
            raise ValueError(
                f"--contributors {arguments.contributors}: want at most {most}, a row for each"
            )
        if not 0 < arguments.queries <= len(problem.queries):
            raise ValueError(f"{arguments.queries} queries: there are {len(problem.queries)} rows")
        console = Console(highlight=False, markup=False)
        with console.status("training anew without each row, and each contributor ..."):
            found = fidelity(problem, range(arguments.queries))
    except (OSError, ValueError, ImportError) as error:
        print(f"byline: {error}", file=sys.stderr)
        return 2
    shown = Shown(
        title=f"rank correlation with leave-one-out: {arguments.train} of {len(table)} rows, "
        f"{arguments.contributors} contributors, {arguments.queries} queries",
        title_justify="left",
    )
    for name in ("engine", "rows: lowest", "median", "highest", "owners: lowest", "median"):
        first = name == "engine"
        shown.add_column(name, justify="left" if first else "right", no_wrap=first)
    for engine in dict.fromkeys(one.engine for one in found):
        rows = sorted(one.rows_bps for one in found if one.engine == engine)
        owners = sorted(one.contributors_bps for one in found if one.engine == engine)
        values = (rows[0], median(rows), rows[-1], owners[0], median(owners))
        shown.add_row(engine.partition(": ")[2], *(f"{value / WHOLE:.2f}" for value in values))
    console.print(shown)
    console.print("1 is the order of retraining without each row, 0 is chance")
    return 0


def _table(csv: Path | None) -> Table:
    """Return the rows; raises `ImportError` with what to do where there are none."""
    import numpy as np

    from byline.node.attribution.influence.table import Table, read_csv

    if csv is not None:
        try:
            return read_csv(csv.read_text(encoding="utf-8").splitlines())
        except ValueError as error:
            raise ValueError(f"--csv {csv}: {error}") from error
    try:
        from sklearn.datasets import load_breast_cancer
    except ImportError as error:
        raise ImportError(INSTALL) from error
    features, labels = load_breast_cancer(return_X_y=True)
    return Table(features, labels.astype(np.int64))
