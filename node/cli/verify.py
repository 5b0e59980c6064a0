"""`byline verify`: an empty store, an L1 URL, the rollup config, and the same hashes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from byline.node import logs
from byline.node.cli.running import run_to_end
from byline.node.config import add_engine_argument, engine_name
from byline.node.forking.cache import cache_folder
from byline.node.forking.client import Patience
from byline.node.forking.origin import open_fork
from byline.node.forking.place import read_place
from byline.node.l1.remote import RemoteL1
from byline.node.loaded_network import l2_genesis_of
from byline.node.storage.overflow import OverflowKV
from byline.node.verifier import Progress as Report
from byline.node.verifier import Verifier, read_rollup_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a verifier needs."""
    parser.add_argument(
        "--l1", metavar="URL", default="http://127.0.0.1:8545", help="JSON-RPC of the L1"
    )
    parser.add_argument(
        "--rollup-config",
        metavar="FILE|URL",
        default="http://127.0.0.1:9545",
        help="rollup.json, or a node that answers optimism_rollupConfig",
    )
    parser.add_argument(
        "--l2-genesis",
        metavar="FILE",
        type=Path,
        help="genesis file of the L2 (geth's JSON, .gz, .zst) where it is not the built-in one",
    )
    parser.add_argument(
        "--genesis-dictionary",
        metavar="FILE",
        type=Path,
        help="the superchain registry's dictionary for .zst files",
    )
    parser.add_argument(
        "--upgrade-bundle",
        metavar="FILE",
        type=Path,
        help="upgrade transactions of forks that activate after genesis",
    )
    parser.add_argument(
        "--beacon",
        metavar="URL",
        help="beacon API of the L1, for batches in blobs (the local L1's is on its own port)",
    )
    parser.add_argument(
        "--fork-url",
        metavar="URL",
        help="node of the chain that the L2 goes on from, where it was started with --fork-url",
    )
    add_engine_argument(parser)
    parser.add_argument("--until", metavar="L1-BLOCK", type=int, help="stop after this L1 block")
    parser.add_argument("--follow", action="store_true", help="go on as the L1 grows")
    parser.add_argument("--blocks", action="store_true", help="print every L2 block")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def run(arguments: argparse.Namespace) -> int:
    """Derive and print the safe head; 0 when the L1 was read to its end."""
    return run_to_end(_verify(arguments))


async def _verify(arguments: argparse.Namespace) -> int:
    logs.set_up(arguments.log_level, None)
    console = Console(highlight=False, soft_wrap=True)
    engine = engine_name(vars(arguments))
    config = await read_rollup_config(arguments.rollup_config)
    async with contextlib.AsyncExitStack() as stack:
        kv = stack.enter_context(contextlib.closing(OverflowKV()))
        source = await stack.enter_async_context(
            RemoteL1(arguments.l1, arguments.beacon, inbox=config.batch_inbox)
        )
        genesis = None
        if arguments.l2_genesis is not None:
            genesis = await asyncio.to_thread(
                l2_genesis_of, arguments.l2_genesis, config, arguments.genesis_dictionary
            )
        fork = None
        if arguments.fork_url is not None:
            place = read_place("fork_url", arguments.fork_url, config.genesis.l2.number)
            fork = await asyncio.to_thread(open_fork, place, Patience(), cache_folder())
            stack.callback(fork.close)
        verifier = await asyncio.to_thread(
            Verifier, config, source, kv, genesis, arguments.upgrade_bundle, engine, fork
        )
        await verifier.start()
        with Progress(
            TextColumn("deriving"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("L1 blocks"),
            TimeElapsedColumn(),
            TextColumn("L2 safe {task.fields[safe]}"),
            console=console,
            transient=True,
        ) as bar:
            task = bar.add_task("derive", total=None, safe=0)

            def report(now: Report) -> None:
                bar.update(task, completed=now.l1_read, total=now.l1_head, safe=now.safe.number)
                if arguments.blocks or not console.is_terminal:
                    for item in now.newest:
                        console.print(
                            f"L2 block {item.ref.number} 0x{item.ref.hash.hex()} "
                            f"from L1 block {item.derived_from.number}"
                        )

            safe = await verifier.run(arguments.until, report, follow=arguments.follow)
    if verifier.first_jump is not None:
        console.print(f"stock verifiers stop before L2 block {verifier.first_jump}: DevControl")
    console.print(f"safe head: L2 block {safe.number} 0x{safe.hash.hex()}")
    console.print(f"state root: 0x{verifier.engine.header_of(safe).state_root.hex()}")
    return 0
