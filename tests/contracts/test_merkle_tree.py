"""`lib/merkle_tree.vy` gives the roots of `evidence.merkle` and takes its proofs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.precompiles.evidence.merkle import MerkleTree, merkle_root, verify_chunk
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm

SOURCE = """
from lib import merkle_tree

@external
@pure
def evidence_root(leaves: Bytes[14336]) -> bytes32:
    return merkle_tree._evidence_root(leaves)

@external
@pure
def records_root(leaves: Bytes[46080]) -> bytes32:
    return merkle_tree._records_root(leaves)

@external
@pure
def proves(root: bytes32, index: uint256, chunk: Bytes[1024], proof: Bytes[2056]) -> bool:
    return merkle_tree._proves(root, index, chunk, proof)
"""
TREE = b"\x9e" * 20


@pytest.fixture(scope="module")
def tree() -> Contract:
    artifact = compiled(SOURCE)
    evm = Evm()
    evm.set(TREE, code=artifact.runtime)
    return Contract(evm, TREE, artifact.abi)


def leaves(size: int, count: int) -> list[bytes]:
    source = random.Random(count)
    return [source.randbytes(size) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 11, 255, 256])
def test_roots_of_leaves_of_both_sizes(tree: Contract, count: int) -> None:
    for name, size in (("evidence_root", 56), ("records_root", 180)):
        chunks = leaves(size, count)
        assert tree.read(name, b"".join(chunks)) == merkle_root(chunks)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 13])
def test_every_proof_of_a_tree_is_taken(tree: Contract, count: int) -> None:
    chunks = leaves(1024, count)
    made = MerkleTree(chunks)
    for index, chunk in enumerate(chunks):
        assert tree.read("proves", made.root, index, chunk, made.proof(index))
        assert not tree.read("proves", made.root, index, chunk[1:], made.proof(index))
        assert not tree.read("proves", made.root, index + count, chunk, made.proof(index))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 9),
    index=st.integers(0, 9) | st.sampled_from([2**64 - 1, 2**64, 2**255]),
    place=st.integers(0, 200),
    change=st.integers(0, 255),
    cut=st.integers(0, 33),
    more=st.binary(max_size=33),
)
def test_the_verdict_on_a_proof_that_was_tampered_with_is_that_of_the_reference(
    tree: Contract, count: int, index: int, place: int, change: int, cut: int, more: bytes
) -> None:
    chunks = leaves(20, count)
    made = MerkleTree(chunks)
    proof = bytearray(made.proof(index % count))
    proof[place % len(proof)] ^= change
    tampered = bytes(proof[: max(0, len(proof) - cut)]) + more
    chunk = chunks[index % count]
    expected = verify_chunk(made.root, index, chunk, tampered)
    assert tree.read("proves", made.root, index, chunk, tampered) == expected
