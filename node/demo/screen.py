"""What the demo shows: answers with their spans, who was paid what, and the cost of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node.contracts.gas_token import OPEN
from byline.node.demo.attribution import AttributedAnswer
from byline.node.demo.corpus import Contributor
from byline.node.demo.loop import Claim, Payment
from byline.node.hexes import checksum

QUOTE: Final = 60
"""Characters of a span that are shown."""
EXCERPT: Final = 130
"""Characters of an answer that are shown."""


def whole_units(wei: int) -> str:
    """Return wei in units of 10**18, to the last digit."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".")


def show_answer(console: Console, number: int, answer: AttributedAnswer, payment: Payment) -> None:
    """Print one question, its answer's spans, and who was credited for them."""
    console.print(f"\n[bold]{number}. {answer.question}[/bold]")
    console.print(f"   {_short(answer.answer, EXCERPT)}", style="dim", markup=False)
    for index, span in enumerate(answer.spans):
        names = ", ".join(
            f"{share.contributor.name} ({share.place.topic})"
            for share in answer.shares
            if share.span == index
        )
        console.print(
            f'   "{_short(span.text, QUOTE)}"  {span.length} tokens, '
            f"{span.weight >> 16} bits: {names}",
            markup=False,
        )
    paid = ", ".join(f"{one.name} {payment.credits[one.address]:,}" for one, _ in answer.weights)
    console.print(f"   [green]paid in block {payment.block}, wei: {paid}[/green]")


def _short(text: str, most: int) -> str:
    """Return `text` on one line, cut to `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 2] + ".."


def payout_table(
    everyone: Sequence[Contributor], payments: Sequence[Payment], claims: Sequence[Claim]
) -> Table:
    """Return who was paid what: by contributor, from events, with a sum that must agree."""
    table = Table(box=box.SIMPLE, show_footer=True)
    for name in ("contributor", "address", "topics", "answers"):
        table.add_column(name, no_wrap=True)
    table.add_column("credited, wei", justify="right")
    table.add_column("claimed, wei", justify="right")
    table.add_column("claim cost, wei", justify="right")
    claimed = {claim.contributor.address: claim for claim in claims}
    total = 0
    for one in everyone:
        credit = sum(payment.credits.get(one.address, 0) for payment in payments)
        total += credit
        claim = claimed.get(one.address)
        table.add_row(
            one.name,
            checksum(one.address),
            str(len(one.topics)),
            str(sum(one.address in payment.credits for payment in payments)),
            f"{credit:,}",
            f"{claim.amount:,}" if claim else "-",
            f"{claim.total_fee:,}" if claim else "-",
        )
    table.columns[0].footer = "sum"
    table.columns[4].footer = f"{total:,}"
    table.columns[5].footer = f"{sum(claim.amount for claim in claims):,}"
    table.columns[6].footer = f"{sum(claim.total_fee for claim in claims):,}"
    return table


def cost_table(payments: Sequence[Payment], claims: Sequence[Claim]) -> Table:
    """Return gas and fees of payments and claims."""
    table = Table("transactions", "count", "gas, mean", "L1 fee, wei", f"all fees, {OPEN.symbol}",
                  box=box.SIMPLE)  # fmt: skip
    table.add_row(
        "payments",
        str(len(payments)),
        f"{sum(item.gas_used for item in payments) // max(1, len(payments)):,}",
        f"{sum(item.l1_fee for item in payments):,}",
        whole_units(sum(item.total_fee for item in payments)),
    )
    table.add_row(
        "claims",
        str(len(claims)),
        f"{sum(item.gas_used for item in claims) // max(1, len(claims)):,}",
        f"{sum(item.l1_fee for item in claims):,}",
        whole_units(sum(item.total_fee for item in claims)),
    )
    return table
