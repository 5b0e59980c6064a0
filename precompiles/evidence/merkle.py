"""The plain Merkle tree: documents, tokens, suffix arrays, owners, evidence, records.

Over chunks c_0 .. c_{n-1} of any bytes, with H = Keccak-256 and numbers as u64, big-endian:

    leaf i   H(0x00 || i || c_i)
    node     H(0x01 || left || right); a node without a neighbour moves up as it is
    root     H(0x02 || n || top); of no chunks H(0x02 || 0)

A proof is n, then the siblings from the leaf to the top, 32 bytes each; a level at which the
node has no neighbour gives none.

The three tags keep leaf, node and root apart, so none can be passed off as another; the index
in the leaf and the number in the root fix where a chunk stands and how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from byline.derivation.hashing import keccak256

HASH: Final = 32
U64: Final = 8
MAX_DEPTH: Final = 64
"""Levels below the top of the largest tree, and so the siblings of the longest proof."""
MAX_PROOF: Final = U64 + HASH * MAX_DEPTH
"""Bytes of the longest proof."""

LEAF: Final = b"\x00"
NODE: Final = b"\x01"
ROOT: Final = b"\x02"


class MerkleTree:
    """A tree over chunks that were hashed once; the chunks themselves are not kept."""

    __slots__ = ("_levels", "root")

    root: bytes
    """32 bytes."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        level = [leaf_hash(index, chunk) for index, chunk in enumerate(chunks)]
        self._levels = [level]
        while len(level) > 1:
            level = _above(level)
            self._levels.append(level)
        self.root = root_hash(len(self), level[0] if level else b"")

    def __len__(self) -> int:
        return len(self._levels[0])

    def proof(self, index: int) -> bytes:
        """Return the proof of the chunk at `index`; `IndexError` names one that is not there."""
        if not 0 <= index < len(self):
            raise IndexError(f"chunk {index} of {len(self)}: indexes go from 0 up to the number")
        siblings = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                siblings.append(level[index ^ 1])
            index //= 2
        return len(self).to_bytes(U64, "big") + b"".join(siblings)


def leaf_hash(index: int, chunk: bytes) -> bytes:
    """Return the hash of the chunk at `index`."""
    return keccak256(LEAF + index.to_bytes(U64, "big") + chunk)


def root_hash(count: int, top: bytes) -> bytes:
    """Return the root over `count` chunks whose tree ends in `top` (empty for none)."""
    return keccak256(ROOT + count.to_bytes(U64, "big") + top)


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [keccak256(NODE + left + right) for left, right in pairs]
    return [*above, level[-1]] if len(level) % 2 else above


def merkle_root(chunks: Sequence[bytes]) -> bytes:
    """Return the root over `chunks`."""
    return MerkleTree(chunks).root


def merkle_proof(chunks: Sequence[bytes], index: int) -> bytes:
    """Return the proof of one chunk; who needs several builds the `MerkleTree` once."""
    return MerkleTree(chunks).proof(index)


def turns(index: int, count: int) -> Iterator[bool]:
    """Yield, from the leaf up, whether each sibling of a proof stands on the right."""
    last = count - 1
    while last:
        if index % 2 or index < last:
            yield index % 2 == 0
        index //= 2
        last //= 2


def verify_chunk(root: bytes, index: int, chunk: bytes, proof: bytes) -> bool:
    """Return whether `proof` shows that `chunk` stands at `index` below `root`.

    Whatever does not fit (an index beyond the number, siblings missing or left over, bytes
    that are no whole hash) is a plain no.
    """
    if len(proof) < U64:
        return False
    count = int.from_bytes(proof[:U64], "big")
    if not 0 <= index < count:
        return False
    sides = list(turns(index, count))
    if len(proof) != U64 + HASH * len(sides):
        return False
    top = leaf_hash(index, chunk)
    for place, on_the_right in enumerate(sides):
        sibling = proof[U64 + HASH * place :][:HASH]
        top = keccak256(NODE + (top + sibling if on_the_right else sibling + top))
    return root_hash(count, top) == root
