"""Chains that begin as files say: genesis files of both layers and a rollup.json.

With an L1 genesis file, both chains and the rollup config are taken as they are.  Without
one the L2 is put on the built-in L1: what the rollup config says of the L1 (its genesis, the
contracts there, the batcher) is replaced, what it says of the L2 stays, and so does the hash
of the L2's first block.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson

from byline.derivation.base_fee import BaseFeeParameters, extra_data_encode
from byline.derivation.config import ConfigProblem, Fork, RollupConfig
from byline.derivation.constants import SEQUENCER_FEE_VAULT
from byline.derivation.header import Header
from byline.derivation.types import BlockId
from byline.node.accounts import BATCHER_INDEX, dev_account
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.genesis import genesis_output
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_file import (
    INITIAL_BASE_FEE,
    GenesisFile,
    HeaderFork,
    HeaderRules,
    read_genesis_file,
)
from byline.node.config import NodeConfig
from byline.node.contracts import addresses
from byline.node.contracts.l1_contracts import WITHDRAWAL_DELAYS
from byline.node.errors import ConfigError
from byline.node.evm.machine import Engine
from byline.node.l1.dev_control import future_address
from byline.node.network import Network, batch_inbox, l1_genesis, l1_setup

LOG = logging.getLogger("byline.genesis")

USUAL_L1_GAS_LIMIT: Final = 30_000_000
MOST_CONFIG_BYTES: Final = 1 << 20
"""Bytes of the largest rollup.json that is read."""


def load_network(settings: NodeConfig, engine: Engine) -> Network:
    """Return both first blocks and the rollup config from the files that `settings` name.

    Raises `ConfigError` where a file is not there, does not read, or contradicts another.
    """
    config = read_rollup_file(settings)
    _check_settings(settings, config)
    l2 = load_l2_genesis(settings, config)
    if l2 is None:
        raise ConfigError("--rollup-config needs --l2-genesis, or --l1-rpc for a foreign L1")
    if settings.l1_genesis is not None:
        l1, dev_control = load_l1_genesis(settings, config)
        if config.dev_control is None and not settings.strict:
            config = replace(config, dev_control=dev_control)
        return Network(config, l1, l2)
    config, l1 = _on_built_in_l1(settings, config, engine, genesis_output(engine, l2))
    return Network(config, l1, l2)


def load_l2_genesis(settings: NodeConfig, config: RollupConfig) -> ExecutedBlock | None:
    """Return the L2's first block from the file in `settings`; `None` when none is named.

    Raises `ConfigError` when it is not the one that `config` begins with.
    """
    if settings.l2_genesis is None:
        return None
    return l2_genesis_of(settings.l2_genesis, config, settings.genesis_dictionary)


def l2_genesis_of(
    path: Path, config: RollupConfig, dictionary: Path | None = None
) -> ExecutedBlock:
    """Return the L2's first block from the genesis file at `path`.

    Raises `ConfigError` when it is not the one that `config` begins with.
    """
    file = read_genesis_file(path, dictionary, config.l2_chain_id)
    _check_chain_id(file, "l2_chain_id", config.l2_chain_id)
    isthmus = config.active(Fork.ISTHMUS, config.genesis.l2_time)
    fork = HeaderFork.PRAGUE if isthmus else HeaderFork.CANCUN
    block = file.block(HeaderRules(fork, optimism=True), usual_l2_header(config))
    if block.header.timestamp != config.genesis.l2_time:
        raise ConfigError(
            f"{file.where}: timestamp is {block.header.timestamp}, but the rollup config's "
            f"genesis.l2_time is {config.genesis.l2_time}"
        )
    _check_hash(file, block, "genesis.l2", config.genesis.l2)
    return block


def load_l1_genesis(
    settings: NodeConfig, config: RollupConfig
) -> tuple[ExecutedBlock, bytes | None]:
    """Return the L1's first block from the file in `settings`, and where DevControl can be.

    Raises `ConfigError` when it is not the one that `config` names, or lacks what the rollup
    needs there.
    """
    assert settings.l1_genesis is not None
    file = read_genesis_file(settings.l1_genesis, settings.genesis_dictionary)
    _check_chain_id(file, "l1_chain_id", config.l1_chain_id)
    block = file.block() if file.header else _l1_block_of_accounts(file, config)
    if block.header.parent_beacon_root is None:
        raise ConfigError(f"{file.where}: begins before Cancun, want an L1 at Cancun or later")
    _check_hash(file, block, "genesis.l1", config.genesis.l1)
    _check_l1_accounts(file, config)
    return block, future_address(file.alloc)


def usual_l2_header(config: RollupConfig) -> Header:
    """Return what op-deployer writes into an L2's first header where it is told nothing else.

    Source: ethereum-optimism/optimism, `op-chain-ops/genesis/genesis.go` (NewL2Genesis).
    """
    time = config.genesis.l2_time
    parameters = BaseFeeParameters(
        config.eip1559_denominator,
        config.eip1559_elasticity,
        0 if config.active(Fork.JOVIAN, time) else None,
    )
    return Header(
        coinbase=SEQUENCER_FEE_VAULT,
        gas_limit=config.genesis.system_config.gas_limit,
        timestamp=time,
        extra_data=extra_data_encode(parameters),
        base_fee=INITIAL_BASE_FEE,
    )


def _l1_block_of_accounts(file: GenesisFile, config: RollupConfig) -> ExecutedBlock:
    """Return the L1's first block from accounts alone, under the rules that give its hash.

    Source: as above (NewL1Genesis).
    """
    usual = Header(
        gas_limit=USUAL_L1_GAS_LIMIT, timestamp=config.genesis.l2_time, base_fee=INITIAL_BASE_FEE
    )
    block = file.block(HeaderRules(HeaderFork.CANCUN, optimism=False), usual)
    if block.hash == config.genesis.l1.hash:
        return block
    return file.block(HeaderRules(HeaderFork.PRAGUE, optimism=False), usual)


def _check_chain_id(file: GenesisFile, name: str, wanted: int) -> None:
    if file.chain_id not in (None, wanted):
        raise ConfigError(
            f"{file.where}: config.chainId is {file.chain_id}, but the rollup config's {name} "
            f"is {wanted}"
        )


def _check_hash(file: GenesisFile, block: ExecutedBlock, name: str, wanted: BlockId) -> None:
    if wanted.number != 0 or block.hash != wanted.hash:
        hint = (
            ""
            if file.header
            else " (the file holds accounts alone, and its header may not be the usual one: "
            "pass the whole genesis, as `op-deployer inspect genesis` prints it)"
        )
        raise ConfigError(
            f"{file.where}: the first block is 0x{block.hash.hex()}, but the rollup config's "
            f"{name} is block {wanted.number}, 0x{wanted.hash.hex()}{hint}"
        )


def _check_l1_accounts(file: GenesisFile, config: RollupConfig) -> None:
    """Refuse an L1 on which the rollup could not work, and warn of what it lacks."""
    needed = {
        "deposit_contract_address": config.deposit_contract,
        "l1_system_config_address": config.l1_system_config,
    }
    for name, address in needed.items():
        if not _account(file.alloc, address).code:
            raise ConfigError(
                f"{file.where}: there is no contract at the rollup config's {name}, "
                f"0x{address.hex()}"
            )
    batcher = config.genesis.system_config.batcher
    if _account(file.alloc, batcher).balance == 0:
        raise ConfigError(
            f"{file.where}: the batcher 0x{batcher.hex()} has no balance to post batches with"
        )
    for address in (addresses.WITHDRAWAL_REQUESTS, addresses.CONSOLIDATION_REQUESTS):
        if not _account(file.alloc, address).code:
            # Our L1 follows Prague from block 1 on, where EIP-7002 and EIP-7251 call a block
            # invalid without these.  Nothing but another L1 client would mind.
            LOG.warning(
                "%s: has no contract at 0x%s: the L1 goes on without its requests, and other "
                "L1 clients would not accept the blocks",
                file.where,
                address.hex(),
            )


def _account(alloc: Mapping[bytes, GenesisAccount], address: bytes) -> GenesisAccount:
    return alloc.get(address, GenesisAccount())


def _on_built_in_l1(
    settings: NodeConfig, config: RollupConfig, engine: Engine, anchor_root: bytes
) -> tuple[RollupConfig, ExecutedBlock]:
    """Put the L2 of `config` on the built-in L1, as if its contracts had been deployed for it."""
    if settings.l1_chain_id == config.l2_chain_id:
        raise ConfigError(
            f"l1_chain_id is {settings.l1_chain_id}, as is the L2's: pass another --l1-chain-id"
        )
    genesis = config.genesis
    system = replace(genesis.system_config, batcher=dev_account(BATCHER_INDEX).address)
    delays = WITHDRAWAL_DELAYS[settings.withdrawals]
    setup = l1_setup(
        config.l2_chain_id,
        system,
        timestamp=genesis.l2_time,
        anchor_root=anchor_root,
        delays=delays,
    )
    l1 = l1_genesis(setup, engine)
    if l1.hash == genesis.l1.hash:
        return config, l1
    LOG.warning(
        "the rollup config's L1 begins with 0x%s: without --l1-genesis the L2 is put on the "
        "built-in L1, with other contracts and another batcher there",
        genesis.l1.hash.hex(),
    )
    moved = replace(
        config,
        genesis=replace(genesis, l1=BlockId(0, l1.hash), system_config=system),
        l1_chain_id=settings.l1_chain_id,
        batch_inbox=batch_inbox(config.l2_chain_id),
        deposit_contract=addresses.OPTIMISM_PORTAL,
        l1_system_config=addresses.SYSTEM_CONFIG,
        dev_control=addresses.DEV_CONTROL,
    )
    return moved, l1


def check_stored(asked: RollupConfig, stored: RollupConfig) -> None:
    """Refuse a rollup config for a store that holds another L2; raises `ConfigError`."""
    if asked.credit_vault != stored.credit_vault:
        raise ConfigError(
            f"the data folder holds an L2 whose credit_vault_address is "
            f"{_vault_words(stored)}, the rollup config says {_vault_words(asked)}: "
            "pass another --data-dir"
        )
    if asked.genesis.l2 != stored.genesis.l2 or asked.forks != stored.forks:
        raise ConfigError(
            f"the data folder holds the L2 that begins with 0x{stored.genesis.l2.hash.hex()} and "
            f"forks {_fork_words(stored)}, the rollup config wants "
            f"0x{asked.genesis.l2.hash.hex()} and {_fork_words(asked)}: pass another --data-dir"
        )


def _vault_words(config: RollupConfig) -> str:
    return "none" if config.credit_vault is None else "0x" + config.credit_vault.hex()


def _fork_words(config: RollupConfig) -> str:
    return ", ".join(f"{fork.name.lower()} {time}" for fork, time in sorted(config.forks.items()))


def read_rollup_file(settings: NodeConfig) -> RollupConfig:
    """Read the rollup.json that `settings` name; raises `ConfigError` naming place and fault."""
    where = settings.rollup_config
    if where is None:
        raise ConfigError(
            "--l2-genesis and --l1-genesis need --rollup-config: it joins the two chains"
        )
    if where.startswith(("http://", "https://")):
        raise ConfigError(
            f"rollup config {where}: want a file where the L1 is this node's own; "
            "for an L1 that others run, pass --l1-rpc"
        )
    try:
        with Path(where).open("rb") as file:
            data = file.read(MOST_CONFIG_BYTES + 1)
        if len(data) > MOST_CONFIG_BYTES:
            raise ValueError(f"has more than {MOST_CONFIG_BYTES} bytes")
        return RollupConfig.from_json(orjson.loads(data))
    except ConfigProblem as exc:
        raise ConfigError(f"{where}: {exc}") from exc
    except (OSError, ValueError) as exc:
        raise ConfigError(f"rollup config {where}: {exc}") from exc


def _check_settings(settings: NodeConfig, config: RollupConfig) -> None:
    """Refuse settings given by hand that say something else than the files."""
    stated: dict[str, object] = {
        "l2_chain_id": config.l2_chain_id,
        "block_time": config.block_time,
        "genesis_time": config.genesis.l2_time,
        "fork": max(f for f in Fork if config.active(f, config.genesis.l2_time)).name.lower(),
    }
    if "gas_token" in settings.sources:
        raise ConfigError("gas_token is what the L2's genesis file says: leave it out")
    if "attribution_backend" in settings.sources:
        raise ConfigError("attribution_backend is what the L2's genesis says: leave it out")
    if "state_precompile" in settings.sources:
        raise ConfigError("state_precompile is what the rollup config says: leave it out")
    if settings.l1_genesis is not None:
        if "withdrawals" in settings.sources:
            raise ConfigError("withdrawals take what the L1's genesis file says: leave it out")
        stated["l1_chain_id"] = config.l1_chain_id
    for name, value in stated.items():
        asked = getattr(settings, name)
        if name in settings.sources and asked != value:
            raise ConfigError(
                f"{name} is {asked}, but {settings.rollup_config} says {value}: leave it out"
            )
