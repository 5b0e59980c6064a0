"""What a contract offers to others, as its interface files say it in two languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument, a result, a member of a struct or of an event."""

    name: str
    """Empty where none was given, as for most results."""
    solidity: str
    """Its type as Solidity names it, without data location."""
    vyper: str
    """Its type as Vyper names it, with the bounds that Vyper needs."""
    indexed: bool = False
    """Of an event's member: whether it is a topic."""


@dataclass(frozen=True, slots=True)
class Member:
    """A function, an event or an error."""

    name: str
    notice: str
    """One or more sentences for people; no line breaks."""
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...] = ()
    """Of a function only."""
    mutability: str = ""
    """Of a function only: payable, nonpayable, view or pure."""


@dataclass(frozen=True, slots=True)
class Struct:
    """A type of several members that functions take or return."""

    name: str
    members: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """All that one contract offers, each list in the order of its source."""

    name: str
    """The contract's; Solidity's interface has an I before it."""
    notice: str
    remarks: tuple[str, ...]
    """What callers must know besides."""
    vyper_remarks: tuple[str, ...]
    """What callers in Vyper must know besides."""
    structs: tuple[Struct, ...]
    functions: tuple[Member, ...]
    events: tuple[Member, ...]
    errors: tuple[Member, ...]


def sentence(name: str) -> str:
    """Return a name in camel case as a sentence: `TooManyLabels` says "Too many labels."."""
    words = _WORD_BEGINS.sub(" ", name).split()
    return " ".join([words[0], *(word.lower() for word in words[1:])]) + "."
