"""What the demo shows: tables and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from byline.node.contracts.gas_token import OPEN
from byline.node.demo.books import Line
from byline.node.demo.chain import Cost
from byline.node.demo.desk import Signed
from byline.node.demo.model import Trained
from byline.node.demo.people import short
from byline.node.demo.truth import Fidelity

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
    table = Table(box=box.SIMPLE, collapse_padding=True)
    table.add_column("settled by", no_wrap=True)
    columns = (
        "txs", "gas record", "settle", "claims", "an answer",
        f"fees, {OPEN.symbol}", f"pot, {OPEN.symbol}",
    )  # fmt: skip
    for name in columns:
        table.add_column(name, justify="right")
    for way in ways:
        table.add_row(
            way.name,
            str(way.all.transactions),
            f"{way.recording.gas:,}",
            f"{way.settling.gas:,}",
            f"{way.claiming.gas:,}" if way.claiming.transactions else "-",
            f"{way.all.gas // way.answers:,}",
            f"{way.all.fees / 10**18:.6f}",
            f"{way.pot / 10**18:.8f}",
        )
    return table


def earned_table(earned: Sequence[Earned], main: str) -> Table:
    """Return who got how much of the way `main` and of all others, with sums."""
    table = Table(box=box.SIMPLE, show_footer=True, collapse_padding=True)
    table.add_column("contributor", no_wrap=True)
    for name in ("answers", f"{main}, wei", "comparison, base, wei", "fees of claims, wei"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = [(one.by_way[main], one.all - one.by_way[main], one.gas_paid) for one in earned]
    for one, figures in zip(earned, rows, strict=True):
        table.add_row(
            short(one.name),
            str(one.answers),
            *(f"{figure:,}" for figure in figures),
        )
    table.columns[0].footer = "sum"
    for at, figures in enumerate(zip(*rows, strict=True), 2):
        table.columns[at].footer = f"{sum(figures):,}"
    return table


def demand_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the main terms of `attribution_metrics`."""
    payers, noise, demand = found["payers"], found["noise"], found["demand"]
    return [
        f"{found['answers']} answers for {whole_units(int(found['fees'], 16))} {OPEN.symbol} by "
        f"{payers['unique']} payers, {_ratio(payers['repeatShare'])} of whom came back; "
        f"{_ratio(found['circularity']['ratio'])} of the fees went back to those who paid them",
        f"noise: {noise['answers']} answers; "
        + ", ".join(sorted({rule for one in noise["listed"] for rule in one["rules"]})),
        f"score {_ratio(demand['score'])} = external share {_ratio(demand['externalShare'])} x "
        f"repeat factor {_ratio(demand['repeatFactor'])} x (1 - concentration "
        f"{_ratio(demand['hhi'])})",
    ]


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def show_explanation(
    console: Console, trained: Trained, signed: Signed, found: Mapping[str, Any]
) -> None:
    """Print what `attribution_explain` says of a record, with what was asked and answered."""
    say(console, "explain", signed.answer.query.question)
    console.print(
        f"{'':10}{shortened(signed.answer.written.text, 400)}", style="dim", markup=False
    )
    table = Table(box=box.SIMPLE, collapse_padding=True)
    for name in ("words", "tokens", "times", "text", "contributor"):
        table.add_column(name, justify="right" if name in ("tokens", "times") else "left")
    table.add_column("bits", justify="right")
    for span in found["spans"]:
        for leaf in span["leaves"]:
            table.add_row(
                shortened(leaf["text"], 34),
                str(span["length"]),
                str(span["count"]),
                shortened(trained.text(leaf["dataset"], leaf["document"]).title, 26),
                short(trained.names[bytes.fromhex(leaf["owner"][2:])]),
                f"{int(leaf['weight'], 16) / 2**16:.1f}",
            )
    console.print(table)
    units = sum(int(one["points"], 16) for one in found["points"])
    pot = int(found["settlement"]["pot"], 16)
    for one in found["payouts"]:
        name = trained.names.get(bytes.fromhex(one["owner"][2:]), "builder (fallback)")
        console.print(
            f"{'':10}{short(name)}: {int(one['points'], 16):,} of {units:,} points of this "
            f"answer = {int(one['wei'], 16):,} of {pot:,} wei of its batch, "
            + ("claimed" if one["isClaimed"] else "not claimed"),
            markup=False,
        )


def show_books(console: Console, lines: Sequence[Line]) -> None:
    """Print both sides of every balance, and whether they agree."""
    for line in lines:
        verdict = "[green]=[/green]" if line.whole else "[bold red]DIFFERS FROM[/bold red]"
        console.print(f"{'':10}{line.words}: {line.left:,} {verdict} {line.right:,} wei")
