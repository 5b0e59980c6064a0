"""`byline demo`: from real texts to money on the authors' accounts, verified from the L1."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from byline.node import logs
from byline.node.cli.running import run_to_end
from byline.node.client import RpcClient
from byline.node.config import NodeConfig, add_engine_argument, engine_name
from byline.node.contracts.gas_token import OPEN
from byline.node.demo.attribution import AttributedAnswer, attribute
from byline.node.demo.corpus import contributors, documents
from byline.node.demo.loop import FEE, Claim, Loop, Payment
from byline.node.demo.questions import QUESTIONS
from byline.node.demo.screen import cost_table, payout_table, show_answer, whole_units
from byline.node.demo.verdict import derive_again
from byline.node.devnet import Devnet, with_free_ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the size of the demo."""
    parser.add_argument(
        "--questions",
        type=int,
        metavar="N",
        default=len(QUESTIONS),
        help=f"ask the first N of {len(QUESTIONS)} questions (default all)",
    )
    add_engine_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 when every wei is accounted for and the verifier agrees, else 1."""
    return run_to_end(_demo(arguments))


async def _demo(arguments: argparse.Namespace) -> int:
    settings = NodeConfig(engine=engine_name(vars(arguments)))
    logs.set_up("error", None)
    console = Console(highlight=False, width=None if Console().is_terminal else 170)
    asked = QUESTIONS[: max(1, arguments.questions)]
    words = sum(len(document.tokens) for document in documents())
    console.print(
        f"[bold]texts[/bold]   {len(documents())} topics of Python's own documentation, "
        f"{words:,} tokens, given to {len(contributors())} contributors"
    )
    with console.status("answering, and finding the spans behind each answer ..."):
        answers = await asyncio.to_thread(lambda: [attribute(question) for question in asked])
    paid_for = [answer for answer in answers if answer.weights]
    console.print(
        f"[bold]model[/bold]   {len(answers)} questions answered, "
        f"{sum(len(answer.spans) for answer in answers)} spans found in the texts"
    )
    async with (
        Devnet(with_free_ports(settings)) as devnet,
        RpcClient(devnet.l1_url) as l1,
        RpcClient(devnet.l2_url) as l2,
    ):
        console.print(f"[bold]chains[/bold]  L1 {devnet.l1_url}, L2 {devnet.l2_url}")
        loop = Loop(l1, l2)
        payments, claims = await _pay(console, loop, paid_for)
        whole = await _account(console, loop, payments, claims)
        agreed = await _verify(console, devnet, loop)
    return 0 if whole and agreed else 1


async def _pay(
    console: Console, loop: Loop, answers: Sequence[AttributedAnswer]
) -> tuple[list[Payment], list[Claim]]:
    """Fund, register, pay, claim; print each payment with its spans."""
    owed = {one.address for answer in answers for one, _ in answer.weights}
    everyone = [one for one in contributors() if one.address in owed]
    await loop.approve(len(everyone))
    for one in track(everyone, "deposits from the L1", console=console, transient=True):
        await loop.deposit(one)
    console.print(f"[bold]bridge[/bold]  {len(everyone)} deposits of gas money, L1 to L2")
    registered = await loop.register()
    console.print(f"[bold]model[/bold]   registered in {registered['transactionHash']}")
    payments = []
    for number, answer in enumerate(answers):
        payment = await loop.pay(number, answer)
        payments.append(payment)
        show_answer(console, number + 1, answer, payment)
    claims = []
    for one in track(everyone, "claims", console=console, transient=True):
        claims.append(await loop.claim(one))
    return payments, claims


async def _account(
    console: Console, loop: Loop, payments: Sequence[Payment], claims: Sequence[Claim]
) -> bool:
    """Print who got what and whether it adds up to the wei."""
    console.print("\n[bold]who was paid[/bold], from the contract's events")
    console.print(payout_table(contributors(), payments, claims))
    console.print(cost_table(payments, claims))
    paid = len(payments) * FEE
    each = all(sum(payment.credits.values()) == payment.amount for payment in payments)
    claimed = sum(claim.amount for claim in claims)
    held, credited = await loop.outstanding()
    whole = each and paid == credited == claimed and held == 0
    verdict = "every wei accounted for" if whole else "THE SUMS DIFFER"
    console.print(
        f"paid {whole_units(paid)} {OPEN.symbol} = credited {whole_units(credited)} = "
        f"claimed {whole_units(claimed)}; "
        f"{held} wei left in the contract: [bold]{verdict}[/bold]"
    )
    return whole


async def _verify(console: Console, devnet: Devnet, loop: Loop) -> bool:
    """Wait until all is safe, derive it anew in another process, compare every hash."""
    with console.status("waiting for the batches on the L1 ..."):
        status = await loop.safe()
    safe = status["safe_l2"]
    console.print(
        f"\n[bold]safe[/bold]    L2 block {safe['number']} from {status['head_l1']['number']} "
        "L1 blocks"
    )
    with console.status("a fresh verifier derives the L2 from the L1 alone ...") as shown:
        verdict = await derive_again(
            devnet.l1_url,
            devnet.config.to_json(),
            lambda number: shown.update(f"verifier: L2 block {number} of {safe['number']}"),
        )
    root = await loop.state_root(safe["number"])
    same = (verdict.number, verdict.block_hash, verdict.state_root) == (
        safe["number"],
        safe["hash"],
        root,
    ) and all(
        devnet.rollup.engine.chain.store.canonical_hash(number) == bytes.fromhex(block_hash[2:])
        for number, block_hash in verdict.blocks.items()
    )
    console.print(f"node      {safe['hash']}  state {root}")
    console.print(f"verifier  {verdict.block_hash}  state {verdict.state_root}")
    console.print(
        f"[bold]verdict[/bold]   {len(verdict.blocks)} L2 blocks derived from L1 alone: "
        + ("[bold green]identical[/bold green]" if same else "[bold red]DIFFERENT[/bold red]")
    )
    return same
