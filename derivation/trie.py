"""The root of a Merkle-Patricia trie from all of its entries at once, and its nodes.

It serves where a whole trie is known beforehand, as at genesis; `kernels.trie` holds one that
changes and is read from a disk.
"""

from __future__ import annotations

from collections.abc import Mapping

from byline.derivation.kernels.trie import MAX_KEY, Trie

__all__ = ["MAX_KEY", "trie_root_and_nodes"]


def trie_root_and_nodes(items: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root of the trie of `items`, and its nodes by hash.

    The values are as they stand in the trie (RLP for accounts and storage words); keys are
    used as they are, so the keys of a secure trie come hashed.  Raises `ValueError` for an
    empty value, which the trie cannot hold, and for a key longer than `MAX_KEY` bytes.
    """
    nothing: dict[bytes, bytes] = {}
    trie = Trie(nothing.get)
    for key, value in items.items():
        if not value:
            raise ValueError(f"trie: the value of key 0x{key.hex()} is empty: leave it out")
        trie.set(key, value)
    return trie.root_hash(), trie.take_nodes()
