"""`byline attribution`: serve a model that is paid for, and look after what is paid.

One line a subcommand in `SUBCOMMANDS`; each has a module with `add_arguments(parser)` and
`run(arguments)`, as commands have.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Final

from byline.node.cli import Command

SUBCOMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "register", "byline.node.cli.attribution_register", "make datasets and a model of texts"
    ),
    Command("serve", "byline.node.cli.attribution_serve", "serve a model that is paid by answer"),
    Command("watch", "byline.node.cli.attribution_watch", "recheck records, challenge lies"),
    Command("explain", "byline.node.cli.attribution_explain", "an answer down to paid words"),
    Command("verify", "byline.node.cli.attribution_verify", "what is wrong with an answer"),
    Command("status", "byline.node.cli.attribution_status", "what is on record and held"),
    Command("deploy", "byline.node.cli.attribution_deploy", "put the contracts on another chain"),
    Command("fidelity", "byline.node.cli.attribution_fidelity", "measure influence engines"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every subcommand and its arguments."""
    commands = parser.add_subparsers(metavar="SUBCOMMAND", dest="subcommand", required=True)
    for command in SUBCOMMANDS:
        part = commands.add_parser(command.name, help=command.text, description=command.text)
        module = importlib.import_module(command.module)
        module.add_arguments(part)
        part.set_defaults(run_subcommand=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand and return its exit status."""
    result: int = arguments.run_subcommand(arguments)
    return result
