"""The root of a Merkle-Patricia trie from all of its entries at once, and its nodes.

Inserting entries one by one hashes every node on the way again and again; here the keys
are sorted first and each node is made once, from the leaves up.  It serves where a whole
trie is known beforehand, as at genesis.

Source: the Ethereum yellow paper, appendix D (hexary trie) and C (hex-prefix encoding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import rlp

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256

MAX_KEY: Final = 64
"""Bytes of the longest key; it bounds how deep a trie can be."""

_Entry: TypeAlias = tuple[bytes, bytes]
"""Nibbles of a key, one a byte, and the value."""


def trie_root_and_nodes(items: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root of the trie of `items`, and its nodes by hash.

    The values are as they stand in the trie (RLP for accounts and storage words); keys are
    used as they are, so the keys of a secure trie come hashed.  Raises `ValueError` for an
    empty value, which the trie cannot hold, and for a key longer than `MAX_KEY`.
    """
    for key, value in items.items():
        if not value:
            raise ValueError(f"trie: the value of key 0x{key.hex()} is empty: leave it out")
        if len(key) > MAX_KEY:
            raise ValueError(f"trie: a key has {len(key)} bytes, want at most {MAX_KEY}")
    nodes: dict[bytes, bytes] = {}
    if not items:
        return EMPTY_TRIE_ROOT, nodes
    entries = [(_nibbles(key), items[key]) for key in sorted(items)]
    encoded: bytes = rlp.encode(_node(entries, 0, nodes))
    root = keccak256(encoded)
    nodes[root] = encoded
    return root, nodes


def _node(entries: Sequence[_Entry], depth: int, nodes: dict[bytes, bytes]) -> list[Any]:
    """Return the node over sorted `entries` that agree in their first `depth` nibbles."""
    first, last = entries[0][0], entries[-1][0]
    if len(entries) == 1:
        return [_hex_prefix(first[depth:], leaf=True), entries[0][1]]
    shared = depth
    # Sorted, so what the first and the last share is shared by all.
    while shared < len(first) and first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        child = _reference(_node(entries, shared, nodes), nodes)
        return [_hex_prefix(first[depth:shared], leaf=False), child]
    return _branch(entries, depth, nodes)


def _branch(entries: Sequence[_Entry], depth: int, nodes: dict[bytes, bytes]) -> list[Any]:
    """Return the node with a place for each nibble at `depth`, and one for a key that ends."""
    branch: list[Any] = [b""] * 17
    start = 0
    if len(entries[0][0]) == depth:
        branch[16] = entries[0][1]
        start = 1
    while start < len(entries):
        nibble = entries[start][0][depth]
        end = start + 1
        while end < len(entries) and entries[end][0][depth] == nibble:
            end += 1
        branch[nibble] = _reference(_node(entries[start:end], depth + 1, nodes), nodes)
        start = end
    return branch


def _reference(node: list[Any], nodes: dict[bytes, bytes]) -> Any:
    """Return how a parent names `node`: by its hash, or whole when it is shorter than one."""
    encoded: bytes = rlp.encode(node)
    if len(encoded) < 32:
        return node
    name = keccak256(encoded)
    nodes[name] = encoded
    return name


def _nibbles(key: bytes) -> bytes:
    return bytes.fromhex("".join("0" + digit for digit in key.hex()))


def _hex_prefix(nibbles: bytes, *, leaf: bool) -> bytes:
    """Return nibbles packed two a byte; the first nibble tells leaf and odd length."""
    flag = 2 * leaf + len(nibbles) % 2
    padded = bytes([flag]) + (b"" if len(nibbles) % 2 else b"\0") + nibbles
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))
