"""Declarations in one line of text, to entries of a contract ABI.

    error Refused(address caller, uint256)
    event Paid(uint256 indexed id, address indexed to, bytes data)
    function aggregate((address target, bytes data)[] calls) payable returns (uint256 count)
    constructor(address owner)
    receive() payable

Vyper leaves errors that are raised by `raw_revert` out of its ABI, and assembled contracts
have no compiler to write one; both declare theirs in comments in this form.
"""

from __future__ import annotations

import re
from typing import Any, Final

from eth_abi.exceptions import ABITypeError, ParseError
from eth_abi.grammar import parse as parse_type

from byline.derivation.hashing import keccak256

AbiEntry = dict[str, Any]
"""An object of a contract ABI as the Solidity documentation describes it."""

MUTABILITIES: Final = ("payable", "view", "pure")
_NAMED: Final = ("error", "event", "function")
_NAMELESS: Final = ("constructor", "fallback", "receive")
_KINDS: Final = re.compile(r"(address|bool|string|bytes\d*|u?int\d+)\b")
_TOKEN: Final = re.compile(r"\s*([(),]|(?:\[\d*\])+|[A-Za-z_]\w*)")


class DeclarationProblem(ValueError):
    """A declaration that cannot be read; the message quotes it."""


class _Reader:
    """The tokens of one declaration, and how far they have been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        self.position = 0
        end = 0
        stripped = text.rstrip()
        while end < len(stripped):
            match = _TOKEN.match(stripped, end)
            if match is None:
                raise self.problem(f"cannot read {stripped[end:].split()[0]!r}")
            self.tokens.append(match[1])
            end = match.end()

    def problem(self, why: str) -> DeclarationProblem:
        return DeclarationProblem(f"{self.text!r}: {why}")

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if not token or (wanted and token not in wanted):
            expected = " or ".join(repr(want) for want in wanted) or "a word"
            raise self.problem(f"expected {expected}, found {token or 'the end'!r}")
        self.position += 1
        return token

    def accept(self, *wanted: str) -> str:
        return self.take() if self.peek() in wanted else ""


def parse(text: str) -> AbiEntry:
    """Return the ABI entry that `text` declares.

    Raises `DeclarationProblem` for text outside the grammar of this module and for types
    that the ABI does not know.
    """
    reader = _Reader(text)
    kind = reader.take(*_NAMED, *_NAMELESS)
    entry: AbiEntry = {"type": kind}
    if kind in _NAMED:
        entry["name"] = reader.take()
    inputs = _parameters(reader, indexed=kind == "event")
    if kind in ("fallback", "receive"):
        if inputs:
            raise reader.problem(f"{kind} takes no parameters")
    else:
        entry["inputs"] = inputs
    if kind == "event":
        entry["anonymous"] = False
    if kind == "function" or kind in _NAMELESS:
        mutability = reader.accept(*MUTABILITIES) or "nonpayable"
        if kind == "function":
            entry["outputs"] = _parameters(reader) if reader.accept("returns") else []
        entry["stateMutability"] = mutability
    if reader.peek():
        raise reader.problem(f"unexpected {reader.peek()!r}")
    return entry


def _parameters(reader: _Reader, *, indexed: bool = False) -> list[AbiEntry]:
    reader.take("(")
    parameters: list[AbiEntry] = []
    while not reader.accept(")"):
        if parameters:
            reader.take(",")
        parameters.append(_parameter(reader, indexed=indexed))
    return parameters


def _parameter(reader: _Reader, *, indexed: bool) -> AbiEntry:
    components = _parameters(reader) if reader.peek() == "(" else None
    name = "tuple" if components is not None else reader.take()
    suffix = reader.take() if reader.peek().startswith("[") else ""
    parameter: AbiEntry = {"name": "", "type": name + suffix}
    if components is None:
        _check_type(reader, name + suffix)
    else:
        parameter["components"] = components
    if indexed:
        parameter["indexed"] = bool(reader.accept("indexed"))
    if reader.peek() not in (",", ")"):
        parameter["name"] = reader.take()
    return parameter


def _check_type(reader: _Reader, name: str) -> None:
    try:
        parse_type(name).validate()
    except (ABITypeError, ParseError) as exc:
        raise reader.problem(f"{name!r} is no ABI type") from exc
    if not _KINDS.match(name):
        raise reader.problem(f"{name!r} is no ABI type")


def signature(entry: AbiEntry) -> str:
    """Return the canonical signature of a function, event or error: `name(type,...)`."""
    return f"{entry['name']}({','.join(canonical_type(item) for item in entry['inputs'])})"


def canonical_type(parameter: AbiEntry) -> str:
    """Return the type of a parameter in one word: tuples as the types of their fields."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical_type(item) for item in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def selector(entry: AbiEntry) -> bytes:
    """Return the four bytes that begin calldata or error data of `entry`."""
    return keccak256(signature(entry).encode())[:4]
