"""The development accounts: keys that everybody knows, never for real money."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from eth_account.hdaccount import seed_from_mnemonic
from eth_account.hdaccount.deterministic import HDPath
from eth_keys.datatypes import PrivateKey

TEST_MNEMONIC: Final = "test test test test test test test test test test test junk"
"""The mnemonic that anvil and Hardhat use, so scripts find the same accounts here."""

DEV_ACCOUNTS: Final = 20
DEV_BALANCE: Final = 10_000 * 10**18
"""Wei that each development account has at genesis, on both chains."""

BATCHER_INDEX: Final = 30
OWNER_INDEX: Final = 31
"""Beyond the accounts that users get, so their nonces are the user's alone."""


@dataclass(frozen=True, slots=True)
class DevAccount:
    """An account whose key the node holds."""

    address: bytes
    key: bytes
    """The 32-byte private key."""


@functools.cache
def _seed() -> bytes:
    seed: bytes = seed_from_mnemonic(TEST_MNEMONIC, "")
    return seed


@functools.cache
def dev_account(index: int) -> DevAccount:
    """Return the account at m/44'/60'/0'/0/`index` of the test mnemonic."""
    key = HDPath(f"m/44'/60'/0'/0/{index}").derive(_seed())
    return DevAccount(PrivateKey(key).public_key.to_canonical_address(), bytes(key))


@functools.cache
def dev_accounts() -> tuple[DevAccount, ...]:
    """Return the accounts that users get, in mnemonic order."""
    return tuple(dev_account(index) for index in range(DEV_ACCOUNTS))
