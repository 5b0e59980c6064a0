"""What every running node has: threads, servers, tasks, and the way from one to another."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from byline.derivation.block import Block
from byline.derivation.config import RollupConfig
from byline.derivation.receipt import Receipt
from byline.derivation.types import SyncStatus
from byline.node.assembly import open_store
from byline.node.backend.building import NodeBuilding
from byline.node.backend.chain import NodeChain
from byline.node.backend.contracts import contracts_of
from byline.node.backend.controls import NodeControls, NodeRollup
from byline.node.backend.editing import NodeEditing
from byline.node.backend.events import EventHub
from byline.node.backend.forked import forked_of
from byline.node.backend.forks import NodeForks
from byline.node.backend.later import (
    attribution_later,
    inspecting_later,
    simulating_later,
    tracing_later,
)
from byline.node.backend.pool import NodeAccounts, NodePool
from byline.node.backend.receipts import LazyReceipts, RemovedLogs, located_logs, located_receipts
from byline.node.backend.rewriting import steering_of
from byline.node.backend.sequencing import NodeSequencing
from byline.node.backend.state import NodeState
from byline.node.backend.threads import LoopCalls, Threads
from byline.node.chain.block import ExecutedBlock
from byline.node.clock import Clock, SystemClock
from byline.node.config import NodeConfig
from byline.node.crossings.teller import Teller
from byline.node.errors import ConfigError, PortBusy
from byline.node.forking.origin import Fork
from byline.node.l2.driver import Derived, Step
from byline.node.messages.sources import abi_sources
from byline.node.messages.teller import TransactionTeller
from byline.node.rollups.rollup import (
    BlockMade,
    BlocksDropped,
    ChainName,
    Happening,
    Pooled,
    Rollup,
)
from byline.node.storage.kv import KeyValue
from byline.node.version import client_version
from byline.rpc.backend import Backend, LocatedReceipt, NewHead, NewPending
from byline.rpc.ipc import IpcServer
from byline.rpc.origins import LOCAL_ORIGINS
from byline.rpc.server import Handler, RpcServer

LOG = logging.getLogger("byline.node")


class NodeShell:
    """An async context manager round a rollup; subclasses start what is theirs."""

    rollup: Rollup

    def __init__(self, settings: NodeConfig | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or NodeConfig()
        self._clock = clock or SystemClock()
        self._stack = AsyncExitStack()
        self._calls: LoopCalls
        self._threads: Threads
        self._hubs: dict[ChainName, EventHub]
        self._teller: Teller | None = None
        self._messages: TransactionTeller | None = None
        self._made = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.backends: dict[ChainName, Backend] = {}
        self.servers: dict[ChainName, RpcServer] = {}

    async def _start(self) -> None:
        """Build the rollup, serve it, begin the tasks."""
        raise NotImplementedError

    def _open(self) -> KeyValue:
        """Open the store and start the threads; both end with the context."""
        self._calls = LoopCalls(asyncio.get_running_loop())
        self._threads = Threads(self._calls)
        self._stack.callback(self._threads.close)
        kv = open_store(self.settings)
        self._stack.callback(kv.close)
        self._hubs = {"l1": EventHub(self._calls), "l2": EventHub(self._calls)}
        return kv

    async def __aenter__(self) -> Self:
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

    async def _serve(self, name: ChainName, port: int) -> None:
        """Serve a chain; raises `PortBusy`."""
        self.rollup.chain(name).call_gas = self.settings.call_gas
        self._teller = self._teller or Teller(self.rollup)
        if self._messages is None:
            self._messages = TransactionTeller(self.rollup, abi_sources(self.settings.abi))
            self._stack.callback(self._messages.close)
        chain = self.rollup.chain(name)
        if isinstance(chain.beneath, Fork):
            self._stack.callback(chain.beneath.close)
        contracts = await self._threads.read(contracts_of, self.rollup, name)
        self.backends[name] = self._backend(name, contracts)
        server = RpcServer(
            self.backends[name],
            host=self.settings.host,
            port=port,
            limits=self.settings.limits,
            cors=(*LOCAL_ORIGINS, *self.settings.allow_origin),
            hosts=self.settings.allow_host,
            pages=self._pages(name),
        )
        try:
            self.servers[name] = await self._stack.enter_async_context(server)
        except socket.gaierror as exc:
            raise ConfigError(
                f"--host {self.settings.host} is no address of this machine ({exc.strerror}): "
                "127.0.0.1 serves this machine alone, 0.0.0.0 all that reach it"
            ) from exc
        except OSError as exc:
            raise PortBusy(
                f"{self.settings.host}:{port} is not free for the {name.upper()} "
                f"({exc.strerror}): stop what listens there, or pass --{name}-port"
            ) from exc

        await self._serve_ipc(name)

    async def _serve_ipc(self, name: ChainName) -> None:
        path = self.settings.l1_ipc if name == "l1" else self.settings.l2_ipc
        if path is None:
            return
        server = IpcServer(self.servers[name].dispatcher, path)
        try:
            await self._stack.enter_async_context(server)
        except OSError as exc:
            raise PortBusy(f"--{name}-ipc {path}: {exc.strerror or exc}") from exc

    def _pages(self, name: ChainName) -> Mapping[str, Handler]:
        """Return what a chain's port serves beside JSON-RPC, by path."""
        return {}

    def _backend(self, name: ChainName, contracts: Mapping[str, bytes]) -> Backend:
        threads, rollup = self._threads, self.rollup
        tell = None if self._messages is None else self._messages.tried
        state = NodeState(rollup, name, threads, self.settings.call_timeout, tell)
        return Backend(
            name=name,
            client_version=client_version(),
            chain=NodeChain(rollup, name, threads, self.settings.call_timeout),
            state=state,
            pool=NodePool(rollup, name, threads),
            accounts=NodeAccounts(rollup, name, state),
            controls=NodeControls(rollup, name, threads),
            events=self._hubs[name],
            rollup=NodeRollup(rollup, threads) if name == "l2" else None,
            tracing=tracing_later(rollup, name, threads, self.settings.call_timeout),
            inspecting=inspecting_later(rollup, name, threads, self.settings.call_timeout),
            simulating=simulating_later(rollup, name, threads, self.settings.call_timeout),
            building=NodeBuilding(rollup, threads) if name == "l2" else None,
            sequencing=NodeSequencing(rollup, threads) if name == "l2" else None,
            forks=NodeForks(rollup, name),
            steering=steering_of(rollup, name, threads),
            editing=NodeEditing(rollup, name, threads, state),
            attribution=attribution_later(
                rollup, threads, self.settings.attribution_folder, self.settings.call_timeout
            )
            if name == "l2"
            else None,
            data_dir=str(self.settings.data_dir or ""),
            forked=forked_of(rollup.chain(name)),
            contracts=contracts,
        )

    # -- events: called on the writer thread ------------------------------------------

    def _publish(self, happening: Happening) -> None:
        if isinstance(happening, Derived):
            LOG.debug("L2 block %d is safe", happening.ref.number)
            if happening.step is Step.BUILT:
                self._tell_built(happening.ref.hash)
            return
        hub = self._hubs[happening.chain]
        if isinstance(happening, Pooled):
            hub.publish_from_thread(NewPending(happening.transaction))
        elif isinstance(happening, BlockMade):
            executed = happening.executed
            logs = tuple(located_logs(executed.block, executed.receipts))
            receipts = LazyReceipts(self._located(happening.chain, executed))
            hub.publish_from_thread(NewHead(executed.block, logs, (), receipts))
            if happening.chain == "l2":
                self._calls.add(self._made.set)
            if self._messages is not None:
                self._messages.executed(happening.chain, executed)
            self._tell(happening.chain, executed.block, executed.receipts)
        else:
            hub.publish_from_thread(self._dropped(happening))

    def _located(
        self, name: ChainName, made: ExecutedBlock
    ) -> Callable[[], Iterable[LocatedReceipt]]:
        config = self.rollup.engine.config if name == "l2" else None
        rules = self.rollup.chain(name).rules

        def locate() -> Iterable[LocatedReceipt]:
            fee = rules.blob_base_fee(made.block.header)
            return located_receipts(made.block, made.receipts, config, fee)

        return locate

    def _tell(self, name: ChainName, block: Block, receipts: Sequence[Receipt]) -> None:
        """Let the log know what crosses between the chains in a new block."""
        if self._teller is None or name in self.rollup.muted:
            return
        if name == "l2":
            self._teller.l2_block(block, receipts)
        else:
            self._teller.l1_block(block.number, block.transactions, receipts)

    def _tell_built(self, block_hash: bytes) -> None:
        """Do so for an L2 block that derivation made."""
        store = self.rollup.engine.chain.store
        block, receipts = store.block(block_hash), store.receipts(block_hash)
        if block is not None and receipts is not None:
            if self._messages is not None:
                self._messages.stored("l2", block, receipts)
            self._tell("l2", block, receipts)

    def _dropped(self, happening: BlocksDropped) -> NewHead:
        chain = self.rollup.chain(happening.chain)
        head = chain.store.block(happening.head.hash)
        assert head is not None
        return NewHead(head, (), RemovedLogs(chain, happening.top, head.number))

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

    # -- for scripts and tests --------------------------------------------------------

    @property
    def l1_url(self) -> str:
        """HTTP URL of the L1's JSON-RPC."""
        return self.settings.l1_rpc or self.servers["l1"].url

    @property
    def l2_url(self) -> str:
        """HTTP URL of the L2's JSON-RPC."""
        return self.servers["l2"].url

    @property
    def config(self) -> RollupConfig:
        """The rollup config."""
        return self.rollup.engine.config

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
