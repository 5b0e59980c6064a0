"""How the price of gas follows from the block before, on the L2 and on the L1.

Sources: EIP-1559; EIP-4844 and 7691 (blob gas); OP Stack specs,
protocol/holocene/exec-engine.md (dynamic EIP-1559 parameters) and
protocol/jovian/exec-engine.md (minimum base fee, DA footprint).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from byline.derivation.config import Fork, RollupConfig
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.types import PayloadAttributes

L1_ELASTICITY: Final = 2
L1_DENOMINATOR: Final = 8
BLOB_GAS: Final = 131_072
"""Blob gas of one blob."""
PRAGUE_BLOB_TARGET: Final = 6 * BLOB_GAS
"""EIP-7691: blob gas of a block at which its price stays."""

_HOLOCENE_LENGTH: Final = 9
_JOVIAN_LENGTH: Final = 17


@dataclass(frozen=True, slots=True)
class BaseFeeParameters:
    """What an L2 header's extra data says about the base fee of the next block."""

    denominator: int
    """The base fee moves by at most one part in this."""
    elasticity: int
    """The gas limit is this many times the target."""
    min_base_fee: int | None = None
    """Wei; `None` before Jovian."""


def extra_data_encode(parameters: BaseFeeParameters) -> bytes:
    """Return extra data: 17 bytes with a minimum base fee (Jovian), else 9 (Holocene).

    Raises `ValueError` for zero or for a number that does not fit.
    """
    for name, value in (
        ("denominator", parameters.denominator),
        ("elasticity", parameters.elasticity),
    ):
        if not 0 < value < 2**32:
            raise ValueError(f"extra data: {name} is {value}, want 1 to {2**32 - 1}")
    pair = parameters.denominator.to_bytes(4, "big") + parameters.elasticity.to_bytes(4, "big")
    if parameters.min_base_fee is None:
        return b"\x00" + pair
    if not 0 <= parameters.min_base_fee < 2**64:
        raise ValueError(f"extra data: minimum base fee {parameters.min_base_fee} is no uint64")
    return b"\x01" + pair + parameters.min_base_fee.to_bytes(8, "big")


def extra_data_decode(data: bytes) -> BaseFeeParameters:
    """Read extra data of either form; raises `InvalidData` naming what is wrong."""
    if not data:
        raise InvalidData("extra data: empty, want 9 bytes (Holocene) or 17 (Jovian)")
    lengths = {0: _HOLOCENE_LENGTH, 1: _JOVIAN_LENGTH}
    if data[0] not in lengths:
        raise InvalidData(f"extra data: version is {data[0]}, want 0 (Holocene) or 1 (Jovian)")
    if len(data) != lengths[data[0]]:
        raise InvalidData(
            f"extra data: version {data[0]} has {len(data)} bytes, want {lengths[data[0]]}"
        )
    denominator = int.from_bytes(data[1:5], "big")
    elasticity = int.from_bytes(data[5:9], "big")
    if denominator == 0 or elasticity == 0:
        raise InvalidData(f"extra data: denominator {denominator}, elasticity {elasticity}: zero")
    minimum = int.from_bytes(data[9:], "big") if data[0] == 1 else None
    return BaseFeeParameters(denominator, elasticity, minimum)


_REMEMBERED: Final = 64
"""Extra data that are kept decoded; blocks in a row have the same."""
_remembered: Final = functools.lru_cache(_REMEMBERED)(extra_data_decode)


def extra_data_of(attributes: PayloadAttributes, config: RollupConfig) -> bytes:
    """Return the extra data of the block that `attributes` ask for.

    Raises `InvalidData` when one of the two EIP-1559 parameters is zero alone, or a
    minimum base fee is missing since Jovian or given before.
    """
    if len(attributes.eip1559_params) != 8:
        raise InvalidData(
            f"attributes: eip1559Params has {len(attributes.eip1559_params)} bytes, want 8"
        )
    denominator = int.from_bytes(attributes.eip1559_params[:4], "big")
    elasticity = int.from_bytes(attributes.eip1559_params[4:], "big")
    if denominator == elasticity == 0:
        denominator, elasticity = config.eip1559_denominator, config.eip1559_elasticity
    if denominator == 0 or elasticity == 0:
        raise InvalidData(
            f"attributes: eip1559Params has denominator {denominator} and elasticity "
            f"{elasticity}: both or neither must be zero"
        )
    jovian = config.active(Fork.JOVIAN, attributes.timestamp)
    if jovian != (attributes.min_base_fee is not None):
        raise InvalidData(
            f"attributes: minBaseFee is {attributes.min_base_fee}, "
            f"want {'a number since' if jovian else 'none before'} Jovian"
        )
    return extra_data_encode(BaseFeeParameters(denominator, elasticity, attributes.min_base_fee))


def next_base_fee(
    parent: Header, *, elasticity: int, denominator: int, min_base_fee: int = 0, jovian: bool
) -> int:
    """Return wei per gas in the block after `parent`.

    Since Jovian data counts like gas (the larger of the two decides), and the fee does not
    fall below `min_base_fee`; before, both are ignored.  Raises `ValueError` for a parent
    without base fee, or a gas target of zero.
    """
    if parent.base_fee is None:
        raise ValueError(f"block {parent.number} has no base fee: it is older than London")
    if denominator < 1 or elasticity < 1 or parent.gas_limit < elasticity:
        raise ValueError(
            f"block {parent.number}: no gas target from gas limit {parent.gas_limit}, "
            f"elasticity {elasticity}, denominator {denominator}"
        )
    target = parent.gas_limit // elasticity
    used = max(parent.gas_used, parent.blob_gas_used or 0) if jovian else parent.gas_used
    fee = parent.base_fee
    if used > target:
        fee += max(1, fee * (used - target) // target // denominator)
    else:
        fee -= fee * (target - used) // target // denominator
    return max(fee, min_base_fee) if jovian else fee


def next_l2_base_fee(parent: Header, config: RollupConfig) -> int:
    """Return wei per gas in the L2 block after `parent`, by the parent's extra data.

    The parent's fork decides the rule.  The first block may be that of another chain, so its
    extra data may be of any kind: the chain's constants then count.  Raises `InvalidData` when
    the extra data is malformed or of another fork.
    """
    jovian = config.active(Fork.JOVIAN, parent.timestamp)
    try:
        parameters = _checked_parameters(parent, jovian)
    except InvalidData:
        if not _is_first(parent, config):
            raise
        parameters = _first_parameters(parent, config)
    return next_base_fee(
        parent,
        elasticity=parameters.elasticity,
        denominator=parameters.denominator,
        min_base_fee=parameters.min_base_fee or 0,
        jovian=jovian,
    )


def _is_first(header: Header, config: RollupConfig) -> bool:
    first = config.genesis.l2
    try:
        return header.number == first.number and header.hash == first.hash
    except ValueError:
        return False  # what lacks a field is no block's header


def _first_parameters(parent: Header, config: RollupConfig) -> BaseFeeParameters:
    try:
        return extra_data_decode(parent.extra_data)
    except InvalidData:
        return BaseFeeParameters(config.eip1559_denominator, config.eip1559_elasticity)


def _checked_parameters(parent: Header, jovian: bool) -> BaseFeeParameters:
    parameters = _remembered(parent.extra_data)
    if jovian != (parameters.min_base_fee is not None):
        raise InvalidData(
            f"block {parent.number}: extra data is {len(parent.extra_data)} bytes, "
            f"want {_JOVIAN_LENGTH if jovian else _HOLOCENE_LENGTH}"
        )
    return parameters


def next_l1_base_fee(parent: Header) -> int:
    """Return wei per gas in the L1 block after `parent` (EIP-1559)."""
    return next_base_fee(
        parent, elasticity=L1_ELASTICITY, denominator=L1_DENOMINATOR, jovian=False
    )


def next_excess_blob_gas(parent: Header, target: int = PRAGUE_BLOB_TARGET) -> int:
    """Return the excess blob gas of the L1 block after `parent` (EIP-4844).

    A parent from before Cancun counts as having none.
    """
    return max(0, (parent.excess_blob_gas or 0) + (parent.blob_gas_used or 0) - target)
