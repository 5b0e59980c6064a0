"""The reference: what a sum tree is, written to be read.

A sum tree commits to a list of (address, amount) and to the sum of the amounts, so that the
proof of one entry also shows what all of them sum to.  With u32, u128 big-endian:

    leaf i   H(0x00 || u32 i || address || u128 amount)              sum: the amount
    node     H(0x01 || hash L || u128 sum L || hash R || u128 sum R)  sum: sum L + sum R
    root     H(0x02 || u32 n || u128 total || hash of the top)

Nodes are joined in pairs, level by level; the last of an odd number moves up as it is.  The
first byte keeps the three kinds apart, so that no node passes for a leaf; the index keeps a
leaf at its place and the root's n fixes the shape.  Sums stay below 2**128: no overflow can
hide a leaf.

The three shapes of bytes here:

    entry  36   address 20 || u128 amount
    node   48   hash 32 || u128 sum
    proof       u32 n || node for each level at which there is a neighbour, from the leaf up
"""

from __future__ import annotations

from byline.derivation.hashing import keccak256
from byline.precompiles.abi import WORD
from byline.precompiles.math.tree_refusals import not_ascending

LEAF_TAG = b"\0"
NODE_TAG = b"\1"
ROOT_TAG = b"\2"
ADDRESS = 20
HASH = 32
ENTRY = 36
NODE = 48
PACKED = 28


def leaf(index: int, entry: bytes) -> bytes:
    """Return the node of the entry at `index` (below 2**32)."""
    return keccak256(LEAF_TAG + index.to_bytes(4, "big") + entry) + entry[ADDRESS:]


def join(left: bytes, right: bytes) -> bytes:
    """Return the node above two nodes; `ValueError` where the sum reaches 2**128."""
    total = sum_of(left) + sum_of(right)
    if total >> 128:
        raise ValueError(f"the amounts sum to {total} or more, above 2**128 - 1: split the list")
    return keccak256(NODE_TAG + left + right) + total.to_bytes(16, "big")


def wrap(count: int, top: bytes) -> bytes:
    """Return the root (32 bytes) of a tree of `count` leaves whose top node is `top`."""
    return keccak256(ROOT_TAG + count.to_bytes(4, "big") + top[HASH:] + top[:HASH])


def sum_of(node: bytes) -> int:
    """Return the sum in a node."""
    return int.from_bytes(node[HASH:], "big")


def levels(entries: bytes, first: int) -> list[bytes]:
    """Return the nodes of each level, leaves first, the single top last.

    `entries` are whole entries, at least one, and `first` is the index of the first.
    `ValueError` where the sum reaches 2**128, or an index 2**32.
    """
    count = len(entries) // ENTRY
    if not count or len(entries) % ENTRY or first < 0 or first + count > 2**32:
        raise ValueError(
            f"{len(entries)} bytes from index {first}: want whole entries of {ENTRY} bytes, "
            "one at least, with indices below 2**32"
        )
    row = [leaf(first + at, entries[ENTRY * at : ENTRY * (at + 1)]) for at in range(count)]
    found = [b"".join(row)]
    while len(row) > 1:
        row = fold(row)
        found.append(b"".join(row))
    return found


def top(entries: bytes, first: int) -> bytes:
    """Return the last node of `levels` alone."""
    return levels(entries, first)[-1]


def fold(row: list[bytes]) -> list[bytes]:
    """Return the level above `row`."""
    above = [join(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
    return above + row[len(row) & ~1 :]


def weights_of(packed: bytes) -> bytes:
    """Return the weights of `packed` as 32-byte words.

    `packed` is address 20 || u64 weight for each recipient; refuses `NotAscending` at the
    first address that does not exceed the one before.
    """
    words = []
    before = b""
    for at in range(0, len(packed), PACKED):
        who = packed[at : at + ADDRESS]
        if who <= before:
            raise not_ascending(at // PACKED)
        before = who
        words.append(packed[at + ADDRESS : at + PACKED].rjust(WORD, b"\0"))
    return b"".join(words)


def entries_of(packed: bytes, words: bytes) -> bytes:
    """Return the entries: the addresses of `packed`, the amounts of `words`."""
    return b"".join(
        packed[PACKED * at : PACKED * at + ADDRESS] + words[WORD * at + 16 : WORD * (at + 1)]
        for at in range(len(packed) // PACKED)
    )


def proves(root: bytes, total: int, index: int, entry: bytes, proof: bytes) -> bool:
    """Return whether `proof` shows that `entry` is at `index` of the tree of `root`, `total`.

    `False` for whatever does not fit, a proof of the wrong size included; never raises for
    a `total` below 2**128 and an `index` below 2**32.
    """
    if len(proof) < 4 or (len(proof) - 4) % NODE:
        return False
    count = int.from_bytes(proof[:4], "big")
    neighbours = [proof[at : at + NODE] for at in range(4, len(proof), NODE)]
    if index >= count or len(neighbours) != depth(index, count):
        return False
    node = leaf(index, entry)
    place, width = index, count
    while width > 1:
        if place ^ 1 < width:
            neighbour = neighbours.pop(0)
            if sum_of(node) + sum_of(neighbour) >> 128:
                return False
            node = join(neighbour, node) if place & 1 else join(node, neighbour)
        place, width = place >> 1, (width + 1) >> 1
    return sum_of(node) == total and wrap(count, node) == root


def depth(index: int, count: int) -> int:
    """Return how many neighbours the leaf at `index` of `count` has on its way to the top."""
    found = 0
    while count > 1:
        found += index ^ 1 < count
        index, count = index >> 1, (count + 1) >> 1
    return found
