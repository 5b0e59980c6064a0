"""What there is to tell, and the lines that tell it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.transition import Applied
from byline.node.messages.console import console_text
from byline.node.messages.visible import ELLIPSIS, hexed, visible
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import CallRequest

TRANSACTIONS: Final = logging.getLogger("byline.tx")
"""A line for each transaction."""
CALLS: Final = logging.getLogger("byline.call")
"""A line for each call that failed or wrote to the console."""
CONSOLE: Final = logging.getLogger("byline.console")
"""What contracts write, below the line of their transaction or call."""

MOST_CONSOLE_LINES: Final = 100
"""Of one transaction or call."""
MOST_CONSOLE_TEXT: Final = 10_000
"""Characters of one console line."""
INDENT: Final = "    "
COIN: Final = 10**18
"""Wei."""
FEW: Final = 10**9
"""Wei that are shown as such, below it."""
SIGNIFICANT: Final = 3
"""Digits of a fee in text."""


@dataclass(frozen=True, slots=True)
class MinedBlock:
    """A block with what became of its transactions."""

    chain: ChainName
    block: Block
    receipts: Sequence[Receipt]
    noted: Mapping[int, Applied]
    """See `ExecutedBlock.noted`."""


@dataclass(frozen=True, slots=True)
class TriedCall:
    """A call or an estimate that failed or wrote to the console."""

    chain: ChainName
    method: str
    request: CallRequest
    header: Header
    """Of the block on whose state it ran."""
    failure: Exception | None
    console: ConsoleCalls | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log."""

    logger: logging.Logger
    level: int
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    """For logs in JSON."""

    def write(self) -> None:
        """Hand it to the log."""
        if self.logger.isEnabledFor(self.level):
            self.logger.log(self.level, "%s", self.text, extra={"fields": self.fields})


def console_lines(calls: ConsoleCalls | None, fields: Mapping[str, Any]) -> list[Line]:
    """Return the lines that contracts wrote; `fields` say where."""
    if calls is None:
        return []
    shown = [_console_line(data, fields) for data in calls.data[:MOST_CONSOLE_LINES]]
    more = len(calls.data) + calls.dropped - len(shown)
    if more:
        text = f"{INDENT}{ELLIPSIS} and {more:,} more console lines"
        shown.append(Line(CONSOLE, logging.INFO, text, {**fields, "dropped": more}))
    return shown


def _console_line(data: bytes, fields: Mapping[str, Any]) -> Line:
    found = console_text(data)
    text = hexed(data, 64) if found is None else found
    # The next line of such a text is indented, so that it cannot pass for one of the log.
    parts = [visible(part, MOST_CONSOLE_TEXT) for part in text.split("\n")]
    below = "\n" + INDENT + " " * len("console.log: ")
    message = f"{INDENT}console.log: {below.join(parts)}"
    return Line(CONSOLE, logging.INFO, message, {**fields, "console": text})


def amount(wei: int, symbol: str) -> str:
    """Return wei in whole coins, exactly; few of them as such."""
    if 0 < wei < FEW:
        return f"{wei} wei"
    whole, rest = divmod(wei, COIN)
    decimals = f".{rest:018}".rstrip("0") if rest else ""
    return f"{whole}{decimals} {symbol}"


def about(wei: int, symbol: str) -> str:
    """Return wei in whole coins, to three significant digits."""
    digits = len(str(wei))
    step = 10 ** max(0, min(digits, 18) - SIGNIFICANT)
    return amount(wei // step * step, symbol)
