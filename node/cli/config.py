"""`byline config`: every setting, its value, and where that came from."""

from __future__ import annotations

import argparse
import sys

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node import config
from byline.node.errors import NodeError
from byline.node.http_words import server_of
from byline.node.settings import SETTINGS

SECRETS = frozenset({"batcher_key", "proposer_key", "fork_header"})
"""Settings whose values are not shown."""
URLS = frozenset({"fork_url", "l1_fork_url", "l1_rpc", "l1_beacon"})
"""Settings of which only the server is shown: the rest often is a key."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings, to try what a flag would do."""
    config.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a table; 2 when a setting cannot be read."""
    try:
        settings = config.load(vars(arguments))
    except NodeError as exc:
        print(f"byline: {exc}", file=sys.stderr)
        return 2
    table = Table("setting", "value", "from", "flag", "variable", box=box.SIMPLE)
    for setting in SETTINGS:
        value = settings.value(setting.name)
        table.add_row(
            setting.name,
            "-" if value in (None, ()) else _shown(setting.name, value),
            settings.sources.get(setting.name, "default"),
            setting.flag,
            setting.variable,
        )
    Console(highlight=False).print(table)
    return 0


def _shown(name: str, value: object) -> str:
    if name in SECRETS:
        return "(secret)"
    return server_of(str(value)) if name in URLS else str(value)
