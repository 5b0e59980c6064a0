"""How a trie asks for its nodes, and what goes wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

__all__ = ["MAX_KEY", "CorruptNode", "MissingNode", "Read", "require_key"]

Read: TypeAlias = Callable[[bytes], bytes | None]
"""Gives the RLP of a node by its hash, and `None` for one that it does not know."""

MAX_KEY: Final = 64
"""Bytes of the longest key; it bounds how deep a trie can be."""


class MissingNode(KeyError):
    """A node on the way is not known to `read`; `node_hash` (32 bytes) names it."""

    def __init__(self, node_hash: bytes) -> None:
        super().__init__(node_hash)
        self.node_hash = node_hash

    def __str__(self) -> str:
        return f"trie: node 0x{self.node_hash.hex()} is missing: its state was never stored here"


class CorruptNode(ValueError):
    """The bytes of a node are not what a trie writes; `node_hash` (32 bytes) names it."""

    def __init__(self, node_hash: bytes, reason: str) -> None:
        super().__init__(node_hash, reason)
        self.node_hash = node_hash
        self.reason = reason

    def __str__(self) -> str:
        return f"trie: node 0x{self.node_hash.hex()} is corrupt: {self.reason}"


def require_key(key: bytes) -> None:
    """Refuse a key that is longer than `MAX_KEY`, with `ValueError`."""
    if len(key) > MAX_KEY:
        raise ValueError(f"trie: a key has {len(key)} bytes, want at most {MAX_KEY}")
