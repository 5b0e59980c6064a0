"""An execution engine alone: the L2's JSON-RPC on one port, the Engine API on another.

It knows no L1, makes no blocks by itself and posts none: a rollup node drives it.

async with EngineNode(EngineSettings(rollup_config=config, secret=secret)) as node:
    print(node.engine_url)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from byline.derivation.config import RollupConfig
from byline.node.assembly import L2_PREFIX, open_l2
from byline.node.backend.building import NodeBuilding
from byline.node.backend.chain import NodeChain
from byline.node.backend.events import EventHub
from byline.node.backend.forks import NodeForks
from byline.node.backend.later import simulating_later, tracing_later
from byline.node.backend.pool import NodeAccounts, NodePool
from byline.node.backend.state import NodeState
from byline.node.backend.threads import LoopCalls, Threads
from byline.node.chain.block import ExecutedBlock
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.engine_api.execution import ExecutionEngine
from byline.node.engine_api.jwt import TokenCheck
from byline.node.engine_api.methods import EngineMethods, engine_port_methods
from byline.node.errors import PortBusy
from byline.node.evm.engines import DEFAULT
from byline.node.storage.kv import KeyValue, Prefixed
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.overflow import OverflowKV
from byline.node.storage.store import ChainStore
from byline.node.version import client_version
from byline.rpc.backend import Backend, Refused
from byline.rpc.limits import Limits
from byline.rpc.method import Method
from byline.rpc.namespaces import (
    debug,
    debug_trace,
    eth_blocks,
    eth_logs,
    eth_state,
    eth_transactions,
    merge,
    net,
    trace,
    txpool,
    web3,
)
from byline.rpc.server import RpcServer

ENGINE_LIMITS: Final = Limits(body_bytes=128 * 1024 * 1024)
"""A payload may be large, and who sends one holds the secret (geth's bound)."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an execution engine is told."""

    rollup_config: RollupConfig
    secret: bytes = field(repr=False)
    """32 bytes, shared with the rollup node."""
    host: str = "127.0.0.1"
    l2_port: int = 9545
    """0 takes a free one, as below."""
    engine_port: int = 8551
    data_dir: Path | None = None
    """`None` keeps everything in memory."""
    genesis: ExecutedBlock | None = None
    """The L2's first block, where it is not the built-in one."""
    engine_name: str = DEFAULT
    """What executes code."""


class EngineNode:
    """The engine and its two servers; an async context manager."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._stack = AsyncExitStack()
        self.execution: ExecutionEngine
        self.rpc: RpcServer
        self.engine_rpc: RpcServer

    async def __aenter__(self) -> EngineNode:
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
        settings = self.settings
        calls = LoopCalls(asyncio.get_running_loop())
        threads = Threads(calls)
        self._stack.callback(threads.close)
        kv: KeyValue = OverflowKV()
        if settings.data_dir is not None:
            kv = LevelKV(settings.data_dir / "chains")
        self._stack.callback(kv.close)
        hub = EventHub(calls)
        store = ChainStore(Prefixed(kv, L2_PREFIX))
        engine = await threads.write(
            lambda: open_l2(
                settings.rollup_config,
                store,
                settings.genesis,
                engine_name=settings.engine_name,
            )
        )
        self.execution = ExecutionEngine(engine, hub.publish_from_thread)
        backend = _backend(self.execution, hub, threads)
        self.rpc = await self._serve(
            RpcServer(
                backend, host=settings.host, port=settings.l2_port, methods=public_methods()
            ),
            f"the L2 on port {settings.l2_port}: pass --l2-port",
        )
        methods = EngineMethods(self.execution, threads)
        self.engine_rpc = await self._serve(
            RpcServer(
                backend,
                host=settings.host,
                port=settings.engine_port,
                cors=(),
                limits=ENGINE_LIMITS,
                methods=engine_port_methods(methods),
                refusal=TokenCheck(settings.secret),
            ),
            f"the Engine API on port {settings.engine_port}: pass --engine-port",
        )

    async def _serve(self, server: RpcServer, what: str) -> RpcServer:
        try:
            return await self._stack.enter_async_context(server)
        except OSError as exc:
            raise PortBusy(
                f"{self.settings.host} is not free ({exc.strerror}) for {what}"
            ) from exc

    @property
    def l2_url(self) -> str:
        """HTTP URL of the L2's JSON-RPC."""
        return self.rpc.url

    @property
    def engine_url(self) -> str:
        """HTTP URL of the Engine API."""
        return self.engine_rpc.url


def public_methods() -> Mapping[str, Method]:
    """Return what the L2's port serves: no cheats, and `optimism_` is the rollup node's."""
    return merge(
        eth_blocks.METHODS,
        eth_state.METHODS,
        eth_transactions.METHODS,
        eth_logs.METHODS,
        debug.METHODS,
        debug_trace.METHODS,
        trace.METHODS,
        net.METHODS,
        web3.METHODS,
        txpool.METHODS,
    )


NO_TIME_TRAVEL: Final = "an execution engine has no clock: its rollup node tells the time"


class _NoControls:
    """Implements `byline.rpc.backend.Controls` by refusing: blocks come from outside."""

    async def mine(self, blocks: int, timestamp: int | None) -> None:
        """Refuse."""
        raise Refused("an execution engine makes blocks only when its rollup node asks for them")

    async def mine_apart(self, blocks: int, seconds: int) -> None:
        """Refuse."""
        await self.mine(blocks, None)

    async def increase_time(self, seconds: int) -> int:
        """Refuse."""
        raise Refused(NO_TIME_TRAVEL)

    async def set_time(self, timestamp: int) -> int:
        """Refuse."""
        raise Refused(NO_TIME_TRAVEL)

    async def set_next_timestamp(self, timestamp: int) -> None:
        """Refuse."""
        raise Refused(NO_TIME_TRAVEL)

    async def set_timestamp_interval(self, seconds: int | None) -> bool:
        """Refuse."""
        raise Refused(NO_TIME_TRAVEL)

    async def snapshot(self) -> int:
        """Refuse."""
        raise Refused("an execution engine takes no snapshots: its rollup node moves the heads")

    async def revert(self, snapshot_id: int) -> bool:
        """Refuse."""
        raise Refused("an execution engine takes no snapshots: its rollup node moves the heads")


def _backend(execution: ExecutionEngine, hub: EventHub, threads: Threads) -> Backend:
    state = NodeState(execution, "l2", threads)
    return Backend(
        name="l2",
        client_version=client_version(),
        chain=NodeChain(execution, "l2", threads),
        state=state,
        pool=NodePool(execution, "l2", threads),
        accounts=NodeAccounts(execution, "l2", state),
        controls=_NoControls(),
        events=hub,
        tracing=tracing_later(execution, "l2", threads),
        simulating=simulating_later(execution, "l2", threads),
        building=NodeBuilding(execution, threads),
        forks=NodeForks(execution, "l2"),
        contracts=L2_CONTRACTS,
    )
