"""Each line of the order of refusals, and inputs with two faults of which the first wins."""

from __future__ import annotations

from typing import Final

import pytest

from byline.precompiles.abi import bytes_tail, encode, word
from byline.precompiles.errors import MALFORMED_INPUT, CustomError
from byline.precompiles.math.gas import MINIMUM
from byline.precompiles.math.payout_tree import (
    PAYOUT_TREE,
    encode_edges,
    encode_nodes,
    encode_payout_tree,
)
from byline.precompiles.math.refusals import (
    BAD_BPS,
    TOO_MANY_RECIPIENTS,
    UNKNOWN_METHOD,
    WEIGHT_OVERFLOW,
    ZERO_WEIGHT,
)
from byline.precompiles.math.sum_tree_calls import (
    SETTLE_ROOT,
    SETTLE_ROOT_CHUNK,
    VERIFY_LEAF,
    encode_packed,
    encode_settle_root,
    encode_settle_root_chunk,
    encode_verify_leaf,
)
from byline.precompiles.math.tree_refusals import (
    BAD_TREE,
    INDEX_OVERFLOW,
    NO_RECIPIENTS,
    NOT_ASCENDING,
    RAGGED_ENTRIES,
    TOO_MANY_EDGES,
    TOO_MANY_NODES,
)
from tests.tree_cores import FUNCTIONS, both

A, B, C = (bytes([digit]) * 20 for digit in (0xA1, 0xB2, 0xC3))
TWO: Final = encode_packed([(A, 1), (B, 2)])
BACK: Final = encode_packed([(A, 1), (C, 2), (B, 3), (A, 4)])
SAME: Final = encode_packed([(A, 1), (A, 2)])
HEAVY: Final = encode_packed([(A, 2**64 - 1), (B, 1)])
TOP: Final = 2**64 - 1
ROOT: Final = b"\x5a" * 32


def at(place: int) -> bytes:
    return MALFORMED_INPUT.revert_data(place)


def settle(packed: bytes, method: int = 0, amount: int = 9) -> bytes:
    return encode_settle_root(method, amount, packed)


def chunk(packed: bytes, total: int = 9, start: int = 0, first: int = 0) -> bytes:
    return encode_settle_root_chunk(9, total, start, first, packed)


def tree(nodes: list[int], edges: list[tuple[int, int, int]]) -> bytes:
    return encode_payout_tree(9, encode_nodes(nodes), encode_edges(edges))


def patched(data: bytes, place: int, value: int) -> bytes:
    """Return `data` with another word at byte `place`."""
    return data[:place] + word(value) + data[place + 32 :]


def verify(proof: bytes) -> bytes:
    return encode_verify_leaf(ROOT, 5, 0, A, 5, proof)


GOOD_TREE: Final = tree([0, 0, 0], [(1, 0, 1), (2, 0, 1)])
EDGES_OF_GOOD: Final = 4 + 3 * 32 + 2 * 32
"""Where the length of its edges is."""

LINES: Final[dict[str, tuple[bytes, bytes]]] = {
    # settleRoot
    "settle: nothing": (SETTLE_ROOT.selector, at(4)),
    "settle: method cut": (settle(TWO)[:35], at(4)),
    "settle: method wide": (settle(TWO, method=256), at(4)),
    "settle: amount cut": (settle(TWO)[:67], at(36)),
    "settle: amount wide": (settle(TWO, amount=2**128), at(36)),
    "settle: offset": (patched(settle(TWO), 68, 128), at(68)),
    "settle: length cut": (settle(TWO)[:131], at(100)),
    "settle: ragged": (settle(TWO[:-1]), RAGGED_ENTRIES.revert_data(55)),
    "settle: ragged before too many": (
        patched(settle(TWO), 100, 2**255 + 1),
        RAGGED_ENTRIES.revert_data(2**255 + 1),
    ),
    "settle: too many": (
        patched(settle(TWO), 100, 28 * 4097),
        TOO_MANY_RECIPIENTS.revert_data(4097),
    ),
    "settle: the most, and not there": (patched(settle(TWO), 100, 28 * 4096), at(132 + 64)),
    "settle: content cut": (settle(TWO)[:-1], at(132 + 32)),
    "settle: filled up with a one": (settle(TWO)[:-1] + b"\1", at(132 + 32)),
    "settle: goes on": (settle(TWO) + b"\0", at(132 + 64)),
    "settle: method unknown": (settle(TWO, method=5), UNKNOWN_METHOD.revert_data(5)),
    "settle: method before order": (settle(BACK, method=9), UNKNOWN_METHOD.revert_data(9)),
    "settle: not ascending": (settle(BACK), NOT_ASCENDING.revert_data(2)),
    "settle: the same twice": (settle(SAME, method=1), NOT_ASCENDING.revert_data(1)),
    "settle: overflow": (settle(HEAVY), WEIGHT_OVERFLOW.revert_data(2**64)),
    "settle: overflow by another method": (settle(HEAVY, 3), WEIGHT_OVERFLOW.revert_data(2**64)),
    "settle: order before overflow": (settle(HEAVY + HEAVY), NOT_ASCENDING.revert_data(2)),
    "settle: zero weights": (settle(encode_packed([(A, 0), (B, 0)])), ZERO_WEIGHT.revert_data()),
    "settle: nobody": (settle(b""), ZERO_WEIGHT.revert_data()),
    # settleRootChunk
    "chunk: nothing": (SETTLE_ROOT_CHUNK.selector, at(4)),
    "chunk: total wide": (chunk(TWO, total=2**64), at(36)),
    "chunk: start wide": (chunk(TWO, start=2**64), at(68)),
    "chunk: first wide": (chunk(TWO, first=2**32), at(100)),
    "chunk: offset": (patched(chunk(TWO), 132, 0), at(132)),
    "chunk: ragged": (chunk(TWO + b"\0"), RAGGED_ENTRIES.revert_data(57)),
    "chunk: too many": (
        patched(chunk(TWO), 164, 28 * 5000),
        TOO_MANY_RECIPIENTS.revert_data(5000),
    ),
    "chunk: filled up with a one": (chunk(TWO)[:-8] + b"\1" + bytes(7), at(196 + 32)),
    "chunk: goes on": (chunk(TWO) + bytes(32), at(196 + 64)),
    "chunk: nobody": (chunk(b"", total=0, first=2**32 - 1), NO_RECIPIENTS.revert_data()),
    "chunk: index": (chunk(TWO, total=0, first=2**32 - 1), INDEX_OVERFLOW.revert_data(2**32 + 1)),
    "chunk: total of nothing": (chunk(BACK, total=0), ZERO_WEIGHT.revert_data()),
    "chunk: not ascending": (chunk(BACK, total=1), NOT_ASCENDING.revert_data(2)),
    "chunk: beyond the total": (chunk(TWO, start=7), WEIGHT_OVERFLOW.revert_data(10)),
    "chunk: far beyond the total": (
        chunk(HEAVY, total=TOP, start=TOP),
        WEIGHT_OVERFLOW.revert_data(2**65 - 1),
    ),
    # verifyLeaf
    "verify: nothing": (VERIFY_LEAF.selector, at(4)),
    "verify: total wide": (patched(verify(b""), 36, 2**128), at(36)),
    "verify: index wide": (patched(verify(b""), 68, 2**32), at(68)),
    "verify: address wide": (patched(verify(b""), 100, 2**160), at(100)),
    "verify: amount wide": (patched(verify(b""), 132, 2**128), at(132)),
    "verify: offset": (patched(verify(b""), 164, 224), at(164)),
    "verify: cut": (verify(bytes(33))[:-1], at(228 + 32)),
    "verify: filled up with a one": (verify(bytes(5))[:-1] + b"\1", at(228)),
    "verify: goes on": (verify(bytes(4)) + b"\0", at(260)),
    "verify: a length that wraps": (patched(verify(b""), 196, 2**256 - 1), at(228)),
    # payoutTree
    "tree: nothing": (PAYOUT_TREE.selector, at(4)),
    "tree: amount wide": (patched(GOOD_TREE, 4, 2**128), at(4)),
    "tree: offset of nodes": (patched(GOOD_TREE, 36, 64), at(36)),
    "tree: ragged nodes": (patched(GOOD_TREE, 100, 5), RAGGED_ENTRIES.revert_data(5)),
    "tree: too many nodes": (patched(GOOD_TREE, 100, 2050), TOO_MANY_NODES.revert_data(1025)),
    "tree: nodes cut": (GOOD_TREE[:131], at(100)),
    "tree: nodes not there": (GOOD_TREE[:132], at(132)),
    "tree: nodes filled up with a one": (patched(GOOD_TREE, 132, 1), at(132)),
    "tree: offset of edges": (patched(GOOD_TREE, 68, 96), at(68)),
    "tree: nodes before the head of the edges": (GOOD_TREE[:99], at(100)),
    "tree: ragged edges": (patched(GOOD_TREE, EDGES_OF_GOOD, 7), RAGGED_ENTRIES.revert_data(7)),
    "tree: too many edges": (
        patched(GOOD_TREE, EDGES_OF_GOOD, 8 * 4097),
        TOO_MANY_EDGES.revert_data(4097),
    ),
    "tree: edges not there": (GOOD_TREE[: EDGES_OF_GOOD + 32], at(EDGES_OF_GOOD + 32)),
    "tree: goes on": (GOOD_TREE + bytes(1), at(EDGES_OF_GOOD + 64)),
    "tree: no nodes": (tree([], []), NO_RECIPIENTS.revert_data()),
    "tree: no nodes before its edges": (tree([], [(0, 0, 0)]), NO_RECIPIENTS.revert_data()),
    "tree: bps": (tree([0, 10_001, 65_535], [(0, 0, 0)]), BAD_BPS.revert_data(10_001)),
    "tree: not ascending": (
        tree([0] * 3, [(1, 0, 1), (2, 1, 1), (2, 0, 1)]),
        NOT_ASCENDING.revert_data(2),
    ),
    "tree: an edge twice": (tree([0] * 3, [(1, 0, 1)] * 2), NOT_ASCENDING.revert_data(1)),
    "tree: order before shape": (
        tree([0] * 3, [(2, 0, 1), (1, 1, 0)]),
        NOT_ASCENDING.revert_data(1),
    ),
    "tree: a parent of itself": (tree([0] * 3, [(1, 0, 1), (1, 1, 1)]), BAD_TREE.revert_data(1)),
    "tree: a parent above": (tree([0] * 3, [(1, 2, 1)]), BAD_TREE.revert_data(0)),
    "tree: a child beyond": (tree([0] * 3, [(3, 0, 1)]), BAD_TREE.revert_data(0)),
    "tree: a weight of nothing": (tree([0] * 3, [(1, 0, 0)]), BAD_TREE.revert_data(0)),
}


@pytest.mark.parametrize(("data", "revert"), LINES.values(), ids=LINES.keys())
def test_a_breach_is_refused_with_its_error(data: bytes, revert: bytes) -> None:
    assert both(data) == (False, revert)


@pytest.mark.parametrize("data", [data for data, _ in LINES.values()], ids=LINES.keys())
def test_the_price_of_a_refused_input_is_known(data: bytes) -> None:
    """What is wrong with the shape costs the minimum; what needs a loop, the declared size."""
    assert FUNCTIONS[data[:4]].gas(data) >= MINIMUM


def test_every_error_of_the_trees_is_among_those_refused() -> None:
    named = (
        BAD_BPS, BAD_TREE, INDEX_OVERFLOW, NO_RECIPIENTS, NOT_ASCENDING, RAGGED_ENTRIES,
        TOO_MANY_EDGES, TOO_MANY_NODES, TOO_MANY_RECIPIENTS, UNKNOWN_METHOD, WEIGHT_OVERFLOW,
        ZERO_WEIGHT, MALFORMED_INPUT,
    )  # fmt: skip
    shown = {revert[:4] for _, revert in LINES.values()}

    def selector(error: CustomError) -> bytes:
        return error.selector

    assert shown == set(map(selector, named))


def test_a_proof_that_does_not_fit_is_no_refusal() -> None:
    """Of any size, all the way to one that no tree could have."""
    for proof in (b"", bytes(3), bytes(4), bytes(51), bytes(4 + 48 * 33), b"\xff" * 20_000):
        assert both(verify(proof)) == (True, encode(0))


def test_calls_are_encoded_as_the_abi_says() -> None:
    assert SETTLE_ROOT.signature == "settleRoot(uint8,uint128,bytes)"
    assert SETTLE_ROOT_CHUNK.signature == "settleRootChunk(uint128,uint64,uint64,uint32,bytes)"
    assert VERIFY_LEAF.signature == "verifyLeaf(bytes32,uint128,uint32,address,uint128,bytes)"
    assert PAYOUT_TREE.signature == "payoutTree(uint128,bytes,bytes)"
    data = settle(TWO, method=1)
    assert data == SETTLE_ROOT.selector + encode(1, 9, bytes_tail(TWO))
    assert len(data) == 4 + 32 * 4 + 64
