from __future__ import annotations

import pytest

from byline.derivation.hashing import keccak256
from byline.precompiles.math.sum_tree import (
    Frontier,
    SumNode,
    SumRoot,
    SumTree,
    fold_chunks,
    sum_tree_chunk,
    sum_tree_proof,
    sum_tree_root,
    verify_leaf,
)

A, B, C = (bytes([digit]) * 20 for digit in (0xA1, 0xB2, 0xC3))


def u(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def test_three_leaves_hash_as_the_format_says() -> None:
    leaves = [
        keccak256(b"\0" + u(index, 4) + who + u(amount, 16))
        for index, (who, amount) in enumerate([(A, 5), (B, 0), (C, 2**100)])
    ]
    pair = keccak256(b"\1" + leaves[0] + u(5, 16) + leaves[1] + u(0, 16))
    top = keccak256(b"\1" + pair + u(5, 16) + leaves[2] + u(2**100, 16))
    root = keccak256(b"\2" + u(3, 4) + u(2**100 + 5, 16) + top)
    entries = [(A, 5), (B, 0), (C, 2**100)]

    assert sum_tree_root(entries).root == root
    assert sum_tree_root(entries).total == 2**100 + 5
    # The third leaf moves up one level without a neighbour.
    assert sum_tree_proof(entries, 2) == u(3, 4) + pair + u(5, 16)
    assert sum_tree_proof(entries, 0) == (
        u(3, 4) + leaves[1] + u(0, 16) + leaves[2] + u(2**100, 16)
    )


def test_a_tree_of_one_leaf_is_proved_by_its_count_alone() -> None:
    tree = SumTree([(A, 7)])
    assert tree.proof(0) == u(1, 4)
    assert verify_leaf(tree.root.root, 7, 0, A, 7, tree.proof(0))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "no entries"),
        ([(A, 1), (A, 1)], "entry 1, .*is not above"),
        ([(B, 1), (A, 1)], "sort by address"),
        ([(A[:19], 1)], "19 bytes"),
        ([(A, -1)], "outside"),
        ([(A, 2**128)], "outside"),
        ([(A, 2**128 - 1), (B, 1)], "above 2\\*\\*128 - 1"),
        ([(A, 2**127), (B, 2**127 - 1), (C, 1)], "above 2\\*\\*128 - 1"),
    ],
)
def test_lists_that_no_tree_can_hold_are_refused(
    entries: list[tuple[bytes, int]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        SumTree(entries)
    with pytest.raises(ValueError, match=words):
        sum_tree_root(entries)


def test_the_largest_total_is_held() -> None:
    tree = SumTree([(A, 2**128 - 2), (B, 1)])
    assert tree.root.total == 2**128 - 1
    assert verify_leaf(tree.root.root, 2**128 - 1, 1, B, 1, tree.proof(1))


def test_there_is_no_proof_of_an_entry_beyond_the_list() -> None:
    tree = SumTree([(A, 1), (B, 2)])
    for index in (-1, 2):
        with pytest.raises(IndexError, match="sum tree of 2"):
            tree.proof(index)


def test_arguments_of_another_size_or_range_are_not_proved() -> None:
    tree = SumTree([(A, 1), (B, 2)])
    root, proof = tree.root.root, tree.proof(0)
    assert verify_leaf(root, 3, 0, A, 1, proof)
    assert not verify_leaf(root + b"\0", 3, 0, A, 1, proof)
    assert not verify_leaf(root, 3 + 2**128, 0, A, 1, proof)
    assert not verify_leaf(root, -3, 0, A, 1, proof)
    assert not verify_leaf(root, 3, 2**32, A, 1, proof)
    assert not verify_leaf(root, 3, -1, A, 1, proof)
    assert not verify_leaf(root, 3, 0, A[1:], 1, proof)
    assert not verify_leaf(root, 3, 0, A, 1 + 2**128, proof)
    assert not verify_leaf(root, 3, 0, A, 1, proof[:-1])
    assert not verify_leaf(root, 3, 0, A, 1, b"")


def test_the_last_index_is_used_and_no_index_beyond() -> None:
    assert sum_tree_chunk([(A, 1)], 2**32 - 1).sum == 1
    with pytest.raises(ValueError, match="below 2\\*\\*32"):
        sum_tree_chunk([(A, 1), (B, 1)], 2**32 - 1)


@pytest.mark.parametrize("size", [0, -2, 3, 1000])
def test_chunks_that_do_not_fall_on_nodes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Frontier(size)


def test_only_the_last_chunk_is_short() -> None:
    node = SumNode(bytes(32), 1)
    frontier = Frontier(4).push(node, 4).push(node, 3)
    assert frontier.count == 7
    with pytest.raises(ValueError, match="after the last"):
        frontier.push(node, 1)
    for leaves in (0, 5):
        with pytest.raises(ValueError, match="want 1 to 4"):
            Frontier(4).push(node, leaves)


def test_the_number_of_chunks_is_that_of_the_count() -> None:
    node = SumNode(bytes(32), 1)
    assert fold_chunks([node] * 3, 4, 9).count == 9
    with pytest.raises(ValueError, match="hold 8 leaves, not 9"):
        fold_chunks([node] * 2, 4, 9)
    with pytest.raises(ValueError, match="want 1 to 4"):
        fold_chunks([node] * 3, 4, 8)
    with pytest.raises(ValueError, match="no chunks"):
        fold_chunks([], 4, 0)


def test_chunks_cannot_sum_beyond_128_bits() -> None:
    half = SumNode(bytes(32), 2**127)
    with pytest.raises(ValueError, match="above 2\\*\\*128 - 1"):
        Frontier(1).push(half, 1).push(half, 1)


def test_a_chunk_and_its_proof_lead_to_the_root() -> None:
    entries = [(bytes([place]) * 20, place) for place in range(1, 12)]
    tree = SumTree(entries)
    for size in (1, 2, 4, 8, 16):
        for first in range(0, len(entries), size):
            top = tree.chunk(first, size)
            assert top == sum_tree_chunk(entries[first : first + size], first)
            proof = tree.chunk_proof(first, size)
            assert climb(top, first // size, -(-len(entries) // size), proof[4:]) == tree.root
    assert tree.chunk_proof(3, 1) == tree.proof(3)


def climb(top: SumNode, place: int, width: int, neighbours: bytes) -> SumRoot:
    """Join `top` with the neighbours of its way; all must be used."""
    while width > 1:
        if place ^ 1 < width:
            neighbour = SumNode.decode(neighbours[:48])
            neighbours = neighbours[48:]
            top = neighbour.join(top) if place & 1 else top.join(neighbour)
        place, width = place >> 1, (width + 1) >> 1
    assert not neighbours
    return top.wrap(11)


@pytest.mark.parametrize(("first", "size"), [(0, 3), (1, 2), (2, 4), (0, 0), (2, 2), (-2, 2)])
def test_what_is_not_a_chunk_of_the_tree_is_refused(first: int, size: int) -> None:
    tree = SumTree([(A, 1), (B, 2)])
    with pytest.raises(ValueError, match="a chunk"):
        tree.chunk(first, size)
    with pytest.raises(ValueError, match="a chunk"):
        tree.chunk_proof(first, size)
