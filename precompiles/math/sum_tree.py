"""Sum trees: roots, proofs and chunks as values; `_sum_tree_py` says what they are.

`BACKEND` says whether the compiled kernel does the hashing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from byline.precompiles.math._sum_tree_py import ADDRESS, ENTRY, HASH, NODE, join, wrap

BACKEND = "python"
if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.precompiles.math._sum_tree_py import entries_of, levels, proves, top, weights_of
else:
    try:
        from byline.precompiles.math._sum_tree_c import (
            entries_of,
            levels,
            proves,
            top,
            weights_of,
        )

        BACKEND = "cython"
    except ImportError:
        from byline.precompiles.math._sum_tree_py import (
            entries_of,
            levels,
            proves,
            top,
            weights_of,
        )

__all__ = [
    "BACKEND",
    "MOST_ENTRIES",
    "Entry",
    "Frontier",
    "SumNode",
    "SumRoot",
    "SumTree",
    "entries_of",
    "fold_chunks",
    "proves",
    "sum_tree_chunk",
    "sum_tree_proof",
    "sum_tree_root",
    "top",
    "verify_leaf",
    "weights_of",
]

Entry: TypeAlias = tuple[bytes, int]
"""Address (20 bytes) and amount (below 2**128)."""

MOST_ENTRIES: Final = 2**32 - 1
"""A tree's n and a leaf's index are u32."""


@dataclass(frozen=True, slots=True)
class SumRoot:
    """What a sum tree commits to."""

    root: bytes
    """32 bytes."""
    total: int
    """Sum of all amounts, below 2**128."""
    count: int
    """Number of leaves, at least 1."""


@dataclass(frozen=True, slots=True)
class SumNode:
    """The top of a part of a sum tree."""

    hash: bytes
    """32 bytes."""
    sum: int
    """Sum of the amounts below, below 2**128."""

    @classmethod
    def decode(cls, data: bytes) -> SumNode:
        """Read hash 32 || u128 sum."""
        return cls(data[:HASH], int.from_bytes(data[HASH:], "big"))

    def encode(self) -> bytes:
        """Return hash 32 || u128 sum."""
        return self.hash + self.sum.to_bytes(NODE - HASH, "big")

    def join(self, right: SumNode) -> SumNode:
        """Return the node above this one and `right`; `ValueError` above 2**128 - 1."""
        return self.decode(join(self.encode(), right.encode()))

    def wrap(self, count: int) -> SumRoot:
        """Return the root of the tree of `count` leaves that this is the top of."""
        return SumRoot(wrap(count, self.encode()), self.sum, count)


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """Encode entries as address 20 || u128 amount.

    Raises `ValueError` for an empty list, addresses that are not strictly ascending or not
    20 bytes, and amounts outside 0..2**128-1.
    """
    if not entries:
        raise ValueError("a sum tree of no entries: there must be one at least")
    for at, (one, other) in enumerate(pairwise(entries), 1):
        if one[0] >= other[0]:
            raise ValueError(
                f"entry {at}, 0x{other[0].hex()}, is not above 0x{one[0].hex()} before it: "
                "sort by address and merge equal ones"
            )
    return b"".join(map(_encode_entry, entries))


def _encode_entry(entry: Entry) -> bytes:
    who, amount = entry
    if len(who) != ADDRESS:
        raise ValueError(f"address 0x{who.hex()} has {len(who)} bytes, want {ADDRESS}")
    if amount < 0 or amount >> 128:
        raise ValueError(f"0x{who.hex()} has the amount {amount}, outside 0..2**128-1")
    return who + amount.to_bytes(ENTRY - ADDRESS, "big")


class SumTree:
    """A whole sum tree: hashed once, then every proof is a few slices.

    Holds 100 bytes or so an entry.  Raises `ValueError` as `encode_entries` does, and where
    the amounts sum to 2**128 or more.
    """

    __slots__ = ("_levels", "root")

    root: SumRoot

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._levels = levels(encode_entries(entries), 0)
        self.root = SumNode.decode(self._levels[-1]).wrap(len(entries))

    def proof(self, index: int) -> bytes:
        """Return the proof of the entry at `index`; `IndexError` where there is none."""
        if not 0 <= index < self.root.count:
            raise IndexError(f"entry {index} of a sum tree of {self.root.count}")
        return self._neighbours(index, 0)

    def chunk(self, first: int, size: int) -> SumNode:
        """Return the top of the chunk of `size` leaves that begins at leaf `first`.

        `size` is a power of two that divides `first`; the last chunk may be cut short by
        the end of the list.  `ValueError` for any other.
        """
        level = min(self._level(first, size), len(self._levels) - 1)
        at = NODE * (first // size)
        return SumNode.decode(self._levels[level][at : at + NODE])

    def chunk_proof(self, first: int, size: int) -> bytes:
        """Return the proof of `chunk(first, size)`: u32 n || the neighbours from it to the top."""
        level = self._level(first, size)
        return self._neighbours(first // size, level)

    def _level(self, first: int, size: int) -> int:
        if size < 1 or size & (size - 1) or first % size:
            raise ValueError(
                f"a chunk of {size} leaves at {first}: want a power of two that divides the place"
            )
        if not 0 <= first < self.root.count:
            raise ValueError(f"a chunk at leaf {first} of a sum tree of {self.root.count}")
        return size.bit_length() - 1

    def _neighbours(self, place: int, level: int) -> bytes:
        parts = [self.root.count.to_bytes(4, "big")]
        for nodes in self._levels[level:-1]:
            neighbour = NODE * (place ^ 1)
            # Empty where the node has no neighbour and moves up as it is.
            parts.append(nodes[neighbour : neighbour + NODE])
            place >>= 1
        return b"".join(parts)


def sum_tree_root(entries: Sequence[Entry]) -> SumRoot:
    """Return the root of `entries`; raises as `SumTree` does."""
    return SumNode.decode(top(encode_entries(entries), 0)).wrap(len(entries))


def sum_tree_proof(entries: Sequence[Entry], index: int) -> bytes:
    """Return the proof of one entry; for several, keep a `SumTree`."""
    return SumTree(entries).proof(index)


def sum_tree_chunk(entries: Sequence[Entry], first: int) -> SumNode:
    """Return the top of the part of a tree whose leaves are `entries`, the first at `first`."""
    return SumNode.decode(top(encode_entries(entries), first))


def verify_leaf(
    root: bytes, total: int, index: int, who: bytes, amount: int, proof: bytes
) -> bool:
    """Return whether `who` has `amount` at `index` of the tree of `root` and `total`.

    `False` for anything that does not fit, of whatever size or range.
    """
    return (
        len(root) == HASH
        and len(who) == ADDRESS
        and 0 <= index <= MOST_ENTRIES
        and all(0 <= number < 2**128 for number in (total, amount))
        and proves(root, total, index, who + amount.to_bytes(ENTRY - ADDRESS, "big"), proof)
    )


@dataclass(frozen=True, slots=True)
class Frontier:
    """A sum tree that grows by chunks: the tops that still wait for a neighbour.

    Every chunk has `chunk_size` leaves, a power of two, but the last, which may have fewer.
    Any such division gives the root of the whole.
    """

    chunk_size: int
    count: int = 0
    """Leaves so far."""
    peaks: tuple[SumNode | None, ...] = ()
    """At level k a top of 2**k chunks, where bit k of the number of chunks is 1."""

    def __post_init__(self) -> None:
        """Refuse a size by which chunks would not fall on nodes."""
        if self.chunk_size < 1 or self.chunk_size & (self.chunk_size - 1):
            raise ValueError(f"chunks of {self.chunk_size} leaves: want a power of two")

    def push(self, top: SumNode, leaves: int) -> Frontier:
        """Return the frontier with one more chunk, of `leaves` leaves.

        Raises `ValueError` for a size that is not 1..chunk_size, and for any chunk after
        one that was not full.
        """
        if not 1 <= leaves <= self.chunk_size:
            raise ValueError(f"a chunk of {leaves} leaves: want 1 to {self.chunk_size}")
        if self.count % self.chunk_size:
            raise ValueError(f"a chunk after the last: {self.count} leaves end within one")
        peaks = list(self.peaks)
        level = 0
        while level < len(peaks) and (peak := peaks[level]) is not None:
            top = peak.join(top)
            peaks[level] = None
            level += 1
        peaks[level : level + 1] = [top]
        return Frontier(self.chunk_size, self.count + leaves, tuple(peaks))

    def root(self) -> SumRoot:
        """Return the root of all leaves so far; `ValueError` where there are none."""
        found: SumNode | None = None
        for peak in self.peaks:
            if peak is not None:
                found = peak if found is None else peak.join(found)
        if found is None:
            raise ValueError("a sum tree of no chunks: push one at least")
        return found.wrap(self.count)


def fold_chunks(tops: Iterable[SumNode], chunk_size: int, count: int) -> SumRoot:
    """Return the root of `count` leaves from the tops of their chunks, in order.

    Raises `ValueError` where the number of tops is not that of the chunks.
    """
    frontier = Frontier(chunk_size)
    for top_ in tops:
        frontier = frontier.push(top_, min(chunk_size, count - frontier.count))
    if frontier.count != count:
        raise ValueError(f"the chunks hold {frontier.count} leaves, not {count}")
    return frontier.root()
