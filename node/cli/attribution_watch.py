"""`byline attribution watch`: recompute every record, and prove what is wrong to the ledger."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from byline.node.cli.attribution_deployment import add_deployment, deployed_of
from byline.node.cli.attribution_signer import add_signer, signer_of
from byline.node.cli.running import run_to_end, stop_event
from byline.node.errors import ConfigError

END_SECONDS: Final = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a watcher needs."""
    parser.add_argument(
        "--l2", metavar="URL", default="http://127.0.0.1:9545", help="JSON-RPC of the L2"
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        default=Path("attribution"),
        help="folder of datasets, one subfolder each (default ./attribution)",
    )
    parser.add_argument(
        "--evidence",
        metavar="URL|DIR",
        action="append",
        default=[],
        help="where operators show evidence, asked before any is demanded; may be repeated",
    )
    add_signer(parser, "who challenges and demands; without it nothing is sent")
    add_deployment(parser)
    parser.add_argument(
        "--resume",
        metavar="FILE",
        type=Path,
        help="go on where this file says, and keep it; settled batches are not told again",
    )
    parser.add_argument(
        "--from",
        dest="since",
        metavar="BLOCK",
        type=int,
        default=0,
        help="leave out batches of earlier blocks that are settled",
    )
    parser.add_argument(
        "--patience",
        metavar="SECONDS",
        type=int,
        help="how long evidence may take to turn up before it is demanded, which costs a fee "
        "(default: a quarter of the challenge window; 0 with --once)",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="look once; status 1 if anything is wrong or cannot be checked",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent, only")
    parser.add_argument(
        "--poll", metavar="SECONDS", type=float, default=1.0, help="pause between two looks"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def run(arguments: argparse.Namespace) -> int:
    """Watch until stopped, then print what was found: 0, or with `--once` 1 for anything wrong."""
    return run_to_end(_watch(arguments))


async def _watch(arguments: argparse.Namespace) -> int:
    from byline.node import logs
    from byline.node.attribution.client.calls import Contracts
    from byline.node.attribution.watching.evidence import source_of
    from byline.node.attribution.watching.watcher import Options, Watcher
    from byline.node.client import RpcClient
    from byline.node.contracts.addresses import L2_CONTRACTS

    logs.set_up(arguments.log_level, None)
    stop = stop_event()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if arguments.poll <= 0:
        raise ConfigError(f"--poll {arguments.poll:g}: want more than 0 seconds")
    if arguments.since < 0:
        raise ConfigError(f"--from {arguments.since}: want a block from 0 on")
    if arguments.patience is not None and arguments.patience < 0:
        raise ConfigError(f"--patience {arguments.patience}: want 0 seconds or more")
    for place in arguments.evidence:
        # Evidence that is looked for in the wrong place is demanded, which costs money.
        is_url = place.startswith(("http://", "https://"))
        if not is_url and not await asyncio.to_thread(Path(place).is_dir):
            raise ConfigError(f"--evidence {place}: neither a URL of HTTP nor a folder")
    if not await asyncio.to_thread(arguments.data.is_dir):
        raise ConfigError(f"--data {arguments.data} is no folder: datasets are looked for there")
    deployed = await deployed_of(arguments)
    options = Options(
        data=arguments.data,
        evidence=tuple(map(source_of, arguments.evidence)),
        resume=arguments.resume,
        since=arguments.since,
        first=0 if deployed is None else deployed.block,
        patience=arguments.patience,
        dry_run=arguments.dry_run,
        once=arguments.once,
        poll=arguments.poll,
    )
    account = await asyncio.to_thread(signer_of, arguments)
    async with RpcClient(arguments.l2) as client:
        addresses = L2_CONTRACTS if deployed is None else deployed.addresses
        contracts = Contracts(client, account, addresses)
        watcher = Watcher(client, contracts, options, console.print)
        if not watcher.is_acting:
            console.print("nothing is sent: --dry-run, or neither --key-file nor --account")
        work = asyncio.create_task(watcher.run(stop))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        # A node that hangs is not waited for: what it was asked to do shows at the next start.
        await asyncio.wait({work}, timeout=END_SECONDS)
        wrong = work.result() if work.done() else work.cancel()
    table = Table(title=f"watched {arguments.l2}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in watcher.summary():
        table.add_row(name, value)
    console.print(table)
    return 1 if arguments.once and wrong else 0
