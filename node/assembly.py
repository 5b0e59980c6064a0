"""Joins the parts over a store: which class meets which, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.upgrades import NO_UPGRADES, Upgrades
from byline.node.accounts import (
    BATCHER_INDEX,
    OWNER_INDEX,
    DevAccount,
    dev_account,
    known_account,
)
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain
from byline.node.chain.journal import PoolJournal
from byline.node.clock import Clock, OffsetClock
from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.evm import engines
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.l1_forks import L1Fork, L1Schedule
from byline.node.evm.machine import Engine
from byline.node.evm.optimism import OptimismRules
from byline.node.forking.network import Forks, fork_network, l2_of_fork
from byline.node.forking.opening import engine_over, fork_meta, open_forks, with_chain_ids
from byline.node.forking.origin import Fork
from byline.node.keys import address_of
from byline.node.l1.blobs import BlobStore
from byline.node.l1.chain import LocalL1
from byline.node.l1.mirror import L1Mirror
from byline.node.l2.batcher import Batcher
from byline.node.l2.driver import Driver
from byline.node.l2.engine import L2Engine
from byline.node.l2.safe_heads import SafeHeads
from byline.node.l2.sequencer import Sequencer
from byline.node.loaded_network import check_stored, load_network, read_rollup_file
from byline.node.network import Network, build_network, check_l2_genesis, known_l2_genesis
from byline.node.rollups.following import FollowingRollup
from byline.node.rollups.impersonation import EVERYBODY, NOBODY, Impersonation
from byline.node.rollups.keeper import Keeper
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import Happening, Mining
from byline.node.rollups.timeline import Timeline
from byline.node.storage.kv import KeyValue, Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.overflow import OverflowKV
from byline.node.storage.store import ChainStore
from byline.node.upgrade_bundle import load_upgrades

ROLLUP_CONFIG: Final = "rollup.json"
"""Name under which the L2's store keeps the rollup config."""
L1_PREFIX: Final = b"1"
L2_PREFIX: Final = b"2"
L1_POOL: Final = b"p1"
L1_BLOBS: Final = b"b1"
L1_FORK: Final = "l1_fork"
"""Name under which the L1's store keeps the newest fork of its rules."""
L2_POOL: Final = b"p2"
L2_FORCED: Final = b"pf"


def open_store(settings: NodeConfig) -> KeyValue:
    """Open the data folder, or a store for the time of the process; raises `StorageError`."""
    if settings.data_dir is None:
        return OverflowKV()
    return LevelKV(settings.data_dir / "chains")


def build_rollup(
    settings: NodeConfig, kv: KeyValue, clock: Clock, publish: Callable[[Happening], None]
) -> LocalRollup:
    """Join the parts over a store, new or used before.

    Raises `ConfigError` when the store holds other chains than `settings` ask for.
    """
    l1_store = ChainStore(Prefixed(kv, L1_PREFIX))
    l2_store = ChainStore(Prefixed(kv, L2_PREFIX))
    forks = open_forks(settings, l1_store, l2_store)
    try:
        settings = with_chain_ids(settings, forks)
        return _build_rollup(settings, kv, clock, publish, l1_store, l2_store, forks)
    except BaseException:
        forks.close()
        raise


def _build_rollup(
    settings: NodeConfig,
    kv: KeyValue,
    clock: Clock,
    publish: Callable[[Happening], None],
    l1_store: ChainStore,
    l2_store: ChainStore,
    forks: Forks,
) -> LocalRollup:
    engine = engines.engine(settings.engine)
    if l2_store.is_empty:
        config = _begin(settings, engine, clock, l1_store, l2_store, forks)
    else:
        config = stored_config(l2_store, settings)
    rules = EthereumRules(config.l1_chain_id, l1_schedule(l1_store, settings))
    l1_chain = Chain(l1_store, rules, engine_over(engine, forks.l1, l1_store), forks.l1)
    l2_chain = Chain(
        l2_store, OptimismRules(config), engine_over(engine, forks.l2, l2_store), forks.l2
    )
    l1 = LocalL1(l1_chain, settings.l1_finality, BlobStore(Prefixed(kv, L1_BLOBS)))
    batch_account = local_batcher(settings, config)
    upgrades = load_upgrades(settings.upgrade_bundle, config)
    devnet_clock = OffsetClock(clock)
    l2_engine = L2Engine(l2_chain, config, upgrades)
    rollup = LocalRollup(
        l1=l1,
        engine=l2_engine,
        sequencer=Sequencer(l2_engine, l1.block, DevSchedule(config)),
        batcher=Batcher(l2_engine, batch_account, settings.batcher),
        driver=Driver(l2_engine, SafeHeads(kv)),
        keeper=Keeper(l1_chain, l2_engine, account=proposer_account(settings)),
        clock=devnet_clock,
        timeline=Timeline(devnet_clock, kv),
        batch_account=batch_account,
        owner=dev_account(OWNER_INDEX),
        mining=Mining(
            automine=settings.block_time is None or settings.mixed,
            interval=settings.block_time,
            l1_interval=settings.l1_interval,
            strict=settings.strict,
        ),
        publish=publish,
        impersonation=Impersonation(
            EVERYBODY if settings.auto_impersonate else NOBODY,
            journal=PoolJournal(Prefixed(kv, L2_FORCED)),
        ),
        journals={
            "l1": PoolJournal(Prefixed(kv, L1_POOL)),
            "l2": PoolJournal(Prefixed(kv, L2_POOL)),
        },
    )
    rollup.start()
    return rollup


def _begin(
    settings: NodeConfig,
    engine: Engine,
    clock: Clock,
    l1_store: ChainStore,
    l2_store: ChainStore,
    forks: Forks,
) -> RollupConfig:
    """Store the first blocks of both chains; return the rollup config."""
    if forks.l1 is None and forks.l2 is None:
        network = first_blocks(settings, engine, clock)
        l1, l2, config = network.l1, network.l2, network.config
        l1_meta: dict[str, bytes] = {}
        l2_meta: dict[str, bytes] = {}
    else:
        forked = fork_network(settings, engine, forks)
        l1, l2, config = forked.l1.executed, forked.l2.executed, forked.config
        l1_meta = fork_meta(forks.l1, forked.l1)
        l2_meta = fork_meta(forks.l2, forked.l2)
    if l1_store.is_empty:
        l1_meta[L1_FORK] = settings.l1_fork.encode()
        l1_store.commit(l1, meta=l1_meta, first=forks.l1 is not None)
    elif l1_store.head().hash != l1.hash:
        raise ConfigError("the data folder holds an L1 but no L2: move it away, start anew")
    l2_meta[ROLLUP_CONFIG] = json.dumps(config.to_json()).encode()
    l2_store.commit(l2, meta=l2_meta, first=forks.l2 is not None)
    return config


def l1_schedule(store: ChainStore, settings: NodeConfig) -> L1Schedule:
    """Return the forks of an L1 whose first block is stored.

    A store that does not name them is from when there was Prague only.  Raises `ConfigError`
    when another fork is asked for than the store was made with.
    """
    stored = (store.meta(L1_FORK) or b"prague").decode()
    if "l1_fork" in settings.sources and settings.l1_fork != stored:
        raise ConfigError(
            f"l1_fork is {settings.l1_fork}, but the data folder was made with {stored}: "
            "leave it out, or pass another --data-dir"
        )
    return L1Schedule.at_genesis(L1Fork[stored.upper()])


def first_blocks(settings: NodeConfig, engine: Engine, clock: Clock) -> Network:
    """Return where both chains begin: as files say, or as they are built in."""
    if settings.rollup_config is not None or settings.l2_genesis is not None:
        return load_network(settings, engine)
    return build_network(settings, engine, settings.genesis_time or clock.now())


def local_batcher(settings: NodeConfig, config: RollupConfig) -> DevAccount:
    """Return the account that posts batches on the L1 that is run here.

    Raises `ConfigError` when its key is neither given nor one that everybody has.
    """
    wanted = config.genesis.system_config.batcher
    if settings.batcher_key is not None:
        account: DevAccount | None = batcher_account(settings)
    else:
        account = known_account(wanted, config.l2_chain_id)
    if account is None:
        raise ConfigError(
            f"the rollup's batcher is 0x{wanted.hex()}, whose key is not known: pass --batcher-key"
        )
    if account.address != wanted:
        raise ConfigError(
            f"batcher_key is the key of 0x{account.address.hex()}, but the rollup's batcher is "
            f"0x{wanted.hex()}"
        )
    return account


def open_l2(
    config: RollupConfig,
    store: ChainStore,
    genesis: ExecutedBlock | None = None,
    upgrades: Upgrades = NO_UPGRADES,
    engine_name: str = engines.DEFAULT,
    fork: Fork | None = None,
) -> L2Engine:
    """Return the engine of a given L2 over a store, new or used before.

    `genesis` is its first block where that is not the built-in one, `upgrades` what
    `load_upgrades` returned for `config`, `engine_name` what executes code.  Raises
    `ConfigError` when the first block, or the store, is another L2's.
    """
    engine = engines.engine(engine_name)
    if store.is_empty:
        meta: dict[str, bytes] = {}
        if fork is not None:
            first = l2_of_fork(engine, fork, config)
            genesis, meta = first.executed, fork_meta(fork, first)
        elif genesis is None:
            genesis = known_l2_genesis(config, engine)
        check_l2_genesis(config, genesis.block.header)
        store.commit(genesis, meta=meta, first=fork is not None)
    elif store.canonical_hash(config.genesis.l2.number) != config.genesis.l2.hash:
        raise ConfigError("the data folder holds another L2: pass another --data-dir")
    chain = Chain(store, OptimismRules(config), engine_over(engine, fork, store), fork)
    return L2Engine(chain, config, upgrades)


def build_following(
    settings: NodeConfig,
    kv: KeyValue,
    clock: Clock,
    publish: Callable[[Happening], None],
    engine: L2Engine,
    mirror: L1Mirror,
) -> FollowingRollup:
    """Join the parts of an L2 on a foreign L1, of which `mirror` holds the first block."""
    rollup = FollowingRollup(
        l1=mirror,
        engine=engine,
        sequencer=Sequencer(engine, mirror.block, DevSchedule(engine.config)),
        batcher=Batcher(engine, batcher_account(settings), settings.batcher),
        driver=Driver(engine, SafeHeads(kv)),
        clock=clock,
        mining=Mining(automine=False, interval=engine.config.block_time, strict=True),
        publish=publish,
        journals={"l2": PoolJournal(Prefixed(kv, L2_POOL))},
    )
    rollup.start()
    return rollup


def batcher_account(settings: NodeConfig) -> DevAccount:
    """Return whose transactions carry the batches; raises `ConfigError` for a bad key."""
    if settings.batcher_key is None:
        return dev_account(BATCHER_INDEX)
    return _account_of("batcher_key", settings.batcher_key)


def proposer_account(settings: NodeConfig) -> DevAccount | None:
    """Return who proposes, if a key is given; raises `ConfigError` for a bad one."""
    if settings.proposer_key is None:
        return None
    return _account_of("proposer_key", settings.proposer_key)


def _account_of(name: str, text: str) -> DevAccount:
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
        if len(key) != 32:
            raise ValueError(f"{len(key)} bytes")
        return DevAccount(address_of(key), key)
    except ValueError as exc:
        raise ConfigError(f"{name}: want 32 bytes in hex that are a secp256k1 key") from exc


def stored_config(store: ChainStore, settings: NodeConfig) -> RollupConfig:
    """Return the rollup config that a store was made with.

    Raises `ConfigError` when a setting given now contradicts it.
    """
    raw = store.meta(ROLLUP_CONFIG)
    if raw is None:
        raise ConfigError("the data folder has no rollup config: move it away, start anew")
    config = RollupConfig.from_json(json.loads(raw))
    if settings.rollup_config is not None:
        check_stored(read_rollup_file(settings), config)
    wanted = {
        "l1_chain_id": (settings.l1_chain_id, config.l1_chain_id),
        "l2_chain_id": (settings.l2_chain_id, config.l2_chain_id),
        "block_time": (settings.block_time, config.block_time),
        "genesis_time": (settings.genesis_time, config.genesis.l2_time),
        "state_precompile": (settings.state_precompile, config.credit_vault is not None),
    }
    for name, (asked, stored) in wanted.items():
        if name in settings.sources and asked is not None and asked != stored:
            raise ConfigError(
                f"{name} is {asked}, but the data folder was made with {stored}: "
                f"leave it out, or pass another --data-dir"
            )
    return config
