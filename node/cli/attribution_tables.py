"""What `attribution_*` of a node says, as tables for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from byline.node.attribution.amounts import in_whole
from byline.node.cli.running import run_to_end
from byline.node.client import CallFailed, RpcClient
from byline.node.errors import NodeError

Answer = Mapping[str, Any]
WIDE: Final = 170
"""Columns where the output is no terminal, so that rows stay in one line."""
_NO_METHOD: Final = -32601
MOST_QUOTED: Final = 60
"""Characters of a text."""


def add_node(parser: argparse.ArgumentParser) -> None:
    """Add where the node is."""
    parser.add_argument(
        "--l2", metavar="URL", default="http://127.0.0.1:9545", help="JSON-RPC of the L2"
    )


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add which record is meant, and where the node is."""
    parser.add_argument("batch", type=int, metavar="BATCH", help="the batch's number, from 1")
    parser.add_argument("index", type=int, metavar="INDEX", help="the record's, from 0")
    add_node(parser)


def ask_and_show(
    url: str,
    method: str,
    parameters: Sequence[int],
    show: Callable[[Answer], Iterable[RenderableType]],
    status: Callable[[Answer], int] = lambda _: 0,
) -> int:
    """Ask a node and print what it says; `status` is the command's, 2 where there is no answer."""

    async def work() -> int:
        async with RpcClient(url) as client:
            try:
                answer: Answer = await client.call(method, *parameters)
            except CallFailed as failed:
                if failed.code != _NO_METHOD:
                    raise
                raise NodeError(
                    f"{url} has no {method}: ask the L2 of a Byline node whose genesis has the "
                    "attribution contracts"
                ) from failed
        console = Console(highlight=False, markup=False, soft_wrap=True)
        if not console.is_terminal:
            console.width = WIDE
        for part in show(answer):
            console.print(part)
        return status(answer)

    return run_to_end(work())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; columns whose name ends with > stand to the right."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        right = name.endswith(">")
        justify: Literal["left", "right"] = "right" if right else "left"
        # Never shortened: half an address or an amount is none.
        made.add_column(name.removesuffix(">"), justify=justify, overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def listing(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Return names and values."""
    made = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None
    )
    for name, value in rows:
        made.add_row(Text(name), Text(value))
    return made


def number(quantity: str | None) -> str:
    """Return a quantity in decimal digits, a dash for nothing."""
    return "-" if quantity is None else str(int(quantity, 16))


def coins(quantity: str | None) -> str:
    """Return wei in whole coins of 18 decimals, exactly; a dash for nothing."""
    return "-" if quantity is None else in_whole(int(quantity, 16))


def quoted(text: str | None) -> str:
    """Return a strange text in few characters, none of which a terminal obeys."""
    if text is None:
        return "(its words are not held)"
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:MOST_QUOTED])
    return shown + ("..." if len(text) > MOST_QUOTED else "")
