"""Functions and errors of contracts, as their ABIs declare them.

Source: Solidity documentation, "Contract ABI Specification".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from byline.node.contracts.declarations import parse, selector, signature
from byline.node.messages.code_pattern import CodePattern

_KINDS: Final = ("function", "error")


@dataclass(frozen=True, slots=True)
class Signature:
    """A function or an error."""

    name: str
    types: tuple[str, ...]
    """Canonical; a tuple is written `(uint256,address)`."""
    names: tuple[str, ...]
    """Of the parameters, empty where they have none."""

    @property
    def text(self) -> str:
        """What the selector is the hash of."""
        return f"{self.name}({','.join(self.types)})"


@dataclass(frozen=True, slots=True)
class Contract:
    """What is known of a contract."""

    name: str
    functions: Mapping[bytes, Signature]
    """By selector."""
    errors: Mapping[bytes, Signature]
    pattern: CodePattern | None = field(default=None, repr=False)
    """What its code looks like on a chain, where that is known."""


def contract_of(name: str, abi: Iterable[Any], pattern: CodePattern | None = None) -> Contract:
    """Return a contract from its ABI; entries that are none are left out."""
    found: dict[str, dict[bytes, Signature]] = {kind: {} for kind in _KINDS}
    for entry in abi:
        if isinstance(entry, dict) and entry.get("type", "function") in _KINDS:
            try:
                kind = entry.get("type", "function")
                found[kind][selector(entry)] = _signature(entry)
            except (KeyError, TypeError, AttributeError):
                continue
    return Contract(name, found["function"], found["error"], pattern)


def declared(name: str, declarations: Iterable[str]) -> Contract:
    """Return a contract from lines such as `function transfer(address to, uint256 amount)`."""
    return contract_of(name, (parse(line) for line in declarations))


def _signature(entry: dict[str, Any]) -> Signature:
    text = signature(entry)
    inputs = entry["inputs"]
    return Signature(
        name=str(entry["name"]),
        types=split(text[len(entry["name"]) :]),
        names=tuple(str(item.get("name") or "") for item in inputs),
    )


def split(text: str) -> tuple[str, ...]:
    """Return the types in the parentheses that `text` begins and ends with."""
    found, depth, start = [], 0, 1
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if (letter == "," and depth == 1) or (letter == ")" and depth == 0):
            if at > start:
                found.append(text[start:at])
            start = at + 1
    return tuple(found)
