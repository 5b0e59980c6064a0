"""Deposits: from the portal's logs on the L1 to transactions that the L2 must include.

Sources: ethereum-optimism/specs, protocol/deposits.md; op-node, rollup/derive/deposit_log.go,
deposit_source.go, deposits.go (receipts that failed carry no deposits).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from byline.derivation.errors import Critical
from byline.derivation.hashing import ZERO_HASH, keccak256
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import DepositTransaction

TRANSACTION_DEPOSITED: Final = keccak256(b"TransactionDeposited(address,address,uint256,bytes)")
"""Topic 0 of the portal's event; the others are from, to and version."""

_USER, _L1_INFO, _UPGRADE = 0, 1, 2
_OPAQUE_HEAD: Final = 73
"""Bytes before the call data: mint 32, value 32, gas 8, is-creation 1."""


def _source_hash(domain: int, identifier: bytes) -> bytes:
    return keccak256(domain.to_bytes(32, "big") + identifier)


def source_hash_user(l1_block_hash: bytes, log_index: int) -> bytes:
    """Return the source hash of a user deposit.

    `log_index` counts all logs of the L1 block, whoever emitted them.
    """
    return _source_hash(_USER, keccak256(l1_block_hash + log_index.to_bytes(32, "big")))


def source_hash_l1_info(l1_block_hash: bytes, sequence_number: int) -> bytes:
    """Return the source hash of the L1 attributes transaction of one L2 block."""
    return _source_hash(_L1_INFO, keccak256(l1_block_hash + sequence_number.to_bytes(32, "big")))


def source_hash_upgrade(intent: str) -> bytes:
    """Return the source hash of a network upgrade transaction, known by its `intent`."""
    return _source_hash(_UPGRADE, keccak256(intent.encode()))


def user_deposits(
    receipts: Sequence[Receipt], l1_block_hash: bytes, portal: bytes
) -> tuple[DepositTransaction, ...]:
    """Return the deposits of one L1 block, in the order of their logs.

    Raises `Critical` on a malformed log: the portal cannot emit one, so the config names
    a wrong contract, and guessing would fork the chain.
    """
    deposits = []
    index = 0
    for receipt in receipts:
        for log in receipt.logs:
            if receipt.succeeded and _is_deposit(log, portal):
                deposits.append(_read_deposit(log, source_hash_user(l1_block_hash, index), index))
            index += 1
    return tuple(deposits)


def _is_deposit(log: Log, portal: bytes) -> bool:
    return log.address == portal and log.topics[:1] == (TRANSACTION_DEPOSITED,)


def _read_deposit(log: Log, source_hash: bytes, index: int) -> DepositTransaction:
    def refuse(why: str) -> Critical:
        return Critical(
            f"deposit log {index} of the portal 0x{log.address.hex()}: {why}; "
            "check deposit_contract_address in the rollup config"
        )

    if len(log.topics) != 4:
        raise refuse(f"{len(log.topics)} topics, want 4")
    if log.topics[3] != ZERO_HASH:
        raise refuse(f"version {int.from_bytes(log.topics[3], 'big')} is unknown, want 0")
    opaque = _opaque_data(log.data)
    if opaque is None:
        raise refuse("the data are not one ABI-encoded byte string with minimal padding")
    if len(opaque) < _OPAQUE_HEAD:
        raise refuse(f"{len(opaque)} bytes of opaque data, want at least {_OPAQUE_HEAD}")
    creates = opaque[72] != 0
    return DepositTransaction(
        source_hash=source_hash,
        sender=log.topics[1][12:],
        to=None if creates else log.topics[2][12:],
        mint=int.from_bytes(opaque[:32], "big"),
        value=int.from_bytes(opaque[32:64], "big"),
        gas=int.from_bytes(opaque[64:72], "big"),
        is_system_transaction=False,
        data=opaque[_OPAQUE_HEAD:],
    )


def _opaque_data(data: bytes) -> bytes | None:
    if len(data) < 64 or len(data) % 32 or int.from_bytes(data[:32], "big") != 32:
        return None
    length = int.from_bytes(data[32:64], "big")
    room = len(data) - 64
    if not room - 32 < length <= room:
        return None
    return data[64 : 64 + length]
