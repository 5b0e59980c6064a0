"""Accounts of a genesis block that carry contracts: code, storage, proxies.

Nothing is deployed: what constructors and initialisers would have left is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.evm.pyevm_constants import constant_of_pyevm

BEACON_ROOTS_CODE: Final = constant_of_pyevm(
    "vm.forks.cancun.constants", "BEACON_ROOTS_CONTRACT_CODE"
)
HISTORY_CODE: Final = constant_of_pyevm(
    "vm.forks.prague.constants", "HISTORY_STORAGE_CONTRACT_CODE"
)
"""EIP-4788 and EIP-2935."""
BLUEPRINT_PREAMBLE: Final = b"\xfe\x71\x00"
"""EIP-5202: what stands before creation code that is kept to be deployed from."""

Alloc = dict[bytes, GenesisAccount]


def number(data: bytes) -> int:
    """Return bytes as a word."""
    return int.from_bytes(data, "big")


def word(value: int) -> bytes:
    """Return a number as 32 bytes."""
    return value.to_bytes(32, "big")


def mapping_slot(slot: int, key: int) -> int:
    """Return where Vyper keeps the entry at `key` of the HashMap at `slot`."""
    return number(keccak256(word(slot) + word(key)))


def contract(name: str, storage: Mapping[int, int] | None = None) -> GenesisAccount:
    """Return a contract that stands at its address with its own code."""
    # Nonce 1 is what a created contract has (EIP-161).
    return GenesisAccount(nonce=1, code=load(name).runtime, storage=storage or {})


def blueprint(name: str) -> GenesisAccount:
    """Return a contract to deploy others from (EIP-5202)."""
    return GenesisAccount(nonce=1, code=BLUEPRINT_PREAMBLE + load(name).bytecode)


def proxied(
    address: bytes,
    name: str,
    implementation: bytes,
    admin: bytes,
    storage: Mapping[int, int] | None = None,
    balance: int = 0,
) -> Alloc:
    """Return a proxy at `address` (EIP-1967) and what it stands for.

    `storage` is the contract's own, `balance` its wei; `admin` may change the implementation.
    """
    slots = {
        **(storage or {}),
        addresses.IMPLEMENTATION_SLOT: number(implementation),
        addresses.ADMIN_SLOT: number(admin),
    }
    code = load("Proxy").runtime
    return {
        address: GenesisAccount(balance=balance, nonce=1, code=code, storage=slots),
        implementation: contract(name),
    }


def on_both_chains() -> Alloc:
    """Return what EIPs and tools expect on every chain."""
    return {
        addresses.MULTICALL3: contract("Multicall3"),
        addresses.CREATE2_DEPLOYER: contract("Create2Deployer"),
        addresses.BEACON_ROOTS: GenesisAccount(nonce=1, code=bytes(BEACON_ROOTS_CODE)),
        addresses.HISTORY_STORAGE: GenesisAccount(nonce=1, code=bytes(HISTORY_CODE)),
    }
