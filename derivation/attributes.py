"""Payload attributes: the one function that sequencer and verifier share.

Source: ethereum-optimism/specs, protocol/derivation.md ("Deriving Payload Attributes");
op-node, rollup/derive/attributes.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from byline.derivation.config import ConfigProblem, Fork, RollupConfig, SystemConfig
from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.derivation.deposits import user_deposits
from byline.derivation.dev_deposits import fitting, total_gas
from byline.derivation.dev_fields import BY_THE_RULES, BlockFields
from byline.derivation.errors import Critical, Reset
from byline.derivation.hashing import ZERO_HASH
from byline.derivation.l1_info import (
    PRAGUE_BLOB_SCHEDULE,
    BlobSchedule,
    l1_info,
    l1_info_deposit,
)
from byline.derivation.system_config import apply_updates
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import L1Block, L2BlockRef, PayloadAttributes
from byline.derivation.upgrades import NO_UPGRADES, Upgrade, Upgrades, activating


def build_attributes(
    config: RollupConfig,
    parent: L2BlockRef,
    parent_config: SystemConfig,
    origin: L1Block,
    timestamp: int,
    transactions: Sequence[bytes],
    no_tx_pool: bool,
    blob_schedule: BlobSchedule = PRAGUE_BLOB_SCHEDULE,
    upgrades: Upgrades = NO_UPGRADES,
    dev_deposits: Sequence[DepositTransaction] = (),
    dev_fields: BlockFields = BY_THE_RULES,
) -> PayloadAttributes:
    """Return the attributes of the block at `timestamp` on `parent` with L1 `origin`.

    `parent_config` is `system_config_of` the parent.  When `origin` opens a new epoch, its
    config updates apply and its deposits are forced in.  The upgrade transactions of forks
    that activate follow them, then those `dev_deposits` (of a `DevSchedule`) for which the block
    has gas left, then `transactions`.  On a devnet the fee recipient is the parent's, and
    `dev_fields` count.

    Raises `Reset` when `origin` is neither the parent's nor its child, or is later than the
    block; `Critical` on a malformed deposit, and where a fork activates that `upgrades` lack.
    """
    _check_origin(parent, origin, timestamp)
    upgrade = _upgrade(config, upgrades, timestamp, parent.timestamp)
    deposits: tuple[DepositTransaction, ...] = ()
    sequence_number = parent.sequence_number + 1
    system_config = parent_config
    if origin.header.number != parent.l1_origin.number:
        sequence_number = 0
        deposits = user_deposits(origin.receipts, origin.header.hash, config.deposit_contract)
        system_config = apply_updates(parent_config, origin.receipts, config.l1_system_config)
    info = l1_info(origin.header, sequence_number, system_config, blob_schedule)
    first = l1_info_deposit(info, config, timestamp, parent.timestamp)
    jovian = config.active(Fork.JOVIAN, timestamp)
    recipient = SEQUENCER_FEE_VAULT if config.dev_control is None else parent.fee_recipient
    room = system_config.gas_limit - first.gas - total_gas(deposits)
    return PayloadAttributes(
        timestamp=timestamp,
        prev_randao=dev_fields.prev_randao or origin.header.mix_hash,
        suggested_fee_recipient=dev_fields.fee_recipient or recipient,
        transactions=(
            first.raw,
            *(deposit.raw for deposit in deposits),
            *(item.raw for fork in upgrade for item in fork.transactions),
            *(deposit.raw for deposit in fitting(dev_deposits, room)),
            *transactions,
        ),
        no_tx_pool=no_tx_pool,
        gas_limit=system_config.gas_limit + sum(fork.extra_gas for fork in upgrade),
        parent_beacon_block_root=origin.header.parent_beacon_root or ZERO_HASH,
        eip1559_params=system_config.eip1559_params,
        min_base_fee=system_config.min_base_fee if jovian else None,
        base_fee=dev_fields.base_fee,
    )


def _check_origin(parent: L2BlockRef, origin: L1Block, timestamp: int) -> None:
    """Refuse an origin that breaks the chain of epochs."""
    header, before = origin.header, parent.l1_origin
    if header.number == before.number:
        follows = header.hash == before.hash
    else:
        follows = header.number == before.number + 1 and header.parent_hash == before.hash
    if not follows:
        raise Reset(
            f"L1 block {header.number} (0x{header.hash.hex()}) is neither the origin of L2 block "
            f"{parent.number}, {before.number} (0x{before.hash.hex()}), nor its child"
        )
    if timestamp < header.timestamp:
        raise Reset(
            f"L2 block {parent.number + 1} at {timestamp} would be older than its L1 origin "
            f"{header.number} at {header.timestamp}"
        )


def _upgrade(
    config: RollupConfig, upgrades: Upgrades, timestamp: int, parent_timestamp: int
) -> tuple[Upgrade, ...]:
    try:
        return activating(config, upgrades, timestamp, parent_timestamp)
    except ConfigProblem as exc:
        raise Critical(str(exc)) from exc
