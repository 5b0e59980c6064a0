"""The L1 attributes transaction: what every L2 block says of its L1 origin, and back.

The first transaction of each block but genesis is built here from the origin's header and
the system config; `l2_block_ref` and `system_config_of` invert it, so that a chain of
blocks is all that needs to be kept.

Sources: ethereum-optimism/specs, protocol/{ecotone,isthmus,jovian}/l1-attributes.md,
protocol/deposits.md; op-node, rollup/derive/l1_block_info.go, payload_util.go; EIP-4844
(fake exponential).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from byline.derivation.block import Block
from byline.derivation.config import Fork, RollupConfig, SystemConfig, ecotone_scalar
from byline.derivation.constants import (
    DEFAULT_DA_FOOTPRINT_GAS_SCALAR,
    DEPOSITOR_ACCOUNT,
    L1_BLOCK,
    L1_INFO_GAS,
    SEQUENCER_FEE_VAULT,
)
from byline.derivation.deposits import source_hash_l1_info
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import BlockId, L2BlockRef

ECOTONE_SELECTOR: Final = bytes.fromhex("440a5e20")
ISTHMUS_SELECTOR: Final = bytes.fromhex("098999be")
JOVIAN_SELECTOR: Final = bytes.fromhex("3db6be2b")

_LENGTHS: Final = {ECOTONE_SELECTOR: 164, ISTHMUS_SELECTOR: 176, JOVIAN_SELECTOR: 178}

BlobSchedule: TypeAlias = Sequence[tuple[int, int]]
"""(L1 time, update fraction) of each L1 fork that changes blob fees, oldest first."""

PRAGUE_BLOB_SCHEDULE: Final[BlobSchedule] = ((0, 5_007_716),)
"""Prague from the start (EIP-7691); an L1 with other forks gives its own table, such as
`((0, 3_338_477), (prague, 5_007_716), (bpo1, 8_346_193), (bpo2, 11_684_671))`."""


@dataclass(frozen=True, slots=True)
class L1Info:
    """What the L1Block predeploy learns in one L2 block."""

    number: int
    """Height of the L1 origin."""
    timestamp: int
    """Seconds since 1970, of the L1 origin."""
    base_fee: int
    """Wei per gas on the L1."""
    block_hash: bytes
    """Hash of the L1 origin."""
    sequence_number: int
    """Distance from the first block of the epoch."""
    batcher: bytes
    """The batcher's address."""
    base_fee_scalar: int
    blob_base_fee_scalar: int
    blob_base_fee: int
    """Wei per blob gas on the L1."""
    operator_fee_scalar: int = 0
    """0 in the Ecotone format."""
    operator_fee_constant: int = 0
    """0 in the Ecotone format."""
    da_footprint_gas_scalar: int = 0
    """0 in formats before Jovian."""


def blob_base_fee(header: Header, schedule: BlobSchedule = PRAGUE_BLOB_SCHEDULE) -> int:
    """Return the wei per blob gas that the L1 block with `header` charges.

    1 when the header knows no blobs.  EIP-7918 does not come into it.
    """
    if header.excess_blob_gas is None:
        return 1
    fraction = schedule[0][1]
    for start, value in schedule:
        if start <= header.timestamp:
            fraction = value
    return fake_exponential(header.excess_blob_gas, fraction)


def fake_exponential(numerator: int, denominator: int) -> int:
    """Return about e**(numerator / denominator), in whole numbers as EIP-4844 has it."""
    total, term, step = 0, denominator, 1
    while term > 0:
        total += term
        term = term * numerator // (denominator * step)
        step += 1
    return total // denominator


def l1_info(
    origin: Header,
    sequence_number: int,
    system_config: SystemConfig,
    schedule: BlobSchedule = PRAGUE_BLOB_SCHEDULE,
) -> L1Info:
    """Return what an L2 block with L1 `origin` says under `system_config`."""
    return L1Info(
        number=origin.number,
        timestamp=origin.timestamp,
        base_fee=origin.base_fee or 0,
        block_hash=origin.hash,
        sequence_number=sequence_number,
        batcher=system_config.batcher,
        base_fee_scalar=system_config.base_fee_scalar,
        blob_base_fee_scalar=system_config.blob_base_fee_scalar,
        blob_base_fee=blob_base_fee(origin, schedule),
        operator_fee_scalar=system_config.operator_fee_scalar,
        operator_fee_constant=system_config.operator_fee_constant,
        da_footprint_gas_scalar=(
            system_config.da_footprint_gas_scalar or DEFAULT_DA_FOOTPRINT_GAS_SCALAR
        ),
    )


def _selector(config: RollupConfig, timestamp: int, parent_timestamp: int) -> bytes:
    """Return the format of a block: that of its parent's forks.

    In the activation block of a fork L1Block still has the old code, so the format
    changes one block later; a fork at genesis is in force from block 1.
    """
    for fork, selector in ((Fork.JOVIAN, JOVIAN_SELECTOR), (Fork.ISTHMUS, ISTHMUS_SELECTOR)):
        if config.active(fork, timestamp) and config.active(fork, parent_timestamp):
            return selector
    return ECOTONE_SELECTOR


def encode(info: L1Info, config: RollupConfig, timestamp: int, parent_timestamp: int) -> bytes:
    """Return the calldata for the L2 block at `timestamp` on a parent at `parent_timestamp`.

    Raises `OverflowError` when a number does not fit its field.
    """
    selector = _selector(config, timestamp, parent_timestamp)
    data = b"".join(
        (
            selector,
            info.base_fee_scalar.to_bytes(4, "big"),
            info.blob_base_fee_scalar.to_bytes(4, "big"),
            info.sequence_number.to_bytes(8, "big"),
            info.timestamp.to_bytes(8, "big"),
            info.number.to_bytes(8, "big"),
            info.base_fee.to_bytes(32, "big"),
            info.blob_base_fee.to_bytes(32, "big"),
            info.block_hash,
            info.batcher.rjust(32, b"\0"),
        )
    )
    if selector != ECOTONE_SELECTOR:
        data += info.operator_fee_scalar.to_bytes(4, "big")
        data += info.operator_fee_constant.to_bytes(8, "big")
    if selector == JOVIAN_SELECTOR:
        data += info.da_footprint_gas_scalar.to_bytes(2, "big")
    return data


def decode(data: bytes) -> L1Info:
    """Read the calldata of an L1 attributes transaction in any format since Ecotone.

    Raises `InvalidData` for another selector (the Bedrock format included) or length.
    """
    selector = data[:4]
    length = _LENGTHS.get(selector)
    if length is None:
        raise InvalidData(
            f"L1 attributes: selector 0x{selector.hex()} is none of the Ecotone, Isthmus and "
            "Jovian formats; rules before Holocene are not implemented"
        )
    if len(data) != length:
        raise InvalidData(f"L1 attributes: {len(data)} bytes, want {length}")
    if any(data[132:144]):
        raise InvalidData("L1 attributes: the batcher is not an address")

    def number(start: int, end: int) -> int:
        return int.from_bytes(data[start:end], "big")

    return L1Info(
        base_fee_scalar=number(4, 8),
        blob_base_fee_scalar=number(8, 12),
        sequence_number=number(12, 20),
        timestamp=number(20, 28),
        number=number(28, 36),
        base_fee=number(36, 68),
        blob_base_fee=number(68, 100),
        block_hash=data[100:132],
        batcher=data[144:164],
        # A slice past the end is empty, and reads as the 0 of the formats without the field.
        operator_fee_scalar=number(164, 168),
        operator_fee_constant=number(168, 176),
        da_footprint_gas_scalar=number(176, 178),
    )


_REMEMBERED: Final = 512
"""Blocks whose L1 attributes are kept decoded; each is asked for several times."""
_remembered: Final = functools.lru_cache(_REMEMBERED)(decode)


def l1_info_deposit(
    info: L1Info, config: RollupConfig, timestamp: int, parent_timestamp: int
) -> DepositTransaction:
    """Return the L1 attributes transaction that carries `info`."""
    return DepositTransaction(
        source_hash=source_hash_l1_info(info.block_hash, info.sequence_number),
        sender=DEPOSITOR_ACCOUNT,
        to=L1_BLOCK,
        mint=0,
        value=0,
        gas=L1_INFO_GAS,
        is_system_transaction=False,
        data=encode(info, config, timestamp, parent_timestamp),
    )


def l1_info_of(block: Block) -> L1Info:
    """Read back what `block` says of its L1 origin.

    Raises `InvalidData` when its first transaction is no L1 attributes transaction.
    """
    first = block.transactions[0] if block.transactions else None
    if not isinstance(first, DepositTransaction) or first.to != L1_BLOCK:
        raise InvalidData(
            f"L2 block {block.number}: the first transaction is not the L1 attributes deposit"
        )
    return _remembered(first.data)


def l2_block_ref(block: Block, config: RollupConfig) -> L2BlockRef:
    """Return the reference to `block`, its L1 origin read back from its transactions.

    Genesis, which has none, takes its origin from the config.  Raises `InvalidData` for a
    block of another chain.
    """
    header = block.header
    if _is_genesis(block, config):
        origin, sequence_number, recipient = config.genesis.l1, 0, SEQUENCER_FEE_VAULT
    else:
        info, recipient = l1_info_of(block), header.coinbase
        origin, sequence_number = BlockId(info.number, info.block_hash), info.sequence_number
    return L2BlockRef(
        header.number, header.hash, header.parent_hash, header.timestamp, origin, sequence_number,
        recipient,
    )  # fmt: skip


def system_config_of(block: Block, config: RollupConfig, upgrade_gas: int = 0) -> SystemConfig:
    """Return the system config that `block` was built under.

    The scalar comes back as version 1 whatever the L1 stored, and EIP-1559 parameters that
    were zero come back as the chain's constants: both mean the same.  `upgrade_gas` is what
    an activation block has above the system's gas limit (`upgrades.extra_gas_of`).  Raises
    `InvalidData` for a block of another chain.
    """
    if _is_genesis(block, config):
        return config.genesis.system_config
    info = l1_info_of(block)
    header = block.header
    jovian = config.active(Fork.JOVIAN, header.timestamp)
    version, length = (1, 17) if jovian else (0, 9)
    extra = header.extra_data
    if len(extra) != length or extra[0] != version:
        raise InvalidData(
            f"L2 block {block.number}: extra data 0x{extra[:32].hex()}, "
            f"want version {version} in {length} bytes"
        )
    return SystemConfig(
        batcher=info.batcher,
        scalar=ecotone_scalar(info.base_fee_scalar, info.blob_base_fee_scalar),
        gas_limit=header.gas_limit - upgrade_gas,
        eip1559_params=extra[1:9],
        operator_fee_scalar=info.operator_fee_scalar,
        operator_fee_constant=info.operator_fee_constant,
        min_base_fee=int.from_bytes(extra[9:17], "big"),
        da_footprint_gas_scalar=info.da_footprint_gas_scalar,
    )


def _is_genesis(block: Block, config: RollupConfig) -> bool:
    genesis = config.genesis.l2
    if block.number != genesis.number:
        return False
    if block.hash != genesis.hash:
        raise InvalidData(
            f"L2 block {block.number} is 0x{block.hash.hex()}, but the rollup config says that "
            f"genesis is 0x{genesis.hash.hex()}"
        )
    return True
