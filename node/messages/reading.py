"""Calls and failures in words, by what is known of contracts.  Nothing here raises."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from byline.node.messages.abi import Contract, Signature
from byline.node.messages.book import Account, Book
from byline.node.messages.values import (
    NotDecoded,
    arguments_json,
    arguments_text,
    decoded,
)
from byline.node.messages.visible import hexed, visible
from byline.rpc.errors import PANICS

LOG = logging.getLogger("byline.messages")

MOST_NAME: Final = 80
"""Characters of a name that an ABI gives."""
MOST_REASON: Final = 500
"""Characters of the text of a revert."""
MOST_RAW: Final = 32
"""Bytes that are shown of data which nobody can read."""
MOST_CHOICES: Final = 3
"""Signatures with one selector that are named."""
ERROR: Final = Signature("Error", ("string",), ("",))
ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")


@dataclass(frozen=True, slots=True)
class ReadCall:
    """What a call asks for."""

    text: str
    """`Token.transfer(to=0x..., amount=1e18)`."""
    contract: str | None = None
    function: str | None = None
    """The signature, where it is known for sure."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """For JSON."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads with a book.  One thread uses it."""

    book: Book

    def call(self, to: bytes, data: bytes, account: Account) -> ReadCall:
        """Read call data for the contract at `to`."""
        try:
            return self._call(self.book.contract(to, account), data)
        except Exception:  # a name less is no reason to say nothing
            LOG.debug("cannot read a call of 0x%s", to.hex(), exc_info=True)
            return ReadCall(_raw(data))

    def _call(self, contract: Contract | None, data: bytes) -> ReadCall:
        name = None if contract is None else visible(contract.name, MOST_NAME)
        before = f"{name}." if name else ""
        own = contract.functions.get(data[:4]) if contract else None
        known = [own] if own else self.book.functions(data[:4])
        if len(data) < 4 or not known:
            return ReadCall(f"{before}{_raw(data)}", name)
        if len(known) > 1:
            return ReadCall(f"{before}{_ambiguous(known, data)}", name)
        signature = known[0]
        shown = visible(signature.name, MOST_NAME)
        try:
            values = decoded(signature, data[4:])
        except NotDecoded:
            text = f"{before}{shown}({len(data) - 4:,} bytes)"
            return ReadCall(text, name, visible(signature.text, MOST_REASON))
        return ReadCall(
            f"{before}{shown}({arguments_text(signature, values)})",
            name,
            visible(signature.text, MOST_REASON),
            arguments_json(signature, values),
        )

    def name_at(self, address: bytes, account: Account) -> str | None:
        """Return what the contract at `address` is called, where that is known."""
        try:
            contract = self.book.contract(address, account)
        except Exception:
            LOG.debug("cannot read the code of 0x%s", address.hex(), exc_info=True)
            return None
        return None if contract is None else visible(contract.name, MOST_NAME)

    def failure(self, output: bytes, error: str | None, *, reverted: bool) -> str:
        """Return why a call failed, from what it returned or from how it halted."""
        if not reverted:
            return visible(error or "execution failed", MOST_REASON)
        try:
            return self._reverted(output)
        except Exception:
            LOG.debug("cannot read the data of a revert", exc_info=True)
            return f"reverted: {_raw(output)}"

    def _reverted(self, output: bytes) -> str:
        if not output:
            return "reverted without a reason"
        if output[:4] == ERROR_SELECTOR:
            try:
                return f"reverted: {visible(str(decoded(ERROR, output[4:])[0]), MOST_REASON)}"
            except NotDecoded:
                return f"reverted: {_raw(output)}"
        if output[:4] == PANIC_SELECTOR and len(output) >= 36:
            code = int.from_bytes(output[4:36], "big")
            return f"reverted: Panic({code:#04x}): {PANICS.get(code, 'unknown panic code')}"
        return f"reverted: {self._custom(output)}"

    def _custom(self, output: bytes) -> str:
        known = self.book.errors(output[:4])
        if not known or len(output) < 4:
            return f"error {_raw(output)}"
        if len(known) > 1:
            return _ambiguous(known, output)
        shown = visible(known[0].name, MOST_NAME)
        try:
            values = decoded(known[0], output[4:])
        except NotDecoded:
            return f"{shown}({len(output) - 4:,} bytes)"
        return f"{shown}({arguments_text(known[0], values)})"


def _ambiguous(known: Sequence[Signature], data: bytes) -> str:
    """Name a selector that several have, or only the function where all call it the same."""
    names = sorted({visible(item.text, MOST_NAME) for item in known})[:MOST_CHOICES]
    return f"{_raw(data)} ({' or '.join(names)})"


def _raw(data: bytes) -> str:
    if len(data) <= 4:
        return hexed(data, MOST_RAW)
    return f"{hexed(data[:4], 4)}({hexed(data[4:], MOST_RAW)})"
