"""`byline attribution status`: what is on record, and which texts the node holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from rich.console import RenderableType

from byline.node.cli.attribution_tables import Answer, add_node, ask_and_show, listing, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the node is."""
    add_node(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it; 2 where the node does not answer."""
    return ask_and_show(arguments.l2, "attribution_status", (), _show)


def _show(answer: Answer) -> Iterator[RenderableType]:
    counts = {**answer["counts"], **{f"batches {k}": v for k, v in answer["batches"].items()}}
    rows = [("block", str(answer["block"]))]
    rows += [(name, str(value)) for name, value in counts.items()]
    rows += [(f"{name}, seconds", str(answer["settings"][name])) for name in _SECONDS]
    yield listing("attribution", rows)
    yield listing("contracts", answer["contracts"].items())
    folder = answer["data"]["folder"] or "no folder: start the node with --attribution-data"
    held = [(str(one["id"]), one["state"], one["why"] or "") for one in answer["data"]["datasets"]]
    yield f"datasets are looked for in {folder}"
    yield table("datasets", ("dataset>", "texts", "why"), held)


_SECONDS = ("challengeWindow", "settleWindow", "claimWindow")
