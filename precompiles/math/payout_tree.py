"""`payoutTree`: how an amount flows through a lineage; `_payout_tree_py` has the rule.

The price is 1300 + 40 for each node + 25 for each edge.  Gas charged / gas that the time is
worth, by the kernel, price included (`make bench ARGS=gas`), is 1.9 or more; of known sizes:

    nodes, edges    1, 0    2, 1    32, 100    1024, 0    1024, 4096    100, 4096
                     1.9     1.9        5.3         23            27           20

So 40 and 25 are generous for the loop; they are meant for slower implementations, as those
of `gas` are.
`BACKEND` says whether the compiled kernel does the work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from byline.precompiles.abi import (
    SELECTOR,
    WORD,
    array_length,
    bytes_tail,
    encode,
    encode_array,
    end_of_bytes,
    nothing_follows,
    uint,
)
from byline.precompiles.errors import InvalidInput
from byline.precompiles.functions import Function
from byline.precompiles.math._payout_tree_py import EDGE, NODE
from byline.precompiles.math.gas import BASE, MINIMUM
from byline.precompiles.math.tree_refusals import (
    MAX_EDGES,
    MAX_NODES,
    no_recipients,
    ragged_entries,
    too_many_edges,
    too_many_nodes,
)

BACKEND = "python"
if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.precompiles.math._payout_tree_py import flow
else:
    try:
        from byline.precompiles.math._payout_tree_c import flow

        BACKEND = "cython"
    except ImportError:
        from byline.precompiles.math._payout_tree_py import flow

NODE_EACH: Final = 40
"""A division, and a word written."""
EDGE_EACH: Final = 25
"""A division, and an addition somewhere else."""


@dataclass(frozen=True, slots=True)
class PayoutTreeCall:
    """What `payoutTree` was asked; nodes and edges are unread."""

    amount: int
    nodes: bytes
    edges: bytes

    @classmethod
    def read(cls, data: bytes) -> PayoutTreeCall:
        """Read the whole input; lines 1 to 4 of `tree_refusals`."""
        amount = uint(data, SELECTOR, 128)
        start = SELECTOR + 3 * WORD
        length = array_length(data, SELECTOR + WORD, start)
        if length % NODE:
            raise ragged_entries(length, NODE)
        if length > NODE * MAX_NODES:
            raise too_many_nodes(length // NODE)
        end = end_of_bytes(data, start, length)
        nodes = data[start + WORD : start + WORD + length]
        start = end
        length = array_length(data, SELECTOR + 2 * WORD, start)
        if length % EDGE:
            raise ragged_entries(length, EDGE)
        if length > EDGE * MAX_EDGES:
            raise too_many_edges(length // EDGE)
        nothing_follows(data, end_of_bytes(data, start, length))
        if not nodes:
            raise no_recipients()
        return cls(amount, nodes, data[start + WORD : start + WORD + length])


def payout_tree_gas(data: bytes) -> int:
    """Return the gas for the input of `payoutTree`; takes any bytes."""
    try:
        call = PayoutTreeCall.read(data)
    except InvalidInput:
        return MINIMUM
    each = NODE_EACH * len(call.nodes) // NODE + EDGE_EACH * len(call.edges) // EDGE
    return BASE + each


def run_payout_tree(data: bytes) -> bytes:
    """Return what each node keeps."""
    call = PayoutTreeCall.read(data)
    return encode_array(flow(call.amount, call.nodes, call.edges))


PAYOUT_TREE: Final = Function(
    name="payoutTree",
    inputs=(("uint128", "amount"), ("bytes", "nodes"), ("bytes", "edges")),
    outputs=(("uint128[]", "kept"),),
    gas=payout_tree_gas,
    run=run_payout_tree,
    summary="lets `amount` flow from the last node to its ancestors; nodes are u16 basis "
    "points each, edges u16 child || u16 parent || u32 weight, strictly ascending",
)


def encode_nodes(shares: Sequence[int]) -> bytes:
    """Encode the share that each node keeps, in basis points (0..65535)."""
    return b"".join(share.to_bytes(NODE, "big") for share in shares)


def encode_edges(edges: Sequence[tuple[int, int, int]]) -> bytes:
    """Encode edges of (child, parent, weight): two u16 and a u32."""
    return b"".join(
        child.to_bytes(2, "big") + parent.to_bytes(2, "big") + weight.to_bytes(4, "big")
        for child, parent, weight in edges
    )


def encode_payout_tree(amount: int, nodes: bytes, edges: bytes) -> bytes:
    """Encode a call of `payoutTree`; also such a one as is refused."""
    return PAYOUT_TREE.selector + encode(amount, bytes_tail(nodes), bytes_tail(edges))


def payout_tree(
    amount: int, shares: Sequence[int], edges: Sequence[tuple[int, int, int]]
) -> tuple[int, ...]:
    """Return what each node keeps of `amount` (wei): the function on values.

    `edges` are (child, parent, weight).  Raises `InvalidInput` for what the chain would
    refuse too.
    """
    data = encode_payout_tree(amount, encode_nodes(shares), encode_edges(edges))
    words = PAYOUT_TREE.run(data)[2 * WORD :]
    return tuple(int.from_bytes(words[at : at + WORD], "big") for at in range(0, len(words), WORD))
