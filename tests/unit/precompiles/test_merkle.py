"""The plain Merkle tree against its definition written another way: by recursion."""

from __future__ import annotations

import time

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from byline.precompiles.evidence.merkle import (
    MAX_PROOF,
    MerkleTree,
    merkle_proof,
    merkle_root,
    verify_chunk,
)

chunk_lists = st.lists(st.binary(max_size=9), max_size=40)


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def top(leaves: list[bytes]) -> bytes:
    """Split where the left side is the largest power of two below the number."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return keccak(b"\x01" + top(leaves[:left]) + top(leaves[left:]))


def root(chunks: list[bytes]) -> bytes:
    leaves = [keccak(b"\x00" + u64(i) + chunk) for i, chunk in enumerate(chunks)]
    return keccak(b"\x02" + u64(len(chunks)) + (top(leaves) if leaves else b""))


@given(chunks=chunk_lists)
def test_the_root_is_that_of_the_definition(chunks: list[bytes]) -> None:
    assert merkle_root(chunks) == MerkleTree(chunks).root == root(chunks)


def test_roots_of_nothing_one_and_two_are_written_out() -> None:
    one = keccak(b"\x00" + u64(0) + b"a")
    two = keccak(b"\x00" + u64(1) + b"b")
    assert merkle_root([]) == keccak(b"\x02" + u64(0))
    assert merkle_root([b"a"]) == keccak(b"\x02" + u64(1) + one)
    assert merkle_root([b"a", b"b"]) == keccak(b"\x02" + u64(2) + keccak(b"\x01" + one + two))


@given(chunks=chunk_lists)
def test_every_chunk_has_a_proof_and_no_other_chunk_has_it(chunks: list[bytes]) -> None:
    tree = MerkleTree(chunks)
    for index, chunk in enumerate(chunks):
        proof = tree.proof(index)
        assert proof == merkle_proof(chunks, index)
        assert verify_chunk(tree.root, index, chunk, proof)
        assert not verify_chunk(tree.root, index, chunk + b"\0", proof)
        assert not verify_chunk(tree.root, index ^ 1, chunk, proof)
        assert not verify_chunk(tree.root, len(chunks) + index, chunk, proof)


@given(
    chunks=st.lists(st.binary(max_size=3), min_size=1, max_size=20),
    index=st.integers(0, 19),
    place=st.integers(0, 400),
    change=st.integers(1, 255),
)
def test_a_changed_cut_or_longer_proof_shows_nothing(
    chunks: list[bytes], index: int, place: int, change: int
) -> None:
    index %= len(chunks)
    tree = MerkleTree(chunks)
    proof = tree.proof(index)
    changed = bytearray(proof)
    changed[place % len(proof)] ^= change
    assert not verify_chunk(tree.root, index, chunks[index], bytes(changed))
    assert not verify_chunk(tree.root, index, chunks[index], proof[: place % len(proof)])
    assert not verify_chunk(tree.root, index, chunks[index], proof + bytes(32))
    assert not verify_chunk(tree.root, index, chunks[index], proof + b"\0")


def test_a_node_is_no_leaf_and_a_subtree_is_no_tree() -> None:
    left, right = (keccak(b"\x00" + u64(i) + chunk) for i, chunk in enumerate((b"a", b"b")))
    tree = MerkleTree([b"a", b"b"])
    assert not verify_chunk(tree.root, 0, left + right, u64(1))
    whole = MerkleTree([b"a", b"b", b"c", b"d"])
    assert not verify_chunk(whole.root, 0, b"a", tree.proof(0))


def test_a_proof_that_names_the_largest_number_is_walked_to_its_end() -> None:
    proof = b"\xff" * 8 + bytes(32 * 64)
    assert len(proof) == MAX_PROOF
    assert not verify_chunk(bytes(32), 2**64 - 2, b"", proof)
    assert not verify_chunk(bytes(32), 2**64 - 1, b"", proof)
    assert not verify_chunk(bytes(32), 2**64, b"", proof)
    assert not verify_chunk(bytes(32), -1, b"", proof)


def test_there_is_no_proof_of_a_chunk_that_is_not_there() -> None:
    tree = MerkleTree([b"a", b"b", b"c"])
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"chunk {index} of 3"):
            tree.proof(index)
    assert len(tree) == 3


def test_a_tree_of_a_dataset_is_hashed_in_no_time() -> None:
    chunks = [u64(i) * 128 for i in range(2000)]
    taken = []
    for _ in range(5):
        start = time.process_time()
        MerkleTree(chunks)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.2
