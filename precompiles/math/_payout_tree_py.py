"""The reference: how an amount flows through a lineage, written to be read.

A payout tree is a graph without cycles: node v has edges to parents of a lower index, each
with a weight, and keeps a share of what reaches it.  The amount enters at the last node.
From the last node to the first,

    a node without edges keeps all of its flow,
    any other keeps floor(flow * share / 10,000), and its parents get the rest by cascade,
    in the order of its edges.

A node is visited once and all that reaches it comes from higher nodes, so the work is one
step a node and an edge however deep the tree is.  Nothing is lost at any node, so what all
keep sums to the amount; what no path reaches keeps 0.
"""

from __future__ import annotations

from byline.precompiles.abi import WORD
from byline.precompiles.math.tree_refusals import bad_bps, bad_tree, not_ascending

NODE = 2
EDGE = 8
WHOLE = 10_000
"""Basis points of everything."""


def flow(amount: int, nodes: bytes, edges: bytes) -> bytes:
    """Return what each node keeps of `amount` (below 2**128), as 32-byte words.

    `nodes` is a u16 share in basis points each, at least one; `edges` is u16 child ||
    u16 parent || u32 weight each.  Refuses `BadBps`, `NotAscending` and `BadTree` in the
    order of `tree_refusals`.
    """
    shares = read_shares(nodes)
    parents = read_edges(edges, len(shares))
    reaching = [0] * len(shares)
    reaching[-1] = amount
    for node in reversed(range(len(shares))):
        if not parents[node]:
            continue
        whole = reaching[node]
        reaching[node] = whole * shares[node] // WHOLE
        rest = whole - reaching[node]
        total = sum(weight for _, weight in parents[node])
        reached = paid = 0
        for parent, weight in parents[node]:
            reached += weight
            due = rest * reached // total
            reaching[parent] += due - paid
            paid = due
    return b"".join(kept.to_bytes(WORD, "big") for kept in reaching)


def read_shares(nodes: bytes) -> list[int]:
    """Read the nodes' shares, in basis points."""
    shares = [int.from_bytes(nodes[at : at + NODE], "big") for at in range(0, len(nodes), NODE)]
    for share in shares:
        if share > WHOLE:
            raise bad_bps(share)
    return shares


def read_edges(edges: bytes, count: int) -> list[list[tuple[int, int]]]:
    """Return the (parent, weight) of each of `count` nodes, in order."""
    parents: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    before = b""
    for at in range(0, len(edges), EDGE):
        ends = edges[at : at + 4]
        child, parent = int.from_bytes(ends[:2], "big"), int.from_bytes(ends[2:], "big")
        weight = int.from_bytes(edges[at + 4 : at + EDGE], "big")
        if ends <= before:
            raise not_ascending(at // EDGE)
        if not parent < child < count or not weight:
            raise bad_tree(at // EDGE)
        before = ends
        parents[child].append((parent, weight))
    return parents
