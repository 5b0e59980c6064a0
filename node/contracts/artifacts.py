"""Built contracts, as they are shipped: ABI and code by name.

`artifacts/NAME.json` is written by `python -m byline.node.contracts.build`; nothing here
needs a compiler.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


class UnknownContract(LookupError):
    """No contract of that name is built; the message offers the nearest names."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A contract as its compiler left it."""

    name: str
    source: str
    """Path of the source below `node/contracts`."""
    abi: tuple[Mapping[str, Any], ...]
    """Functions, events and errors in the form of the Solidity ABI specification."""
    bytecode: bytes
    """Creation code, without constructor arguments."""
    runtime: bytes
    """The code of the account afterwards, if the constructor sets no immutables."""
    storage: Mapping[str, int]
    """Slot of each storage variable of Vyper sources, by name; empty for assembled ones."""


def names() -> tuple[str, ...]:
    """Return the names of all built contracts, sorted."""
    folder = files("byline.node.contracts") / "artifacts"
    return tuple(
        sorted(
            entry.name.removesuffix(".json")
            for entry in folder.iterdir()
            if entry.name.endswith(".json")
        )
    )


@cache
def load(name: str) -> Artifact:
    """Return the contract called `name`.

    Raises `UnknownContract` if there is none.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names())}"
        raise UnknownContract(f"no contract {name!r}; {hint}")
    path = files("byline.node.contracts") / "artifacts" / f"{name}.json"
    return _read(json.loads(path.read_text("utf-8")))


def _read(document: Mapping[str, Any]) -> Artifact:
    return Artifact(
        name=document["contractName"],
        source=document["source"],
        abi=tuple(document["abi"]),
        bytecode=bytes.fromhex(document["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(document["runtime"].removeprefix("0x")),
        storage=document["storage"],
    )
