"""What a payment commits to: a Merkle root over who is owed what, for which words.

    leaf  = keccak(0x00 ++ span start ++ span length ++ topic hash ++ position in the topic
                        ++ contributor ++ weight)
                    u32           u32            32 bytes      u32
                           20 bytes       u64
    node  = keccak(0x01 ++ left ++ right)
    root  = keccak(0x02 ++ number of leaves ++ top)      u32; an empty tree has no top

Integers are big-endian.  A node without a neighbour moves up as it is.  The first byte says
what is hashed, so no node passes for a leaf; the number of leaves fixes the tree's shape.
Whoever has the answer and the texts can rebuild every leaf; with one leaf and its path
anyone can check that one contributor's weight belongs to a payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.demo.attribution import AttributedAnswer, Share

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_ROOT: Final = b"\x02"


def evidence_root(answer: AttributedAnswer) -> bytes:
    """Return the root over all shares of `answer`."""
    leaves = evidence_leaves(answer)
    levels = _levels(leaves)
    return _root(len(leaves), levels[-1][0] if leaves else b"")


def evidence_leaves(answer: AttributedAnswer) -> tuple[bytes, ...]:
    """Return the leaf of each share, in the order of `answer.shares`."""
    return tuple(evidence_leaf(answer, share) for share in answer.shares)


def evidence_leaf(answer: AttributedAnswer, share: Share) -> bytes:
    """Return the leaf of one share."""
    span = answer.spans[share.span]
    return keccak256(
        _LEAF
        + span.start.to_bytes(4, "big")
        + span.length.to_bytes(4, "big")
        + keccak256(share.place.topic.encode())
        + share.place.position.to_bytes(4, "big")
        + share.contributor.address
        + share.weight.to_bytes(8, "big")
    )


def evidence_proof(answer: AttributedAnswer, index: int) -> tuple[bytes, ...]:
    """Return the neighbours on the path from leaf `index` up to the root.

    Raises `IndexError` for a leaf that is not there.
    """
    leaves = evidence_leaves(answer)
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index}: the answer has {len(leaves)} shares")
    path = []
    for level in _levels(leaves)[:-1]:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        index //= 2
    return tuple(path)


def verify_evidence(
    root: bytes, leaf: bytes, index: int, count: int, proof: Sequence[bytes]
) -> bool:
    """Return whether `leaf` is leaf `index` of the `count` under `root`."""
    if not 0 <= index < count:
        return False
    node, width, rest = leaf, count, list(proof)
    while width > 1:
        if index ^ 1 < width:
            if not rest:
                return False
            neighbour = rest.pop(0)
            pair = neighbour + node if index % 2 else node + neighbour
            node = keccak256(_NODE + pair)
        index //= 2
        width = (width + 1) // 2
    return not rest and _root(count, node) == root


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = (level[at : at + 2] for at in range(0, len(level), 2))
        levels.append(
            [keccak256(_NODE + pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
        )
    return levels


def _root(count: int, top: bytes) -> bytes:
    return keccak256(_ROOT + count.to_bytes(4, "big") + top)
