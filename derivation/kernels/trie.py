"""Merkle-Patricia tries: compiled and expanded in memory where built, else over py-trie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from byline.derivation.kernels.trie_errors import MAX_KEY, CorruptNode, MissingNode, Read

__all__ = [
    "COMPILED",
    "MAX_KEY",
    "CorruptNode",
    "MissingNode",
    "Read",
    "Trie",
    "TrieHandle",
    "ordered_root",
]

COMPILED: bool = False
"""Whether the classes and functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.derivation.kernels._trie_py import Trie, TrieHandle, ordered_root
else:
    try:
        from byline.derivation.kernels._trie_c import Trie, TrieHandle, ordered_root

        COMPILED = True
    except ImportError:
        from byline.derivation.kernels._trie_py import Trie, TrieHandle, ordered_root
