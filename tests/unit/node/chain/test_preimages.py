from __future__ import annotations

import pytest

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_state import genesis_state
from byline.node.chain.preimages import address_behind, slot_behind
from byline.node.evm.engines import engine
from byline.node.evm.machine import BlockContext, Machine, OpcodeSet

ADDRESS = bytes.fromhex("aa" * 20)
OTHER = bytes.fromhex("bb" * 20)
SLOT = 0x1234
BLOCK = BlockContext(1, 1, 1, bytes(20), 30_000_000, 0, bytes(32), 1)


def _opened(name: str, nodes: dict[bytes, bytes], root: bytes) -> Machine:
    return engine(name).open(nodes.get, root, BLOCK, {}, OpcodeSet.OSAKA)


@pytest.mark.parametrize("name", ["fast", "pyevm"])
def test_a_machine_keeps_addresses_and_slots_under_their_hashes(name: str) -> None:
    machine = _opened(name, {}, EMPTY_TRIE_ROOT)
    machine.set_balance(ADDRESS, 1)
    machine.set_storage(ADDRESS, SLOT, 7)
    machine.commit()
    read = dict(machine.nodes).get
    assert address_behind(read, keccak256(ADDRESS)) == ADDRESS
    assert slot_behind(read, keccak256(SLOT.to_bytes(32, "big"))) == SLOT
    assert address_behind(read, keccak256(OTHER)) is None


def test_the_fast_machine_keeps_only_what_is_new_to_the_tries() -> None:
    first = _opened("fast", {}, EMPTY_TRIE_ROOT)
    first.set_balance(ADDRESS, 1)
    first.set_storage(ADDRESS, SLOT, 7)
    root, nodes = first.commit(), dict(first.nodes)
    second = _opened("fast", nodes, root)
    second.set_balance(ADDRESS, 2)
    second.set_storage(ADDRESS, SLOT, 8)
    second.set_balance(OTHER, 1)
    second.set_storage(OTHER, 1, 0)
    second.commit()
    assert keccak256(ADDRESS) not in second.nodes
    assert keccak256(SLOT.to_bytes(32, "big")) not in second.nodes
    assert keccak256(bytes(31) + b"\1") not in second.nodes
    assert address_behind(second.nodes.get, keccak256(OTHER)) == OTHER


def test_a_node_or_a_code_is_no_preimage() -> None:
    node = {keccak256(b"code"): b"code"}
    assert address_behind(node.get, keccak256(b"code")) is None
    assert slot_behind(node.get, keccak256(b"code")) is None


def test_genesis_keeps_them_too() -> None:
    state = genesis_state({ADDRESS: GenesisAccount(balance=1, storage={SLOT: 7, 5: 0})})
    assert address_behind(state.nodes.get, keccak256(ADDRESS)) == ADDRESS
    assert slot_behind(state.nodes.get, keccak256(SLOT.to_bytes(32, "big"))) == SLOT
    assert slot_behind(state.nodes.get, keccak256(bytes(31) + b"\5")) is None
