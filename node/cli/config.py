"""`byline config`: every setting, its value, and where that came from."""

from __future__ import annotations

import argparse
import sys

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node import config
from byline.node.errors import NodeError
from byline.node.settings import SETTINGS

SECRETS = frozenset({"batcher_key", "proposer_key"})
"""Settings whose values are not shown."""


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
            "-" if value in (None, ()) else "(secret)" if setting.name in SECRETS else str(value),
            settings.sources.get(setting.name, "default"),
            setting.flag,
            setting.variable,
        )
    Console(highlight=False).print(table)
    return 0
