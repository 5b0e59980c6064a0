"""Deposits: the calls that make them, and the transactions of the L2 that follow.

Sources: ethereum-optimism/specs, protocol/deposits.md, protocol/bridges.md, and
experimental/custom-gas-token.md in the form of 2024 for an ERC-20 that pays for gas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from byline.derivation.deposits import source_hash_user, user_deposits
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DepositTransaction
from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import Contracts
from byline.node.bridge.fields import number, octets

TRANSFER_GAS: Final = 100_000
"""Gas of the L2 that a plain transfer to an account needs, with room."""
BRIDGE_GAS: Final = 200_000
"""Gas of the L2 that the bridge there needs for a token, with room."""
NOBODY: Final = bytes(20)

_DEPOSIT: Final = "depositTransaction(address,uint256,uint64,bool,bytes)"
_DEPOSIT_ERC20: Final = "depositERC20Transaction(address,uint256,uint256,uint64,bool,bytes)"
_BRIDGE_ERC20: Final = "bridgeERC20To(address,address,address,uint256,uint32,bytes)"


def approve(token: bytes, spender: bytes, amount: int) -> Call:
    """Let `spender` take `amount` of a token of the caller (EIP-20)."""
    return Call(token, calldata("approve(address,uint256)", [spender, amount]))


def approve_gas_token(contracts: Contracts, amount: int) -> Call:
    """Let the portal take `amount` of the token that pays for gas.

    Raises `ValueError` where ether pays for it.
    """
    return approve(_gas_token(contracts), contracts.portal, amount)


def deposit_gas_token(
    contracts: Contracts,
    to: bytes | None,
    mint: int,
    *,
    value: int | None = None,
    gas: int = TRANSFER_GAS,
    data: bytes = b"",
) -> Call:
    """Deposit `mint` wei of the token that pays for gas, once the portal may take them.

    The L2 mints them for the caller, who then calls `to` with `value` (default: all of `mint`);
    `to` of `None` creates a contract.  Raises `ValueError` where ether pays for gas.
    """
    _gas_token(contracts)
    sent = mint if value is None else value
    arguments = [to or NOBODY, mint, sent, gas, to is None, data]
    return Call(contracts.portal, calldata(_DEPOSIT_ERC20, arguments))


def deposit_ether(
    contracts: Contracts,
    to: bytes | None,
    mint: int,
    *,
    value: int | None = None,
    gas: int = TRANSFER_GAS,
    data: bytes = b"",
) -> Call:
    """Deposit `mint` wei of ether; arguments as of `deposit_gas_token`.

    Where a token pays for gas the portal refuses ether (`NoValue()`), so `mint` must be 0:
    raises `ValueError` otherwise.
    """
    if mint and contracts.gas_token is not None:
        raise ValueError(
            f"deposit of {mint} wei of ether: the ERC-20 0x{contracts.gas_token.hex()} pays for "
            "gas on this L2; use deposit_gas_token"
        )
    sent = mint if value is None else value
    arguments = [to or NOBODY, sent, gas, to is None, data]
    return Call(contracts.portal, calldata(_DEPOSIT, arguments), mint)


def bridge_token(
    contracts: Contracts,
    l1_token: bytes,
    l2_token: bytes,
    to: bytes,
    amount: int,
    *,
    gas: int = BRIDGE_GAS,
) -> Call:
    """Bridge an ERC-20 to its twin on the L2, once the bridge may take it (`approve`)."""
    arguments = [l1_token, l2_token, to, amount, gas, b""]
    return Call(contracts.l1_standard_bridge, calldata(_BRIDGE_ERC20, arguments))


def deposits_of(receipt: Mapping[str, Any], portal: bytes) -> list[DepositTransaction]:
    """Return the transactions that the L2 will execute because of an L1 transaction.

    `receipt` is that of the L1 transaction, as JSON or as web3.py reads it; the `hash` of each is
    that on the L2.  Raises `Critical` for a log that no portal emits.
    """
    if number(receipt["status"]) != 1:
        return []
    block_hash = octets(receipt["blockHash"])
    found = []
    for item in receipt["logs"]:
        topics = tuple(octets(topic) for topic in item["topics"])
        log = Log(octets(item["address"]), topics, octets(item["data"]))
        alone = Receipt(type=2, succeeded=True, cumulative_gas_used=0, logs=(log,))
        source = source_hash_user(block_hash, number(item["logIndex"]))
        found += [
            replace(deposit, source_hash=source)
            for deposit in user_deposits([alone], block_hash, portal)
        ]
    return found


def _gas_token(contracts: Contracts) -> bytes:
    if contracts.gas_token is None:
        raise ValueError("ether pays for gas on this L2: use deposit_ether")
    return contracts.gas_token
