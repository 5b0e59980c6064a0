"""States of both chains in one file: `--state`, `--load-state`, `--dump-state`.

A JSON object with members `l1` and `l2`, each as anvil writes a state (`chain.anvil_state`).  A
file that anvil itself has written is read, too: as a state of the L2.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from byline.node.chain.anvil_state import (
    NotAState,
    read_accounts,
    read_json,
    unpacked,
    write_state,
)
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.errors import ConfigError
from byline.node.rollups.dumping import dump_state, edits_to
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import Refused

CHAINS: Final[tuple[ChainName, ...]] = ("l1", "l2")


def read_file(path: Path) -> dict[ChainName, Mapping[bytes, GenesisAccount]]:
    """Return the accounts in a file, by chain; raises `ConfigError`."""
    try:
        document = read_json(unpacked(path.read_bytes()))
        if isinstance(document, dict) and "accounts" in document:
            return {"l2": read_accounts(document)}
        if not isinstance(document, dict) or not set(document) <= set(CHAINS):
            raise NotAState("want a state as anvil writes it, or an object with l1 and l2")
        return {name: read_accounts(document[name]) for name in CHAINS if name in document}
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{path}: no state to load: {exc}") from exc


def load_file(rollup: LocalRollup, path: Path) -> None:
    """Set what a file says on both chains; raises `ConfigError`."""
    for name, accounts in read_file(path).items():
        try:
            for edits in tuple(edits_to(rollup, name, accounts)):
                rollup.edit(name, edits)
        except Refused as exc:
            raise ConfigError(f"{path}: the state of the {name.upper()}: {exc}") from exc


def dump_file(rollup: LocalRollup, path: Path) -> None:
    """Write the states of both chains; the file is there whole, or as it was.

    Raises `OSError` where it cannot be written.
    """
    parts = [
        b'"%s":%s' % (name.encode(), write_state(dump_state(chain, chain.head)))
        for name in CHAINS
        for chain in (rollup.chain(name),)
    ]
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(b"{" + b",".join(parts) + b"}\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
