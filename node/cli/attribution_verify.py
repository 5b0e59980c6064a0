"""`byline attribution verify`: what is wrong with one recorded answer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from rich.console import RenderableType

from byline.node.cli.attribution_tables import Answer, add_record, ask_and_show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which record is meant."""
    add_record(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it; 0 where all is well, 1 where not, or not known, 2 where nobody answers."""
    place = (arguments.batch, arguments.index)
    return ask_and_show(arguments.l2, "attribution_verify", place, _show, _status)


def _status(answer: Answer) -> int:
    checked = answer["checked"] and answer["batch"]["checked"]
    faults = answer["faults"] or answer["batch"]["faults"] or answer["settlement"]["faults"]
    return 0 if checked and not faults else 1


def _show(answer: Answer) -> Iterator[RenderableType]:
    yield f"evidence    {'published' if answer['published'] else 'not published'}"
    settlement = answer["settlement"]
    parts = (
        ("record", answer["checked"], [one["words"] for one in answer["faults"]]),
        ("batch", answer["batch"]["checked"], [one["words"] for one in answer["batch"]["faults"]]),
        (
            "settlement",
            settlement["checked"],
            [one if isinstance(one, str) else one["words"] for one in settlement["faults"]],
        ),
    )
    for name, checked, faults in parts:
        if faults:
            yield from (f"{name:<11} {words}" for words in faults)
        else:
            yield f"{name:<11} {'right' if checked else 'not checked'}"
    for one in answer["missing"]:
        yield f"missing     {one['what']} {one['hash'] or ''}"
