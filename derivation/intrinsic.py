"""Gas that a transaction costs before any code runs, and the least that it costs at all.

Sources: EIP-2028, 2930, 3860, 7623, 7702.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.transaction import Transaction

TRANSACTION_GAS: Final = 21_000
CREATION_GAS: Final = 32_000
ZERO_BYTE_GAS: Final = 4
OTHER_BYTE_GAS: Final = 16
INITCODE_WORD_GAS: Final = 2
ACCESS_LIST_ADDRESS_GAS: Final = 2_400
ACCESS_LIST_SLOT_GAS: Final = 1_900
AUTHORIZATION_GAS: Final = 25_000
FLOOR_TOKEN_GAS: Final = 10
"""EIP-7623; a zero byte is one token, any other four."""


def message_intrinsic_gas(to: bytes | None, data: bytes) -> int:
    """Return the intrinsic gas of recipient and data alone (all that a deposit has)."""
    zeroes = data.count(0)
    gas = TRANSACTION_GAS + zeroes * ZERO_BYTE_GAS + (len(data) - zeroes) * OTHER_BYTE_GAS
    if to is None:
        gas += CREATION_GAS + INITCODE_WORD_GAS * -(-len(data) // 32)
    return gas


def intrinsic_gas(tx: Transaction) -> int:
    """Return the gas that `tx` costs before execution."""
    return (
        message_intrinsic_gas(tx.to, tx.data)
        + ACCESS_LIST_ADDRESS_GAS * len(tx.access_list)
        + ACCESS_LIST_SLOT_GAS * sum(len(entry.storage_keys) for entry in tx.access_list)
        + AUTHORIZATION_GAS * len(tx.authorizations)
    )


def data_floor_gas(data: bytes) -> int:
    """Return the least gas that a transaction with `data` pays (EIP-7623)."""
    zeroes = data.count(0)
    return TRANSACTION_GAS + FLOOR_TOKEN_GAS * (zeroes + 4 * (len(data) - zeroes))


def floor_gas(tx: Transaction) -> int:
    """Return the least gas that `tx` pays, whatever it executes."""
    return data_floor_gas(tx.data)
