"""DevControl on the L1: its calls, and how it comes to an L1 that did not begin with it.

The built-in L1 has the contract in its first block.  Chains that begin as files say do not,
and their first block stays as it is.  There the contract is created when something is
declared of the L2 for the first time, by the first transaction of the devnet's owner
account: so its address is known, and stands in the rollup config, before the contract is
there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from byline.derivation.hashing import ZERO_ADDRESS, keccak256
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.derivation.transaction import Transaction
from byline.node.accounts import (
    DEV_ACCOUNTS,
    OPERATOR_ROLES,
    OWNER_INDEX,
    DevAccount,
    dev_account,
    operator_account,
)
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import artifacts
from byline.node.evm.accounts import created_address
from byline.node.evm.machine import Machine

SET_CLOCK_SELECTOR: Final = keccak256(b"setClock(uint256,uint64)")[:4]
DEPOSIT_SELECTOR: Final = keccak256(b"deposit(uint256,bytes32,bytes)")[:4]
SET_FIELD_SELECTOR: Final = keccak256(b"setField(uint256,uint256,uint256)")[:4]
SELECTORS: Final = frozenset({SET_CLOCK_SELECTOR, DEPOSIT_SELECTOR, SET_FIELD_SELECTOR})
BASE_CALL_GAS: Final = 100_000
"""Gas of a call beside what its data cost: storage, memory and the log of a long deposit."""
LOG_BYTE_GAS: Final = 9
"""Gas of one byte in a log, and of copying it."""
CREATION_GAS: Final = 1_000_000
BUDGET: Final = 10 * 10**18
"""Wei that the owner is given for its transactions, where genesis gave it none."""
LEAST_BUDGET: Final = 10**18
"""Wei below which the owner is given more."""
SPARE_ACCOUNTS: Final = range(DEV_ACCOUNTS, 30)
"""Development accounts that the OP Stack's devnets fund and users are not shown."""


def set_clock_call(l2_number: int, timestamp: int) -> bytes:
    """Return the call that gives the L2 block `l2_number` its `timestamp`."""
    return SET_CLOCK_SELECTOR + _words(l2_number, timestamp)


def deposit_call(l2_number: int, salt: bytes, deposit: bytes) -> bytes:
    """Return the call that forces a deposit into the L2 block `l2_number`.

    `deposit` is what `derivation.dev_deposits.write_deposit` returns.
    """
    padding = bytes(-len(deposit) % 32)
    head = _words(l2_number) + salt + _words(96, len(deposit))
    return DEPOSIT_SELECTOR + head + deposit + padding


def set_field_call(l2_number: int, field: int, value: int) -> bytes:
    """Return the call that gives a header field of the L2 block `l2_number` a `value`."""
    return SET_FIELD_SELECTOR + _words(l2_number, field, value)


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def call_gas(data: bytes) -> int:
    """Return the gas limit for a call of DevControl with `data`."""
    return (
        max(message_intrinsic_gas(ZERO_ADDRESS, data), data_floor_gas(data))
        + BASE_CALL_GAS
        + LOG_BYTE_GAS * len(data)
    )


def creation_code() -> bytes:
    """Return code that creates DevControl, owned by who runs it."""
    runtime = artifacts.load("DevControl").runtime
    start = bytes.fromhex("335f55")  # the caller into slot 0, where the owner stands
    copy = bytes.fromhex(f"61{len(runtime):04x}80600d5f395ff3")
    return start + copy + runtime


def is_ours(tx: Transaction, address: bytes | None) -> bool:
    """Tell whether a transaction calls DevControl at its `address`, or creates it."""
    if tx.to is None:
        return tx.data == creation_code()
    return tx.to == address and tx.data[:4] in SELECTORS


def future_address(alloc: Mapping[bytes, GenesisAccount]) -> bytes | None:
    """Return where the owner can create DevControl on an L1 that begins with `alloc`.

    `None` where the owner has sent transactions already, or something is there.
    """
    owner = dev_account(OWNER_INDEX).address
    address = created_address(owner, 0)
    used = owner in alloc and (alloc[owner].nonce or alloc[owner].code)
    return None if used or address in alloc else address


def funder(machine: Machine, l2_chain_id: int, busy: Collection[bytes]) -> DevAccount | None:
    """Return an account whose key is known and that can give the owner its budget.

    Those at the addresses `busy` have transactions under way and are passed over.

    Accounts that users are shown come last, so that their nonces stay theirs where possible.
    """
    spare = [dev_account(index) for index in reversed(SPARE_ACCOUNTS)]
    operators = [operator_account(l2_chain_id, role) for role in range(OPERATOR_ROLES)]
    shown = [dev_account(index) for index in reversed(range(DEV_ACCOUNTS))]
    for account in (*spare, *operators, *shown):
        address = account.address
        if address not in busy and machine.balance(address) > 2 * BUDGET:
            return account
    return None
