"""Gas that a transaction costs before any code runs, and the least that it costs at all.

Sources: EIP-2028, 2930, 3860, 7623, 7702.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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
    gas = message_intrinsic_gas(tx.to, tx.data) + AUTHORIZATION_GAS * len(tx.authorizations)
    for entry in tx.access_list:
        gas += ACCESS_LIST_ADDRESS_GAS + ACCESS_LIST_SLOT_GAS * len(entry.storage_keys)
    return gas


def data_floor_gas(data: bytes) -> int:
    """Return the least gas that a transaction with `data` pays (EIP-7623)."""
    zeroes = data.count(0)
    return TRANSACTION_GAS + FLOOR_TOKEN_GAS * (zeroes + 4 * (len(data) - zeroes))


def floor_gas(tx: Transaction) -> int:
    """Return the least gas that `tx` pays, whatever it executes."""
    return data_floor_gas(tx.data)


class GasNeeds(NamedTuple):
    """What a transaction takes of gas, whatever it does."""

    intrinsic: int
    """Gone before execution begins."""
    floor: int
    """The least that is paid in the end (EIP-7623); 0 before Prague."""

    @property
    def limit(self) -> int:
        """The gas limit below which the transaction is invalid."""
        return max(self)


def gas_needs(tx: Transaction, *, prague: bool) -> GasNeeds:
    """Return the intrinsic gas and the floor of `tx`; `prague` brings the latter."""
    return GasNeeds(intrinsic_gas(tx), floor_gas(tx) if prague else 0)
