"""Which layout the data has, and how an older one becomes the current one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from byline.node.errors import Corrupt, NewerSchema
from byline.node.storage.kv import Batch, KeyValue
from byline.node.storage.tables import POINTERS

SCHEMA: Final = 1
"""The layout that `tables` describes."""

UPGRADES: Final[Mapping[int, Callable[[KeyValue], Batch]]] = MappingProxyType({})
"""From version N to N + 1: reads the store, returns the changes.  None is needed yet."""

_KEY: Final = POINTERS.key("schema")


def migrate(kv: KeyValue) -> None:
    """Bring the store to `SCHEMA`; an empty one is marked as of this version.

    Each step is one atomic batch together with its version number, so a crash between two
    steps goes on where it stopped.  Raises `NewerSchema`, or `Corrupt` for a version that
    is no number or has no way up.
    """
    raw = kv.get(_KEY)
    if raw is None:
        if next(kv.scan(b""), None) is not None:
            raise Corrupt("the data has no schema version: it was not written by byline")
        kv.write({_KEY: _encode(SCHEMA)})
        return
    if len(raw) != 4:
        raise Corrupt(f"schema version: want 4 bytes, got {len(raw)}")
    version = int.from_bytes(raw, "big")
    if version > SCHEMA:
        raise NewerSchema(version, SCHEMA)
    while version < SCHEMA:
        if version not in UPGRADES:
            raise Corrupt(f"schema version {version} was never used by byline")
        changes = UPGRADES[version](kv)
        version += 1
        kv.write({**changes, _KEY: _encode(version)}, sync=True)


def _encode(version: int) -> bytes:
    return version.to_bytes(4, "big")
