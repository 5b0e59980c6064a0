"""Reads fixtures: the JSON of ethereum/tests and of the execution spec tests, two formats.

A file holds tests by name; a state test holds cases by fork, a blockchain test is one case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from byline.node.chain.genesis_account import GenesisAccount

KINDS: Final = {"state": ("env", "pre", "post"), "blocks": ("blocks", "genesisRLP", "pre")}
"""The members by which a format is told from others."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One test of a file."""

    file: str
    """Path below the folder that is searched."""
    name: str
    kind: str
    """A key of `KINDS`."""
    document: dict[str, Any]


def files(folder: Path) -> list[Path]:
    """Return every JSON file below `folder`, in order; hidden folders hold no tests."""
    found = folder.rglob("*.json") if folder.is_dir() else [folder]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))


def fixtures(path: Path, folder: Path) -> Iterator[Fixture]:
    """Yield the tests of a file whose format is known here."""
    document = orjson.loads(path.read_bytes())
    file = str(path.relative_to(folder)) if folder.is_dir() else path.name
    for name, test in document.items() if isinstance(document, dict) else ():
        for kind, members in KINDS.items():
            if isinstance(test, dict) and all(member in test for member in members):
                yield Fixture(file, name, kind, test)


def data(text: str) -> bytes:
    """Return the bytes of a hex string."""
    return bytes.fromhex(text.removeprefix("0x"))


def number(value: str | int) -> int:
    """Return a number that is written in hex, or in decimal by old fixtures."""
    return value if isinstance(value, int) else int(value, 16 if value[:2] == "0x" else 10)


def allocation(pre: dict[str, Any]) -> dict[bytes, GenesisAccount]:
    """Return the accounts of a fixture."""
    return {
        data(address): GenesisAccount(
            balance=number(account["balance"]),
            nonce=number(account["nonce"]),
            code=data(account["code"]),
            storage={number(slot): number(word) for slot, word in account["storage"].items()},
        )
        for address, account in pre.items()
    }
