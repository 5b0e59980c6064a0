"""Tells the log of deposits and withdrawals, a bounded number of lines for each block."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from byline.derivation.block import Block
from byline.derivation.constants import L1_BLOCK
from byline.derivation.hashing import keccak256
from byline.derivation.l1_info import l1_info_of
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import AnyTransaction
from byline.node.chain.calls import call
from byline.node.crossings.events import (
    Deposit,
    begins_with_deposits,
    deposits,
    portal_events,
    withdrawals,
)
from byline.node.crossings.words import MOST_SYMBOL, deposit_line, safe, why, withdrawal_line
from byline.node.l2.engine import input_of
from byline.node.rollups.rollup import Rollup
from byline.rpc.backend import CallRequest, Halted, Reverted

LOG = logging.getLogger("byline.bridge")

MOST_LINES: Final = 10
"""Lines for one block; what is beyond is counted."""
ETHER: Final = "ETH"
SYMBOL_GAS: Final = 1_000_000
SYMBOL_CALL: Final = keccak256(b"gasPayingTokenSymbol()")[:4]

_Found: TypeAlias = tuple[list[str], int]
"""The lines for a block, and how many there would be without a bound."""


class Teller:
    """Reads blocks as they come and writes what crosses between the chains at level info.

    Not thread-safe: it reads the rollup on the thread that writes it.
    """

    def __init__(self, rollup: Rollup) -> None:
        self._rollup = rollup
        self._portal = rollup.engine.config.deposit_contract
        self._known_symbol: str | None = None

    def l2_block(self, block: Block, receipts: Sequence[Receipt]) -> None:
        """Tell of the deposits that an L2 block holds, and of the withdrawals begun in it."""
        _tell(f"L2 block {block.number}", lambda: self._in_l2(block, receipts))

    def l1_block(
        self, number: int, transactions: Sequence[AnyTransaction], receipts: Sequence[Receipt]
    ) -> None:
        """Tell of the withdrawals that were proven or finalized in an L1 block."""
        _tell(f"L1 block {number}", lambda: self._in_l1(number, transactions, receipts))

    def _in_l2(self, block: Block, receipts: Sequence[Receipt]) -> _Found:
        arrived = self._deposits(block, receipts) if begins_with_deposits(block) else []
        begun = list(withdrawals(block, receipts))
        shown, count = arrived[:MOST_LINES], len(arrived) + len(begun)
        reasons = self._reasons(block, shown)
        lines = [deposit_line(item, self._symbol, reasons.get(item.index)) for item in shown]
        room = MOST_LINES - len(lines)
        return lines + [withdrawal_line(item, self._symbol) for item in begun[:room]], count

    def _in_l1(
        self, number: int, transactions: Sequence[AnyTransaction], receipts: Sequence[Receipt]
    ) -> _Found:
        events = list(portal_events(number, transactions, receipts, self._portal))
        return [withdrawal_line(item, self._symbol) for item in events[:MOST_LINES]], len(events)

    def _deposits(self, block: Block, receipts: Sequence[Receipt]) -> list[Deposit]:
        origin = self._rollup.l1.block(l1_info_of(block).number)
        return [] if origin is None else list(deposits(block, receipts, origin, self._portal))

    def _reasons(self, block: Block, arrived: Sequence[Deposit]) -> dict[int, str]:
        """Return why deposits failed, by index: they are run again, as receipts do not say."""
        failed = [deposit.index for deposit in arrived if deposit.failed]
        chain = self._rollup.engine.chain
        parent = chain.store.header(block.header.parent_hash)
        if not failed or parent is None:
            return {}
        builder = chain.builder(parent, input_of(block.header))
        done = [builder.add(tx) for tx in block.transactions[: failed[-1] + 1]]
        return {
            index: why(done[index].output, done[index].error, reverted=done[index].reverted)
            for index in failed
        }

    @property
    def _symbol(self) -> str:
        """What pays for gas on the L2, by the L1Block predeploy; read once."""
        if self._known_symbol is None:
            chain = self._rollup.engine.chain
            request = CallRequest(to=L1_BLOCK, data=SYMBOL_CALL, gas=SYMBOL_GAS)
            try:
                text = _text(call(chain, chain.head, request, {}))
            except (Halted, Reverted):
                text = ""
            self._known_symbol = safe(text, MOST_SYMBOL) or ETHER
        return self._known_symbol


def _tell(where: str, find: Callable[[], _Found]) -> None:
    if not LOG.isEnabledFor(logging.INFO):
        return
    try:
        lines, count = find()
    except Exception:  # a line less is no reason to stop a chain
        LOG.exception("cannot tell what crossed between the chains in %s", where)
        return
    for line in lines:
        LOG.info("%s", line)
    if count > len(lines):
        LOG.info("... and %d more in %s", count - len(lines), where)


def _text(output: bytes) -> str:
    """Return an ABI-encoded string; empty where there is none."""
    start = int.from_bytes(output[:32], "big") + 32
    length = int.from_bytes(output[start - 32 : start], "big")
    return output[start : start + length].decode("utf-8", "replace")
