"""`byline attribution explain`: a recorded answer down to the words that it is paid for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from byline.node.cli.attribution_tables import (
    Answer,
    add_record,
    ask_and_show,
    coins,
    listing,
    number,
    quoted,
    table,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which record is meant."""
    add_record(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it; 2 where the node does not answer, or has no such record."""
    place = (arguments.batch, arguments.index)
    return ask_and_show(arguments.l2, "attribution_explain", place, _show)


def _show(answer: Answer) -> Iterator[RenderableType]:
    batch, record = answer["batch"], answer["record"]
    yield listing(
        f"batch {batch['id']}, {batch['status']}",
        (
            ("model", f"{batch['model']}, recorded by {batch['operator']}"),
            ("payer", record["payer"]),
            (
                "fee",
                coins(record["fee"]) + " coins" + (", refunded" if record["refunded"] else ""),
            ),
            ("tokens", f"{record['tokensIn']} in, {record['tokensOut']} out"),
            ("recorded", f"block {record['block']}, {record['transaction']}"),
            ("evidence", "published" if answer["published"] else "not published"),
        ),
    )
    yield from _spans(answer["spans"])
    yield from _payouts(answer)
    for one in answer["challenges"]:
        taken = coins(one["amount"])
        yield f"challenge   {one['name']} proven by {one['challenger']}, {taken} coins slashed"
    for one in answer["missing"]:
        yield f"missing     {one['what']} {one['hash'] or ''}"


def _spans(spans: list[dict[str, Any]] | None) -> Iterator[RenderableType]:
    if not spans:
        return
    rows = []
    for span in spans:
        said = (f"{span['start']}+{span['length']}", quoted(span["text"]), str(span["count"]))
        for at, leaf in enumerate(span["leaves"]):
            place = f"{leaf['dataset']}:{leaf['pos']}"
            first = said if at == 0 else ("", "", "")
            rows.append((*first, place, leaf["owner"], number(leaf["weight"])))
    columns = ("tokens", "words", "places>", "dataset:at", "owner", "weight>")
    yield table("spans", columns, rows)


def _payouts(answer: Answer) -> Iterator[RenderableType]:
    settlement = answer["settlement"]
    if answer["payouts"]:
        rows = [
            (
                one["owner"],
                number(one["points"]),
                coins(one["wei"]),
                coins(one["batchWei"]),
                _paid(one),
            )
            for one in answer["payouts"]
        ]
        columns = ("owner", "points>", "coins for this>", "for the batch>", "so far")
        yield table("payouts", columns, rows)
    elif answer["points"]:
        rows_ = [(one["owner"], number(one["points"])) for one in answer["points"]]
        yield table("points", ("owner", "points>"), rows_)
    if settlement is not None:
        yield listing(
            f"settlement by {settlement['mode']} and {settlement['method']}, "
            f"{settlement['status']}",
            (
                ("amount", coins(settlement["amount"])),
                ("platform", coins(settlement["platform"])),
                ("model's owner", coins(settlement["toOwner"])),
                ("stakers", coins(settlement["toStakers"])),
                ("ancestors", coins(settlement["toAncestors"])),
                ("carried from before", coins(settlement["carried"])),
                ("contributors", coins(settlement["pot"])),
            ),
        )


def _paid(one: dict[str, Any]) -> str:
    """Return what an owner got of the batch, or may claim."""
    parts = [
        (name, one[key])
        for name, key in (
            ("paid", "paid"),
            ("credited", "credited"),
            ("claimed", "claimed"),
            ("withheld", "withheld"),
        )
        if one[key] is not None and int(one[key], 16)
    ]
    return ", ".join(f"{name} {coins(value)}" for name, value in parts) or "nothing"
