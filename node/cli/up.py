"""`byline up`: run the devnet until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import json

from rich.console import Console

from byline.node import config, logs
from byline.node.cli.banner import print_banner, ready
from byline.node.cli.running import run_to_end, stop_event
from byline.node.descriptors import allow_many
from byline.node.devnet import Devnet
from byline.node.errors import NodeError
from byline.node.external import ExternalNode
from byline.node.garbage import settle
from byline.node.shell import NodeShell

HEALTH_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings."""
    config.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve both chains; 0 when stopped, 2 when something was in the way."""
    return run_to_end(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    settings = config.load(vars(arguments))
    allow_many()
    log_file = logs.set_up(
        settings.log_level,
        settings.data_dir,
        as_json=settings.json,
        quiet=settings.quiet,
        verbose=settings.verbose,
    )
    stop = stop_event()
    console = Console(highlight=False, soft_wrap=True)
    node = ExternalNode(settings) if settings.l1_rpc else Devnet(settings)
    async with node as devnet:
        settle()
        if settings.json and not settings.quiet:
            print(json.dumps(ready(devnet, log_file)), flush=True)
        elif not settings.quiet:
            print_banner(console, devnet, log_file)
        await _until(stop, devnet)
        if not (settings.json or settings.quiet):
            console.print("stopping ...")
    return 0


async def _until(stop: asyncio.Event, devnet: NodeShell) -> None:
    """Wait for the stop signal; raise when a background task has failed."""
    while not stop.is_set():
        error = devnet.stopped_with()
        if error is not None:
            raise NodeError(f"the node stopped working: {error} (see the log)") from error
        try:
            await asyncio.wait_for(stop.wait(), HEALTH_SECONDS)
        except TimeoutError:
            continue
