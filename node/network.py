"""The devnet's constants: both genesis blocks and the rollup config that joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from byline.derivation.base_fee import BaseFeeParameters, extra_data_encode
from byline.derivation.config import Fork, Genesis, RollupConfig, SystemConfig, ecotone_scalar
from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, ZERO_HASH, keccak256
from byline.derivation.header import Header
from byline.derivation.types import BlockId
from byline.node.accounts import (
    BATCHER_INDEX,
    DEV_BALANCE,
    OWNER_INDEX,
    dev_account,
    dev_accounts,
)
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.genesis import genesis_block
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.contracts.predeploys import l1_alloc, l2_alloc
from byline.node.errors import ConfigError
from byline.node.evm.machine import Engine
from byline.node.l1.chain import L1_GAS_LIMIT

L2_GAS_LIMIT: Final = 60_000_000
GENESIS_BASE_FEE: Final = 10**9
BLOCK_TIME: Final = 2
"""Seconds between L2 blocks, unless the wall clock makes them."""
BASE_FEE_SCALAR: Final = 1_368
BLOB_BASE_FEE_SCALAR: Final = 810_949
"""Weights of the L1 fees in the L1 data fee, those of OP Mainnet after Ecotone."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where both chains begin."""

    config: RollupConfig
    l1: ExecutedBlock
    l2: ExecutedBlock


def system_config() -> SystemConfig:
    """Return the system config at genesis."""
    return SystemConfig(
        batcher=dev_account(BATCHER_INDEX).address,
        scalar=ecotone_scalar(BASE_FEE_SCALAR, BLOB_BASE_FEE_SCALAR),
        gas_limit=L2_GAS_LIMIT,
    )


def batch_inbox(l2_chain_id: int) -> bytes:
    """Return the conventional inbox address of a chain (OP Stack configurability spec)."""
    return b"\x00" + keccak256(l2_chain_id.to_bytes(32, "big"))[:19]


def _funded(extra: tuple[int, ...] = ()) -> dict[bytes, GenesisAccount]:
    accounts = [*dev_accounts(), *(dev_account(index) for index in extra)]
    return {item.address: GenesisAccount(balance=DEV_BALANCE) for item in accounts}


def forks_up_to(name: str) -> Mapping[Fork, int]:
    """Return a schedule with every fork up to `name` active at genesis."""
    last = Fork[name.upper()]
    return MappingProxyType({fork: 0 for fork in Fork if fork <= last})


def build_network(settings: NodeConfig, engine: Engine, genesis_time: int) -> Network:
    """Return both genesis blocks and the rollup config."""
    system = system_config()
    l1 = l1_genesis(settings.l2_chain_id, engine, genesis_time, system)
    draft = RollupConfig(
        genesis=Genesis(
            l1=BlockId(0, l1.block.hash),
            l2=BlockId(0, ZERO_HASH),
            l2_time=genesis_time,
            system_config=system,
        ),
        l1_chain_id=settings.l1_chain_id,
        l2_chain_id=settings.l2_chain_id,
        batch_inbox=batch_inbox(settings.l2_chain_id),
        deposit_contract=addresses.OPTIMISM_PORTAL,
        l1_system_config=addresses.SYSTEM_CONFIG,
        block_time=settings.block_time or BLOCK_TIME,
        forks=forks_up_to(settings.fork),
        dev_control=addresses.DEV_CONTROL,
    )
    l2 = l2_genesis(draft, engine)
    genesis = replace(draft.genesis, l2=BlockId(0, l2.block.hash))
    return Network(replace(draft, genesis=genesis), l1, l2)


def l1_genesis(
    l2_chain_id: int, engine: Engine, genesis_time: int, system: SystemConfig
) -> ExecutedBlock:
    """Return the L1's first block."""
    alloc = l1_alloc(
        owner=dev_account(OWNER_INDEX).address,
        system_config=system,
        l2_chain_id=l2_chain_id,
        batch_inbox=batch_inbox(l2_chain_id),
    )
    return genesis_block(
        engine,
        {**alloc, **_funded((BATCHER_INDEX, OWNER_INDEX))},
        message_passer_root=False,
        gas_limit=L1_GAS_LIMIT,
        timestamp=genesis_time,
        base_fee=GENESIS_BASE_FEE,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
        requests_hash=EMPTY_REQUESTS_HASH,
    )


def l2_genesis(config: RollupConfig, engine: Engine) -> ExecutedBlock:
    """Return the L2's first block with the built-in contracts (genesis hash not needed)."""
    time = config.genesis.l2_time
    isthmus = config.active(Fork.ISTHMUS, time)
    parameters = BaseFeeParameters(
        config.eip1559_denominator,
        config.eip1559_elasticity,
        0 if config.active(Fork.JOVIAN, time) else None,
    )
    fork = max(item for item in Fork if config.active(item, time))
    alloc = l2_alloc(owner=dev_account(OWNER_INDEX).address, fork=fork)
    return genesis_block(
        engine,
        {**alloc, **_funded()},
        message_passer_root=isthmus,
        coinbase=SEQUENCER_FEE_VAULT,
        gas_limit=config.genesis.system_config.gas_limit,
        timestamp=time,
        extra_data=extra_data_encode(parameters),
        base_fee=GENESIS_BASE_FEE,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
        requests_hash=EMPTY_REQUESTS_HASH if isthmus else None,
    )


def check_l2_genesis(config: RollupConfig, built: Header) -> None:
    """Refuse a rollup config whose L2 does not begin as ours does; raises `ConfigError`."""
    if built.hash != config.genesis.l2.hash:
        raise ConfigError(
            f"the rollup config's L2 genesis is 0x{config.genesis.l2.hash.hex()}, the built-in "
            f"one is 0x{built.hash.hex()}: it was made by another version of byline, or by "
            "another program, whose genesis file --l2-genesis takes"
        )
