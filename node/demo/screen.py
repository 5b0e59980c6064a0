"""What the demo shows: tables and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node.contracts.gas_token import OPEN
from byline.node.demo.books import Line
from byline.node.demo.chain import Cost
from byline.node.demo.demand import Demand
from byline.node.demo.explaining import Explanation
from byline.node.demo.people import short
from byline.node.demo.truth import Fidelity
from byline.node.hexes import checksum

MARGIN: Final = 9
"""Columns of the heading of a line."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to settle, and what it took."""

    name: str
    answers: int
    recipients: int
    recording: Cost
    settling: Cost
    claiming: Cost
    pot: int
    """Wei that came to contributors by it."""

    @property
    def all(self) -> Cost:
        """Everything."""
        return self.recording + self.settling + self.claiming


@dataclass(frozen=True, slots=True)
class Earned:
    """What one contributor got by each way."""

    name: str
    address: bytes
    answers: int
    """Of the adapter, that it was paid for."""
    by_way: Mapping[str, int]
    """Wei."""
    gas_paid: int
    """Wei of fees for its claims, or what a sponsor kept."""

    @property
    def all(self) -> int:
        """Wei by all ways."""
        return sum(self.by_way.values())


def whole_units(wei: int) -> str:
    """Return wei in units of 10**18, to the last digit."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".")


def say(console: Console, heading: str, text: str) -> None:
    """Print a line under a short heading; the text is shown as it is."""
    console.print(f"[bold]{heading:<{MARGIN}}[/bold] ", end="")
    console.print(text, markup=False)


def shortened(text: str, most: int) -> str:
    """Return `text` on one line, cut to `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 2] + ".."


def percent(part: Fraction) -> str:
    """Return a ratio in percent, with one digit."""
    return f"{float(100 * part):.1f} %"


def fidelity_line(found: Fidelity) -> str:
    """Return what the attribution found of the truth."""
    return (
        f"{percent(found.precision)} of the weight went to the owners the model had the words "
        f"from; {percent(found.coverage)} of {found.tokens:,} tokens lie in {found.spans} spans; "
        f"the owners of {percent(found.recall)} were found"
    )


def way_table(ways: Sequence[Way]) -> Table:
    """Return what each way to settle took for the same list of payouts."""
    table = Table(box=box.SIMPLE)
    table.add_column("settled by", no_wrap=True)
    columns = (
        "answers", "paid", "txs", "gas: record", "settle", "claims", "gas an answer",
        "L1 fee, wei", f"all fees, {OPEN.symbol}", f"to contributors, {OPEN.symbol}",
    )  # fmt: skip
    for name in columns:
        table.add_column(name, justify="right")
    for way in ways:
        table.add_row(
            way.name,
            str(way.answers),
            str(way.recipients),
            str(way.all.transactions),
            f"{way.recording.gas:,}",
            f"{way.settling.gas:,}",
            f"{way.claiming.gas:,}" if way.claiming.transactions else "-",
            f"{way.all.gas // way.answers:,}",
            f"{way.all.l1_fee:,}",
            f"{way.all.fees / 10**18:.9f}",
            f"{way.pot / 10**18:.9f}",
        )
    return table


def earned_table(earned: Sequence[Earned], main: str) -> Table:
    """Return who got how much of the way `main` and of all others, with sums."""
    table = Table(box=box.SIMPLE, show_footer=True)
    for name in ("contributor", "address"):
        table.add_column(name, no_wrap=True)
    for name in ("answers", f"{main}, wei", "comparison and base, wei", "fees of claims, wei"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = [(one.by_way[main], one.all - one.by_way[main], one.gas_paid) for one in earned]
    for one, figures in zip(earned, rows, strict=True):
        table.add_row(
            short(one.name),
            checksum(one.address),
            str(one.answers),
            *(f"{figure:,}" for figure in figures),
        )
    table.columns[0].footer = "sum"
    for at, figures in enumerate(zip(*rows, strict=True), 3):
        table.columns[at].footer = f"{sum(figures):,}"
    return table


def demand_lines(found: Demand) -> list[str]:
    """Return each term of the demand for a model."""
    external = Fraction(found.external_fees, max(1, found.fees))
    return [
        f"{found.records} answers for {whole_units(found.fees)} {OPEN.symbol} by {found.payers} "
        f"payers, {found.returning} of whom came back with another question",
        f"noise: {len(found.noise)} answers; {len(found.linked)} paid by whom they pay, "
        f"{len(found.repeated)} asked again by the same payer",
        f"score {float(found.score):.3f} = external fees {float(external):.3f} x repeat factor "
        f"{float((1 + Fraction(found.returning, max(1, found.payers))) / 2):.3f} x (1 - "
        f"concentration {float(found.concentration):.3f})",
    ]


def show_explanation(console: Console, found: Explanation) -> None:
    """Print a record down to the wei."""
    signed = found.signed
    say(console, "explain", f"answer {found.index} of batch {found.batch}: "
        f"{signed.answer.query.question}")  # fmt: skip
    console.print(
        f"{'':10}{shortened(signed.answer.written.text, 400)}", style="dim", markup=False
    )
    table = Table(box=box.SIMPLE)
    for name in ("words", "tokens", "times", "text", "contributor"):
        table.add_column(name, justify="right" if name in ("tokens", "times") else "left")
    table.add_column("bits", justify="right")
    for place in found.places:
        table.add_row(
            shortened(place.words, 60),
            str(place.tokens),
            str(place.times),
            shortened(place.title, 40),
            short(place.contributor),
            f"{float(place.weight):.1f}",
        )
    console.print(table)
    for share in found.shares:
        console.print(
            f"{'':10}{short(share.contributor)}: {share.points:,} of {found.units:,} points of "
            f"this answer; {share.batch_points:,} of {found.batch_units:,} of the batch = "
            f"{share.wei:,} of {found.pot:,} wei",
            markup=False,
        )


def show_books(console: Console, lines: Sequence[Line]) -> None:
    """Print both sides of every balance, and whether they agree."""
    for line in lines:
        verdict = "[green]=[/green]" if line.whole else "[bold red]DIFFERS FROM[/bold red]"
        console.print(f"{'':10}{line.words}: {line.left:,} {verdict} {line.right:,} wei")
