"""The devnet's constants: both genesis blocks and the rollup config that joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
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
    CHALLENGER_INDEX,
    DEV_ACCOUNTS,
    DEV_BALANCE,
    OWNER_INDEX,
    PROPOSER_INDEX,
    dev_account,
    dev_accounts,
)
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.genesis import genesis_block, genesis_output
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.contracts.gas_token import ETHER, GAS_TOKENS, OPEN, GasToken
from byline.node.contracts.l1_contracts import (
    WITHDRAWAL_DELAYS,
    L1Setup,
    WithdrawalDelays,
    l1_alloc,
)
from byline.node.contracts.predeploys import l2_alloc
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
OPERATORS: Final = (BATCHER_INDEX, OWNER_INDEX, PROPOSER_INDEX, CHALLENGER_INDEX)
"""Accounts with a role on the L1, by index."""
L2_SUPPLY: Final = DEV_ACCOUNTS * DEV_BALANCE
"""Wei of the gas token that the built-in L2 begins with."""


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
    token = GAS_TOKENS[settings.gas_token]
    draft = rollup_draft(settings, system_config(), genesis_time)
    l2 = l2_genesis(draft, engine, token, Backend(settings.attribution_backend))
    l1 = l1_genesis(
        l1_setup(
            settings.l2_chain_id,
            draft.genesis.system_config,
            timestamp=genesis_time,
            anchor_root=genesis_output(engine, l2),
            gas_token=token,
            delays=WITHDRAWAL_DELAYS[settings.withdrawals],
            locked=L2_SUPPLY,
        ),
        engine,
    )
    genesis = replace(draft.genesis, l1=BlockId(0, l1.block.hash), l2=BlockId(0, l2.block.hash))
    return Network(replace(draft, genesis=genesis), l1, l2)


def rollup_draft(settings: NodeConfig, system: SystemConfig, genesis_time: int) -> RollupConfig:
    """Return the rollup config of `settings`, but for the first blocks of both chains."""
    return RollupConfig(
        genesis=Genesis(
            l1=BlockId(0, ZERO_HASH),
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
        credit_vault=addresses.PAYOUT_VAULT if settings.state_precompile else None,
    )


def l1_setup(
    l2_chain_id: int,
    system: SystemConfig,
    *,
    timestamp: int,
    anchor_root: bytes,
    gas_token: GasToken = ETHER,
    delays: WithdrawalDelays = WITHDRAWAL_DELAYS["short"],
    locked: int = 0,
) -> L1Setup:
    """Return how the contracts of the L1 are set up, with the development accounts in all roles.

    `locked` is the wei of the gas token that the portal holds from the start.
    """
    return L1Setup(
        system_config=system,
        l2_chain_id=l2_chain_id,
        batch_inbox=batch_inbox(l2_chain_id),
        owner=dev_account(OWNER_INDEX).address,
        proposer=dev_account(PROPOSER_INDEX).address,
        challenger=dev_account(CHALLENGER_INDEX).address,
        anchor_root=anchor_root,
        timestamp=timestamp,
        gas_token=gas_token,
        delays=delays,
        locked=locked,
        holders={account.address: DEV_BALANCE for account in dev_accounts()},
    )


def l1_accounts(setup: L1Setup) -> dict[bytes, GenesisAccount]:
    """Return what the L1 begins with."""
    return {**l1_alloc(setup), **_funded(OPERATORS)}


def l2_accounts(
    config: RollupConfig, gas_token: GasToken, backend: Backend = Backend.PRECOMPILE
) -> dict[bytes, GenesisAccount]:
    """Return what the L2 begins with."""
    time = config.genesis.l2_time
    fork = max(item for item in Fork if config.active(item, time))
    alloc = l2_alloc(
        owner=dev_account(OWNER_INDEX).address,
        fork=fork,
        gas_token=gas_token,
        backend=backend,
        state_precompile=config.credit_vault == addresses.PAYOUT_VAULT,
    )
    return {**alloc, **_funded()}


def l1_genesis(setup: L1Setup, engine: Engine) -> ExecutedBlock:
    """Return the L1's first block."""
    return genesis_block(
        engine,
        l1_accounts(setup),
        message_passer_root=False,
        gas_limit=L1_GAS_LIMIT,
        timestamp=setup.timestamp,
        base_fee=GENESIS_BASE_FEE,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_root=ZERO_HASH,
        requests_hash=EMPTY_REQUESTS_HASH,
    )


def l2_genesis(
    config: RollupConfig,
    engine: Engine,
    gas_token: GasToken,
    backend: Backend = Backend.PRECOMPILE,
) -> ExecutedBlock:
    """Return the L2's first block with the built-in contracts (genesis hash not needed)."""
    time = config.genesis.l2_time
    isthmus = config.active(Fork.ISTHMUS, time)
    parameters = BaseFeeParameters(
        config.eip1559_denominator,
        config.eip1559_elasticity,
        0 if config.active(Fork.JOVIAN, time) else None,
    )
    return genesis_block(
        engine,
        l2_accounts(config, gas_token, backend),
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


def known_l2_genesis(config: RollupConfig, engine: Engine) -> ExecutedBlock:
    """Return the built-in first block that a rollup config names.

    A rollup config does not tell what pays for gas, nor who computes for the attribution
    contracts; the hash of the first block does.  Raises `ConfigError` when it is none of ours.
    """
    if config.genesis.l2.number:
        raise ConfigError(
            f"this L2 goes on from block {config.genesis.l2.number} of another chain: pass "
            "--fork-url with a node of that chain"
        )
    usual = None
    for backend, token in product(Backend, (OPEN, ETHER)):
        made = l2_genesis(config, engine, token, backend)
        if made.hash == config.genesis.l2.hash:
            return made
        usual = usual or made
    assert usual is not None
    check_l2_genesis(config, usual.block.header)
    return usual


def check_l2_genesis(config: RollupConfig, built: Header) -> None:
    """Refuse a rollup config whose L2 does not begin as ours does; raises `ConfigError`."""
    if built.hash != config.genesis.l2.hash:
        raise ConfigError(
            f"the rollup config's L2 genesis is 0x{config.genesis.l2.hash.hex()}, the built-in "
            f"one is 0x{built.hash.hex()}: it was made by another version of byline, or by "
            "another program, whose genesis file --l2-genesis takes"
        )
