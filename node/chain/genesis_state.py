"""The state of a genesis block, hashed at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import rlp
from byline.derivation.trie import trie_root_and_nodes
from byline.node.chain.genesis_account import GenesisAccount


@dataclass(frozen=True, slots=True)
class GenesisState:
    """The root of a state, and all that is below it."""

    root: bytes
    storage_roots: Mapping[bytes, bytes]
    """By address, for accounts with storage."""
    nodes: Mapping[bytes, bytes]
    """Trie nodes, contract codes, addresses and slots by their Keccak-256 hash."""

    def storage_root(self, address: bytes) -> bytes:
        """Return the storage root of an account."""
        return self.storage_roots.get(address, EMPTY_TRIE_ROOT)


def genesis_state(alloc: Mapping[bytes, GenesisAccount]) -> GenesisState:
    """Return the state with the accounts of `alloc`.

    Every account is in the trie, an empty one too: geth writes genesis without the clearing of
    EIP-161.  Words of 0 are not.
    """
    nodes: dict[bytes, bytes] = {}
    storage_roots: dict[bytes, bytes] = {}
    accounts: dict[bytes, bytes] = {}
    for address, account in alloc.items():
        words: dict[bytes, bytes] = {}
        for slot, value in account.storage.items():
            if value:
                place = slot.to_bytes(32, "big")
                key = keccak256(place)
                words[key], nodes[key] = rlp.encode(value), place
        storage_root, storage_nodes = trie_root_and_nodes(words)
        if words:
            nodes |= storage_nodes
            storage_roots[address] = storage_root
        code_hash = keccak256(account.code)
        if account.code:
            nodes[code_hash] = account.code
        key = keccak256(address)
        nodes[key] = address
        accounts[key] = rlp.encode([account.nonce, account.balance, storage_root, code_hash])
    root, state_nodes = trie_root_and_nodes(accounts)
    return GenesisState(root, storage_roots, nodes | state_nodes)
