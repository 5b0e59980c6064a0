"""From settings and stores to the chains that a devnet stands on."""

from __future__ import annotations

from dataclasses import replace

from byline.node.config import NodeConfig
from byline.node.errors import ConfigError
from byline.node.evm.machine import Engine
from byline.node.forking.cache import cache_folder
from byline.node.forking.client import Patience
from byline.node.forking.engine import ForkEngine
from byline.node.forking.network import FirstBlock, Forks
from byline.node.forking.origin import FORK, Fork, ForkIdentity, open_fork
from byline.node.forking.place import read_headers, read_place
from byline.node.storage.store import ChainStore

FIRST_ROOT = "fork_root"
"""Name under which a store keeps the root of what lies over the fork at the first block."""


def open_forks(settings: NodeConfig, l1: ChainStore, l2: ChainStore) -> Forks:
    """Find the blocks that `settings` name, which must be those that the stores hold.

    Raises `ConfigError` or `ForkError`.
    """
    first = _open(settings, "l1_fork", settings.l1_fork_url, settings.l1_fork_block_number, l1)
    try:
        second = _open(settings, "fork", settings.fork_url, settings.fork_block_number, l2)
    except BaseException:
        if first is not None:
            first.close()
        raise
    return Forks(first, second)


def _open(
    settings: NodeConfig, name: str, url: str | None, block: int | None, store: ChainStore
) -> Fork | None:
    kept = store.meta(FORK)
    stored = None if kept is None else ForkIdentity.decode(kept)
    flag = "--" + name.replace("_", "-") + "-url"
    if url is None:
        if stored is not None:
            raise ConfigError(
                f"the data folder holds a fork of {stored}: pass {flag}, for what has not been "
                "read from there"
            )
        return None
    if stored is None and not store.is_empty:
        raise ConfigError(
            f"the data folder holds a chain that is no fork: leave out {flag}, or pass another "
            "--data-dir"
        )
    patience = Patience(
        retries=settings.fork_retries,
        pause=settings.fork_retry_backoff / 1000,
        timeout=settings.fork_timeout,
        headers=read_headers("fork_header", "\n".join(settings.fork_header)),
    )
    cache = None if settings.no_storage_caching else cache_folder()
    return open_fork(read_place(f"{name}_url", url, block), patience, cache, stored)


def with_chain_ids(settings: NodeConfig, forks: Forks) -> NodeConfig:
    """Return `settings` with the chain ids of the forks, unless others are asked for.

    Raises `ConfigError` where both chains would have one id.
    """
    if forks.l1 is not None and "l1_chain_id" not in settings.sources:
        settings = replace(settings, l1_chain_id=forks.l1.identity.chain_id)
    if forks.l2 is not None and "l2_chain_id" not in settings.sources:
        settings = replace(settings, l2_chain_id=forks.l2.identity.chain_id)
    forked = forks.l1 is not None or forks.l2 is not None
    if forked and settings.l1_chain_id == settings.l2_chain_id:
        raise ConfigError(
            f"both chains would have chain id {settings.l1_chain_id}: pass --l1-chain-id or "
            "--l2-chain-id"
        )
    return settings


def fork_meta(fork: Fork | None, first: FirstBlock) -> dict[str, bytes]:
    """Return what a store keeps of a fork, by name."""
    if fork is None:
        return {}
    return {FORK: fork.identity.encode(), FIRST_ROOT: first.state_root}


def engine_over(engine: Engine, fork: Fork | None, store: ChainStore) -> Engine:
    """Return the engine of a chain whose first block is stored."""
    root = store.meta(FIRST_ROOT)
    if fork is None or root is None:
        return engine
    first = store.header(store.canonical_hash(fork.number) or b"")
    assert first is not None, "a fork's first block is stored with its root"
    return ForkEngine(engine, fork, first.state_root, root)
