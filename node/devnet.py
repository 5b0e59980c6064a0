"""The composition root: opens the store, joins the parts, serves both chains.

async with Devnet(NodeConfig(l1_port=0, l2_port=0)) as devnet:
    print(devnet.l2_url)
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from types import TracebackType
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.dev_clock import ClockSchedule
from byline.derivation.types import SyncStatus
from byline.node.accounts import BATCHER_INDEX, OWNER_INDEX, dev_account
from byline.node.backend.chain import NodeChain
from byline.node.backend.controls import NodeControls, NodeRollup
from byline.node.backend.events import EventHub
from byline.node.backend.pool import NodeAccounts, NodePool
from byline.node.backend.receipts import located_logs
from byline.node.backend.state import NodeState
from byline.node.backend.threads import Threads
from byline.node.chain.chain import Chain
from byline.node.chain.journal import PoolJournal
from byline.node.clock import Clock, SystemClock
from byline.node.config import NodeConfig
from byline.node.contracts.addresses import L1_CONTRACTS, L2_CONTRACTS
from byline.node.errors import ConfigError, PortBusy
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import Engine
from byline.node.evm.optimism import OptimismRules
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.l1.chain import LocalL1
from byline.node.l2.batcher import Batcher
from byline.node.l2.driver import Derived, Driver
from byline.node.l2.engine import L2Engine
from byline.node.l2.sequencer import Sequencer
from byline.node.local import LocalRollup
from byline.node.network import build_network
from byline.node.rollup import BlockMade, BlocksDropped, ChainName, Happening, Mining
from byline.node.storage.kv import KeyValue, MemoryKV, Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.store import ChainStore
from byline.node.version import client_version
from byline.rpc.backend import Backend, LocatedLog, NewHead
from byline.rpc.server import RpcServer

LOG = logging.getLogger("byline.devnet")

ROLLUP_CONFIG: Final = "rollup.json"
"""Name under which the L2's store keeps the rollup config."""
L1_PREFIX: Final = b"1"
L2_PREFIX: Final = b"2"
L1_POOL: Final = b"p1"
L2_POOL: Final = b"p2"


def open_store(settings: NodeConfig) -> KeyValue:
    """Open the data folder, or memory; raises `StorageError`."""
    if settings.data_dir is None:
        return MemoryKV()
    return LevelKV(settings.data_dir / "chains")


def build_rollup(
    settings: NodeConfig, kv: KeyValue, clock: Clock, publish: Callable[[Happening], None]
) -> LocalRollup:
    """Join the parts over a store, new or used before.

    Raises `ConfigError` when the store holds other chains than `settings` ask for.
    """
    engine: Engine = PyEvmEngine()
    l1_store = ChainStore(Prefixed(kv, L1_PREFIX))
    l2_store = ChainStore(Prefixed(kv, L2_PREFIX))
    if l2_store.is_empty:
        network = build_network(settings, engine, settings.genesis_time or clock.now())
        if l1_store.is_empty:
            l1_store.commit(network.l1)
        elif l1_store.head().hash != network.l1.block.hash:
            raise ConfigError("the data folder holds an L1 but no L2: move it away, start anew")
        config = network.config
        meta = {ROLLUP_CONFIG: json.dumps(config.to_json()).encode()}
        l2_store.commit(network.l2, meta=meta)
    else:
        config = stored_config(l2_store, settings)
    l1_chain = Chain(l1_store, EthereumRules(config.l1_chain_id), engine)
    l1 = LocalL1(l1_chain, settings.l1_finality)
    l2_engine = L2Engine(Chain(l2_store, OptimismRules(config), engine), config)
    rollup = LocalRollup(
        l1=l1,
        engine=l2_engine,
        sequencer=Sequencer(l2_engine, l1.block, ClockSchedule(config)),
        batcher=Batcher(l2_engine, dev_account(BATCHER_INDEX), settings.compression),
        driver=Driver(l2_engine),
        clock=clock,
        batch_account=dev_account(BATCHER_INDEX),
        owner=dev_account(OWNER_INDEX),
        mining=Mining(
            automine=settings.block_time is None or settings.mixed,
            interval=settings.block_time,
            l1_interval=settings.l1_interval,
            strict=settings.strict,
        ),
        publish=publish,
        journals={
            "l1": PoolJournal(Prefixed(kv, L1_POOL)),
            "l2": PoolJournal(Prefixed(kv, L2_POOL)),
        },
    )
    rollup.start()
    return rollup


def stored_config(store: ChainStore, settings: NodeConfig) -> RollupConfig:
    """Return the rollup config that a store was made with.

    Raises `ConfigError` when a setting given now contradicts it.
    """
    raw = store.meta(ROLLUP_CONFIG)
    if raw is None:
        raise ConfigError("the data folder has no rollup config: move it away, start anew")
    config = RollupConfig.from_json(json.loads(raw))
    wanted = {
        "l1_chain_id": (settings.l1_chain_id, config.l1_chain_id),
        "l2_chain_id": (settings.l2_chain_id, config.l2_chain_id),
        "block_time": (settings.block_time, config.block_time),
        "genesis_time": (settings.genesis_time, config.genesis.l2_time),
    }
    for name, (asked, stored) in wanted.items():
        if name in settings.sources and asked is not None and asked != stored:
            raise ConfigError(
                f"{name} is {asked}, but the data folder was made with {stored}: "
                f"leave it out, or pass another --data-dir"
            )
    return config


class Devnet:
    """Both chains and their servers; an async context manager."""

    def __init__(self, settings: NodeConfig | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or NodeConfig()
        self._clock = clock or SystemClock()
        self._stack = AsyncExitStack()
        self._threads: Threads
        self._hubs: dict[ChainName, EventHub]
        self._made = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.rollup: LocalRollup
        self.backends: dict[ChainName, Backend]
        self.servers: dict[ChainName, RpcServer]

    async def __aenter__(self) -> Devnet:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._threads = Threads()
        self._stack.callback(self._threads.close)
        kv = open_store(self.settings)
        self._stack.callback(kv.close)
        self._hubs = {"l1": EventHub(loop), "l2": EventHub(loop)}
        self.rollup = await self._threads.write(
            build_rollup, self.settings, kv, self._clock, self._publish
        )
        self.backends = {"l1": self._backend("l1"), "l2": self._backend("l2")}
        self._stack.push_async_callback(self._end_tasks)
        self.servers = {}
        self.servers["l1"] = await self._serve("l1", self.settings.l1_port)
        self.servers["l2"] = await self._serve("l2", self.settings.l2_port)
        self._begin(self._post_in_pauses())
        if self.rollup.mining.interval is not None:
            self._begin(self._tick(self.rollup.mining.interval, self._tick_l2))
            self._begin(self._tick(self.rollup.mining.l1_interval, self._tick_l1))

    async def _serve(self, name: ChainName, port: int) -> RpcServer:
        server = RpcServer(self.backends[name], host=self.settings.host, port=port)
        try:
            return await self._stack.enter_async_context(server)
        except OSError as exc:
            raise PortBusy(
                f"{self.settings.host}:{port} is not free for the {name.upper()} "
                f"({exc.strerror}): stop what listens there, or pass --{name}-port"
            ) from exc

    def _backend(self, name: ChainName) -> Backend:
        threads, rollup = self._threads, self.rollup
        state = NodeState(rollup, name, threads)
        return Backend(
            name=name,
            client_version=client_version(),
            chain=NodeChain(rollup, name, threads),
            state=state,
            pool=NodePool(rollup, name, threads),
            accounts=NodeAccounts(rollup, name, state),
            controls=NodeControls(rollup, name, threads),
            events=self._hubs[name],
            rollup=NodeRollup(rollup, threads) if name == "l2" else None,
            contracts=L1_CONTRACTS if name == "l1" else L2_CONTRACTS,
        )

    # -- events: called on the writer thread ------------------------------------------

    def _publish(self, happening: Happening) -> None:
        if isinstance(happening, Derived):
            LOG.info("L2 block %d is safe", happening.ref.number)
            return
        hub = self._hubs[happening.chain]
        if isinstance(happening, BlockMade):
            executed = happening.executed
            logs = tuple(located_logs(executed.block, executed.receipts))
            hub.publish_from_thread(NewHead(executed.block, logs))
            if happening.chain == "l2":
                hub.call_from_thread(self._made.set)
        else:
            hub.publish_from_thread(self._dropped(happening))

    def _dropped(self, happening: BlocksDropped) -> NewHead:
        store = self.rollup.chain(happening.chain).store
        removed: list[LocatedLog] = []
        for header in happening.dropped:
            block, receipts = store.block(header.hash), store.receipts(header.hash)
            if block is not None and receipts is not None:
                removed.extend(reversed(list(located_logs(block, receipts, removed=True))))
        head = store.block(happening.head.hash)
        assert head is not None
        return NewHead(head, (), tuple(removed))

    # -- tasks ------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_report)
        self._tasks.append(task)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _post_in_pauses(self) -> None:
        """Let the batcher post once no L2 block has come for a while."""
        if self.rollup.batcher.pending:
            self._made.set()
        while True:
            await self._made.wait()
            self._made.clear()
            await asyncio.sleep(self.settings.batch_pause)
            if not self._made.is_set():
                await self._threads.write(self.rollup.flush)

    async def _tick(self, seconds: int, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due = max(due + seconds, loop.time())
            await self._threads.write(work)

    def _tick_l2(self) -> None:
        self.rollup.mine_l2()

    def _tick_l1(self) -> None:
        self.rollup.mine_l1()

    # -- for scripts and tests --------------------------------------------------------

    @property
    def l1_url(self) -> str:
        """HTTP URL of the L1's JSON-RPC."""
        return self.servers["l1"].url

    @property
    def l2_url(self) -> str:
        """HTTP URL of the L2's JSON-RPC."""
        return self.servers["l2"].url

    @property
    def config(self) -> RollupConfig:
        """The rollup config."""
        return self.rollup.engine.config

    async def flush(self) -> int:
        """Post all unsafe L2 blocks now; return how many there were."""
        return await self._threads.write(self.rollup.flush)

    async def sync_status(self) -> SyncStatus:
        """Return the heads of both chains."""
        return await self._threads.write(self.rollup.sync_status)

    def stopped_with(self) -> BaseException | None:
        """Return why a background task ended, if one did."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                return error
        return None


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.error("a background task ended", exc_info=error)


def with_free_ports(settings: NodeConfig) -> NodeConfig:
    """Return `settings` with ports chosen by the system, for tests."""
    return replace(settings, l1_port=0, l2_port=0)
