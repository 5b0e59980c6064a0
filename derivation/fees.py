"""What an L2 transaction pays beside its gas: the L1 data fee and the operator fee.

All amounts are wei, all arithmetic is on integers and rounds down.  Deposits pay none
of this: they were paid for on the L1.

Sources: OP Stack specs, protocol/fjord/exec-engine.md (Fees), isthmus/exec-engine.md and
jovian/exec-engine.md (operator fee, DA footprint); L1Block storage as in
protocol/ecotone/l1-attributes.md and isthmus/l1-attributes.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from byline.derivation.kernels.fastlz import fastlz_length
from byline.derivation.transaction import DEPOSIT

BASE_FEE_SLOT: Final = 1
SCALARS_SLOT: Final = 3
BLOB_BASE_FEE_SLOT: Final = 7
OPERATOR_FEE_SLOT: Final = 8

MIN_SIZE_SCALED: Final = 100_000_000
"""Fjord: every transaction counts as at least 100 bytes; in millionths of a byte."""
_SIZE_PER_FASTLZ_BYTE: Final = 836_500
_SIZE_INTERCEPT: Final = 42_585_600
_GAS_PER_BYTE: Final = 16
_U32: Final = 2**32 - 1
_U64: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class L1FeeParameters:
    """What L1Block knows of the L1's prices once the L1 attributes transaction has run."""

    base_fee: int
    """Wei per gas on the L1."""
    base_fee_scalar: int
    """Millionths."""
    blob_base_fee: int
    """Wei per blob gas on the L1."""
    blob_base_fee_scalar: int
    """Millionths."""
    operator_fee_scalar: int = 0
    operator_fee_constant: int = 0
    """Wei a transaction."""
    da_footprint_gas_scalar: int | None = None
    """Gas per estimated byte; `None` before Jovian."""

    @classmethod
    def from_words(
        cls, base_fee: int, scalars: int, blob_base_fee: int, operator_fee: int, *, jovian: bool
    ) -> L1FeeParameters:
        """Unpack the storage words of L1Block at slots 1, 3, 7 and 8."""
        return cls(
            base_fee=base_fee,
            base_fee_scalar=scalars >> 96 & _U32,
            blob_base_fee=blob_base_fee,
            blob_base_fee_scalar=scalars >> 64 & _U32,
            operator_fee_scalar=operator_fee >> 64 & _U32,
            operator_fee_constant=operator_fee & _U64,
            da_footprint_gas_scalar=operator_fee >> 96 & 0xFFFF if jovian else None,
        )

    @classmethod
    def read(cls, storage: Callable[[int], int], *, jovian: bool) -> L1FeeParameters:
        """Read them through `storage`, which answers a slot of L1Block with its word."""
        slots = (BASE_FEE_SLOT, SCALARS_SLOT, BLOB_BASE_FEE_SLOT, OPERATOR_FEE_SLOT)
        base_fee, scalars, blob_base_fee, operator = (storage(slot) for slot in slots)
        return cls.from_words(base_fee, scalars, blob_base_fee, operator, jovian=jovian)


# A transaction is asked for its fee, its gas and its footprint, at admission and again in
# a block; the few that are in flight are remembered (at most 256 of 128 KiB: 32 MiB).
@lru_cache(maxsize=256)
def estimated_size_scaled(raw: bytes) -> int:
    """Return millionths of the bytes that a transaction is expected to take on the L1.

    `raw` is the signed transaction as it travels (EIP-2718).
    """
    return size_scaled(fastlz_length(raw))


def size_scaled(compressed: int) -> int:
    """Return the same from the transaction's length after FastLZ."""
    return max(MIN_SIZE_SCALED, _SIZE_PER_FASTLZ_BYTE * compressed - _SIZE_INTERCEPT)


def l1_data_fee(raw: bytes, parameters: L1FeeParameters) -> int:
    """Return the wei that an L2 transaction pays for its place on the L1 (Fjord).

    Nothing for a deposit, and nothing for no bytes (a call that is not sent).
    """
    if not raw or raw[0] == DEPOSIT:
        return 0
    return fee_of_size(estimated_size_scaled(raw), parameters)


def fee_of_size(scaled: int, parameters: L1FeeParameters) -> int:
    """Return the wei for `scaled` millionths of a byte on the L1."""
    price = (
        _GAS_PER_BYTE * parameters.base_fee * parameters.base_fee_scalar
        + parameters.blob_base_fee * parameters.blob_base_fee_scalar
    )
    return scaled * price // 10**12


def l1_gas_used(raw: bytes) -> int:
    """Return the L1 gas that receipts report for a transaction; nothing is charged by it."""
    if not raw or raw[0] == DEPOSIT:
        return 0
    return gas_of_size(estimated_size_scaled(raw))


def gas_of_size(scaled: int) -> int:
    """Return the L1 gas of `scaled` millionths of a byte as calldata."""
    return scaled * _GAS_PER_BYTE // 10**6


def operator_fee(gas: int, parameters: L1FeeParameters, *, jovian: bool) -> int:
    """Return the wei for the chain's operator when a transaction uses (or may use) `gas`.

    Isthmus counts the scalar in millionths, Jovian in hundreds.
    """
    scaled = gas * parameters.operator_fee_scalar
    share = scaled * 100 if jovian else scaled // 10**6
    return share + parameters.operator_fee_constant


def da_footprint(raw: bytes, scalar: int) -> int:
    """Return the gas by which a transaction counts against the block's data (Jovian).

    The estimated size is rounded down to bytes before it is multiplied.
    """
    if not raw or raw[0] == DEPOSIT:
        return 0
    return estimated_size_scaled(raw) // 10**6 * scalar
