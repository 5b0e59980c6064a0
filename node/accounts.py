"""The development accounts: keys that everybody knows, never for real money."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from byline.node.keys import address_of, derive_key, seed_of

TEST_MNEMONIC: Final = "test test test test test test test test test test test junk"
"""The mnemonic that anvil and Hardhat use, so scripts find the same accounts here."""

DEV_ACCOUNTS: Final = 20
DEV_BALANCE: Final = 10_000 * 10**18
"""Wei that each development account has at genesis, on both chains."""

BATCHER_INDEX: Final = 30
OWNER_INDEX: Final = 31
PROPOSER_INDEX: Final = 32
CHALLENGER_INDEX: Final = 33
"""Beyond the accounts that users get, so their nonces are the user's alone."""


@dataclass(frozen=True, slots=True)
class DevAccount:
    """An account whose key the node holds."""

    address: bytes
    key: bytes
    """The 32-byte private key."""


@functools.cache
def _seed() -> bytes:
    return seed_of(TEST_MNEMONIC)


@functools.cache
def dev_account(index: int) -> DevAccount:
    """Return the account at m/44'/60'/0'/0/`index` of the test mnemonic."""
    return _account(f"m/44'/60'/0'/0/{index}")


def _account(path: str) -> DevAccount:
    key = derive_key(_seed(), path)
    return DevAccount(address_of(key), key)


OPERATOR_ROLES: Final = 12
"""Accounts that the OP Stack's devnets derive for each L2, the batcher among them."""


@functools.cache
def operator_account(l2_chain_id: int, role: int) -> DevAccount:
    """Return the account at m/44'/60'/2'/`l2_chain_id`/`role` of the test mnemonic.

    That is where op-deployer and supersim find the operators of an L2.
    """
    return _account(f"m/44'/60'/2'/{l2_chain_id}/{role}")


def known_account(address: bytes, l2_chain_id: int) -> DevAccount | None:
    """Return the account at `address` if it is one that everybody has the key of."""
    ours = (dev_account(index) for index in range(CHALLENGER_INDEX + 1))
    operators = (operator_account(l2_chain_id, role) for role in range(OPERATOR_ROLES))
    for accounts in (ours, operators):
        for account in accounts:
            if account.address == address:
                return account
    return None


@functools.cache
def dev_accounts() -> tuple[DevAccount, ...]:
    """Return the accounts that users get, in mnemonic order."""
    return tuple(dev_account(index) for index in range(DEV_ACCOUNTS))
