"""What eth_getProof answers, verified by another implementation of the trie."""

from __future__ import annotations

import asyncio

import pytest
import rlp
from trie import HexaryTrie

from byline.derivation.constants import L1_BLOCK
from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.node.backend.state import EMPTY_CODE_HASH, NodeState
from byline.node.backend.threads import Threads
from byline.rpc.backend import AccountProof
from tests.integration.rollups import ALICE, world

NOBODY = b"\x99" * 20


def proven(root: bytes, key: bytes, proof: tuple[bytes, ...]) -> bytes:
    """Return the value of a key as its proof shows it; raises for a proof that fails."""
    nodes = [rlp.decode(node) for node in proof]
    return bytes(HexaryTrie.get_from_proof(root, keccak256(key), nodes))


@pytest.fixture(scope="module")
def answers() -> dict[bytes, tuple[bytes, AccountProof]]:
    """Return the state root and the answer for three accounts after a transfer."""
    made = world()
    made.send("l2")
    made.rollup.mine("l2")
    state = NodeState(made.rollup, "l2", Threads())
    root = made.rollup.engine.chain.head.state_root
    keys = [f"0x{slot:x}" for slot in range(8)] + ["0x" + "77" * 32]

    async def ask() -> dict[bytes, tuple[bytes, AccountProof]]:
        asked = (ALICE.address, L1_BLOCK, NOBODY)
        return {who: (root, await state.proof(who, keys, "latest")) for who in asked}

    try:
        return asyncio.run(ask())
    finally:
        state.threads.close()


@pytest.mark.parametrize("who", [ALICE.address, L1_BLOCK])
def test_an_account_is_proven(
    answers: dict[bytes, tuple[bytes, AccountProof]], who: bytes
) -> None:
    root, found = answers[who]
    fields = [found.nonce, found.balance, found.storage_hash, found.code_hash]
    assert proven(root, who, found.proof) == rlp.encode(fields)
    assert found.address == who


def test_a_slot_is_proven_whether_it_is_set_or_not(
    answers: dict[bytes, tuple[bytes, AccountProof]],
) -> None:
    _, found = answers[L1_BLOCK]
    values = [slot.value for slot in found.storage]
    assert values[0] > 0
    assert values[-1] == 0
    for slot in found.storage:
        key = int(slot.key, 16).to_bytes(32, "big")
        expected = rlp.encode(slot.value) if slot.value else b""
        assert proven(found.storage_hash, key, slot.proof) == expected


def test_the_absence_of_an_account_is_proven(
    answers: dict[bytes, tuple[bytes, AccountProof]],
) -> None:
    root, found = answers[NOBODY]
    assert proven(root, NOBODY, found.proof) == b""
    assert (found.nonce, found.balance) == (0, 0)
    assert (found.storage_hash, found.code_hash) == (EMPTY_TRIE_ROOT, EMPTY_CODE_HASH)
    assert all(slot.proof == () and slot.value == 0 for slot in found.storage)
