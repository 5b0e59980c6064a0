"""A line for each transaction of a block, and for calls that failed.

L2 #12  0x1234..abcd  Token.transfer(to=0x.., amount=1.5e18)  from 0xf39F..2266  ok  51,234 gas
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.constants import DEPOSITOR_ACCOUNT, L1_BLOCK
from byline.derivation.dev_edits import EDITOR
from byline.derivation.fees import L1FeeParameters, l1_data_fee
from byline.derivation.header import Header
from byline.derivation.l1_info import l1_info_of
from byline.derivation.transaction import AnyTransaction, DepositTransaction, Transaction
from byline.node.backend.receipts import l1_fee_parameters
from byline.node.chain.impersonated import is_impersonated
from byline.node.contracts.gas_token import read_gas_token
from byline.node.crossings.events import deposits
from byline.node.evm.accounts import created_address
from byline.node.evm.console import CONSOLE
from byline.node.evm.machine import Machine
from byline.node.l1 import dev_control
from byline.node.messages.book import Account
from byline.node.messages.lines import (
    CALLS,
    TRANSACTIONS,
    Line,
    MinedBlock,
    TriedCall,
    about,
    amount,
    console_lines,
)
from byline.node.messages.reading import ReadCall, Reader
from byline.node.messages.visible import ELLIPSIS, brief, checksum, visible
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import ChainName, Rollup
from byline.rpc.backend import Reverted

MOST_LINES: Final = 20
"""Transactions of one block that have a line; what is beyond is counted."""
MOST_SYMBOL: Final = 16
GAP: Final = "  "

USER: Final = "transaction"
DEPOSIT: Final = "deposit"
IMPERSONATED: Final = "impersonated"
SYSTEM: Final = "system"
EDIT: Final = "edit"
LEVELS: Final = {
    USER: logging.INFO,
    DEPOSIT: logging.INFO,
    IMPERSONATED: logging.INFO,
    SYSTEM: logging.DEBUG,
    EDIT: logging.DEBUG,
}
"""From which level on the kinds of transactions are told."""
SYSTEM_SENDERS: Final = (DEPOSITOR_ACCOUNT, bytes(20))
UPGRADERS: Final = bytes.fromhex("4210")
"""How the senders of upgrade transactions begin (OP Stack specs, derivation, "network upgrade
automation transactions")."""


@dataclass(frozen=True, slots=True)
class Told:
    """A transaction and what a line says of it."""

    mined: MinedBlock
    index: int
    kind: str
    fees: L1FeeParameters | None

    @property
    def transaction(self) -> AnyTransaction:
        """The transaction."""
        return self.mined.block.transactions[self.index]

    @property
    def gas_used(self) -> int:
        """By this transaction alone."""
        receipts, index = self.mined.receipts, self.index
        before = receipts[index - 1].cumulative_gas_used if index else 0
        return receipts[index].cumulative_gas_used - before

    @property
    def created(self) -> bytes | None:
        """The contract that a creation left behind."""
        tx, receipt = self.transaction, self.mined.receipts[self.index]
        if tx.to is not None or not receipt.succeeded:
            return None
        nonce = tx.nonce if isinstance(tx, Transaction) else receipt.deposit_nonce or 0
        return created_address(tx.sender, nonce)


class Narrator:
    """Makes lines of what happens on both chains.  One thread uses it."""

    def __init__(self, rollup: Rollup, reader: Callable[[], Reader]) -> None:
        """Begin; `reader` is asked for when something is to be read for the first time."""
        self._rollup = rollup
        self._reader = functools.cache(reader)
        self._symbol = functools.cache(self._read_symbol)

    # -- blocks -----------------------------------------------------------------------

    def block(self, mined: MinedBlock) -> Iterator[Line]:
        """Yield the lines for a block."""
        kinds = self._kinds(mined)
        whole = TRANSACTIONS.isEnabledFor(logging.DEBUG)
        lowest = logging.DEBUG if whole else logging.INFO
        wanted = [index for index, kind in enumerate(kinds) if LEVELS[kind] >= lowest]
        if not wanted:
            return
        config = self._rollup.engine.config
        fees = l1_fee_parameters(mined.block, config) if mined.chain == "l2" else None
        account = self._account(mined.chain, mined.block.header)
        for index in wanted[:MOST_LINES]:
            yield from self._transaction(Told(mined, index, kinds[index], fees), account, whole)
        rest = wanted[MOST_LINES:]
        if rest:
            yield _summary(mined, rest)

    def _kinds(self, mined: MinedBlock) -> list[str]:
        transactions = mined.block.transactions
        if mined.chain == "l1":
            return [self._l1_kind(tx) for tx in transactions]
        kinds = [USER] * len(transactions)
        users = self._deposits(mined)
        for index, tx in enumerate(transactions):
            if not isinstance(tx, DepositTransaction):
                break
            kinds[index] = DEPOSIT if index in users else _forced_kind(tx)
        return kinds

    def _l1_kind(self, tx: AnyTransaction) -> str:
        if self._is_own(tx):
            return SYSTEM
        return IMPERSONATED if is_impersonated(tx) else USER

    def _is_own(self, tx: AnyTransaction) -> bool:
        """Tell whether the node itself sent a transaction of the L1: batches, proposals, ..."""
        rollup = self._rollup
        return isinstance(tx, Transaction) and (
            rollup.batcher.is_inbox(tx)
            or (isinstance(rollup, LocalRollup) and rollup.keeper.is_own(tx))
            or dev_control.is_ours(tx, rollup.engine.config.dev_control)
        )

    def _deposits(self, mined: MinedBlock) -> set[int]:
        """Return the places of users' deposits in an L2 block."""
        block = mined.block
        if len(block.transactions) < 2 or not isinstance(
            block.transactions[1], DepositTransaction
        ):
            return set()
        origin = self._rollup.l1.block(l1_info_of(block).number)
        if origin is None:
            return set()
        portal = self._rollup.engine.config.deposit_contract
        return {item.index for item in deposits(block, mined.receipts, origin, portal)}

    def _transaction(self, told: Told, account: Account, whole: bool) -> Iterator[Line]:
        tx, mined = told.transaction, told.mined
        receipt, applied = mined.receipts[told.index], mined.noted.get(told.index)
        what = self._what(told, account, whole)
        where = {"chain": mined.chain, "block": mined.block.number, "hash": f"0x{tx.hash.hex()}"}
        fields: dict[str, Any] = {
            **where,
            "index": told.index,
            "kind": told.kind,
            **_call_fields(tx.sender, tx.to, tx.value, what),
            "status": "ok" if receipt.succeeded else "failed",
            "gas": told.gas_used,
        }
        kind = "" if told.kind == USER else told.kind + GAP
        parts = [
            f"{mined.chain.upper()} #{mined.block.number}",
            brief(tx.hash, whole=whole),
            f"{kind}{what.text}",
            f"from {_address(tx.sender, whole)}",
            "ok" if receipt.succeeded else "FAILED",
            f"{told.gas_used:,} gas",
        ]
        if isinstance(tx, Transaction) and told.fees is not None:
            fee = l1_data_fee(tx.raw, told.fees)
            fields["l1_fee"] = str(fee)
            parts.append(f"l1 fee {about(fee, self._symbol(mined.chain))}")
        if told.created is not None:
            fields["created"] = checksum(told.created)
        if not receipt.succeeded and applied is not None:
            fields["error"] = self._reader().failure(
                applied.output, applied.error, reverted=applied.reverted
            )
            parts.append(fields["error"])
        yield Line(TRANSACTIONS, LEVELS[told.kind], GAP.join(parts), fields)
        if applied is not None:
            yield from console_lines(applied.console, where)

    def _what(self, told: Told, account: Account, whole: bool) -> ReadCall:
        """Return what a transaction does, in words."""
        tx, chain = told.transaction, told.mined.chain
        if told.kind == EDIT:
            return ReadCall(f"of the state, {len(tx.data):,} bytes")
        if tx.to is None:
            if told.created is None:
                return ReadCall("new contract" + self._with_value(chain, tx.value))
            name = self._reader().name_at(told.created, account)
            text = f"new {name or 'contract'} at {_address(told.created, whole)}"
            return ReadCall(text + self._with_value(chain, tx.value), name)
        return self._call(chain, tx.to, tx.value, tx.data, account, told.mined.block.header, whole)

    def _call(
        self,
        chain: ChainName,
        to: bytes,
        value: int,
        data: bytes,
        account: Account,
        header: Header,
        whole: bool,
    ) -> ReadCall:
        at = f" to {_address(to, whole)}"
        if not data:
            return ReadCall(f"{amount(value, self._symbol(chain))}{at}")
        read = self._reader().call(to, data, account)
        nobody = "" if self._runs(chain, to, account, header) else " (NO CODE THERE)"
        text = f"{read.text}{self._with_value(chain, value)}{at}{nobody}"
        return ReadCall(text, read.contract, read.function, read.args)

    def _runs(self, chain: ChainName, to: bytes, account: Account, header: Header) -> bool:
        """Tell whether a call of `to` runs anything."""
        if to == CONSOLE or to in self._rollup.chain(chain).rules.precompiles(header.timestamp):
            return True
        return bool(account.code(to)) or to == self._rollup.engine.config.batch_inbox

    def _with_value(self, chain: ChainName, value: int) -> str:
        return f" with {amount(value, self._symbol(chain))}" if value else ""

    # -- calls ------------------------------------------------------------------------

    def call(self, tried: TriedCall) -> Iterator[Line]:
        """Yield the lines for a call or an estimate."""
        whole = CALLS.isEnabledFor(logging.DEBUG)
        request, sender = tried.request, tried.request.sender or bytes(20)
        account = self._account(tried.chain, tried.header)
        if request.to is None:
            what = ReadCall("new contract" + self._with_value(tried.chain, request.value))
        else:
            what = self._call(
                tried.chain,
                request.to,
                request.value,
                request.data,
                account,
                tried.header,
                whole,
            )
        where = {"chain": tried.chain, "block": tried.header.number, "method": tried.method}
        fields: dict[str, Any] = {
            **where,
            **_call_fields(sender, request.to, request.value, what),
            "status": "ok" if tried.failure is None else "failed",
        }
        parts = [
            f"{tried.chain.upper()} {tried.method}",
            what.text,
            f"from {_address(sender, whole)}",
        ]
        if tried.failure is None:
            parts.append("ok")
        else:
            fields["error"] = self._failure(tried.failure)
            parts += ["FAILED", fields["error"]]
        yield Line(CALLS, logging.INFO, GAP.join(parts), fields)
        yield from console_lines(tried.console, where)

    def _failure(self, failure: Exception) -> str:
        if isinstance(failure, Reverted):
            return self._reader().failure(failure.output, None, reverted=True)
        return self._reader().failure(b"", str(failure), reverted=False)

    # -- the chains -------------------------------------------------------------------

    def _account(self, name: ChainName, header: Header) -> Account:
        """Return how accounts are read after a block; the state is opened when it is needed."""
        opened: list[Machine] = []

        def machine() -> Machine:
            if not opened:
                opened.append(self._rollup.chain(name).machine(header))
            return opened[0]

        return Account(
            name,
            lambda address: machine().code(address),
            lambda address, slot: machine().storage(address, slot),
        )

    def _read_symbol(self, name: ChainName) -> str:
        """Return what pays for gas on a chain."""
        if name == "l1":
            return "ETH"
        chain = self._rollup.chain(name)
        machine = chain.machine(chain.head)
        token = read_gas_token(lambda slot: machine.storage(L1_BLOCK, slot))
        return visible(token.symbol, MOST_SYMBOL)


def _forced_kind(tx: DepositTransaction) -> str:
    """Return the kind of a deposit that no user made."""
    if tx.sender == EDITOR:
        return EDIT
    if tx.sender in SYSTEM_SENDERS or tx.sender.startswith(UPGRADERS):
        return SYSTEM
    return IMPERSONATED


def _call_fields(sender: bytes, to: bytes | None, value: int, what: ReadCall) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "from": checksum(sender),
        "to": None if to is None else checksum(to),
        "value": str(value),
    }
    if what.contract is not None:
        fields["contract"] = what.contract
    if what.function is not None:
        fields.update(function=what.function, args=what.args)
    return fields


def _address(address: bytes, whole: bool) -> str:
    text = checksum(address)
    return text if whole else f"{text[:6]}..{text[-4:]}"


def _summary(mined: MinedBlock, rest: list[int]) -> Line:
    failed = sum(not mined.receipts[index].succeeded for index in rest)
    place = f"{mined.chain.upper()} #{mined.block.number}"
    text = f"{place}{GAP}{ELLIPSIS} and {len(rest):,} more transactions, {failed:,} of them FAILED"
    fields = {
        "chain": mined.chain,
        "block": mined.block.number,
        "more": len(rest),
        "failed": failed,
    }
    return Line(TRANSACTIONS, logging.INFO, text, fields)
