"""The devnet for code without asyncio: it runs on a thread, and every call waits.

with SyncDevnet(block_time=2) as devnet:
    devnet.l2.mine(3)
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from byline.derivation.config import RollupConfig
from byline.derivation.types import L2BlockRef, SyncStatus
from byline.node.clock import Clock
from byline.node.config import NodeConfig
from byline.node.devnet import WAIT_SECONDS, Devnet
from byline.node.errors import NodeError
from byline.node.loops import loop_factory
from byline.node.rollups.rollup import ChainName
from byline.node.served_chain import ServedChain

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

T = TypeVar("T")


class SyncDevnet:
    """Both chains and their servers on a thread of their own; a context manager.

    Takes what `Devnet` takes.  `start` and `stop` do what the context does; errors of both are
    raised in the caller.  Any thread may call, save from within the devnet itself.
    """

    def __init__(
        self, settings: NodeConfig | None = None, clock: Clock | None = None, **changes: Any
    ) -> None:
        self._devnet = Devnet(settings, clock, **changes)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._ended: Future[None] = Future()

    @property
    def settings(self) -> NodeConfig:
        """What it was told."""
        return self._devnet.settings

    # -- life -------------------------------------------------------------------------

    def start(self) -> None:
        """Serve both chains; raises `NodeError` where something is in the way."""
        if self._thread is not None:
            raise NodeError("the devnet was started before: make another one")
        ready: Future[None] = Future()
        # A daemon, so that a devnet that nobody stopped does not keep the program alive.
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="byline-devnet", daemon=True
        )
        self._thread.start()
        atexit.register(self.stop)
        try:
            ready.result()
        except BaseException:
            atexit.unregister(self.stop)
            if ready.done():
                self._thread.join()
            else:
                # Interrupted: it is still starting, and stops when it has.
                ready.cancel()
            raise

    def stop(self) -> None:
        """End servers, tasks and threads, and wait for that; twice is as good as once."""
        if self._thread is None or self._ended.done():
            return
        atexit.unregister(self.stop)
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._ended.result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, ready: Future[None]) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._serve(ready))
        except BaseException as exc:
            if not ready.done():
                self._ended.set_result(None)
                ready.set_exception(exc)
            else:
                self._ended.set_exception(exc)
        else:
            self._ended.set_result(None)

    async def _serve(self, ready: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with self._devnet:
            if ready.set_running_or_notify_cancel():
                ready.set_result(None)
                await self._stopping.wait()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the event loop of the devnet; return what it returns."""
        if self._thread is None or not self._thread.is_alive():
            work.close()
            raise NodeError("the devnet does not run: use it within its context")
        if self._thread is threading.current_thread():
            work.close()
            raise NodeError("this would wait for itself: use Devnet within its event loop")
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            raise

    # -- what there is ----------------------------------------------------------------

    @property
    def l1(self) -> SyncChain:
        """The L1, while the devnet runs."""
        return SyncChain(self, "l1")

    @property
    def l2(self) -> SyncChain:
        """The L2, while the devnet runs."""
        return SyncChain(self, "l2")

    def served(self, name: ChainName) -> ServedChain:
        """Return a chain as the event loop of the devnet sees it; raises `NodeError`."""
        if self._thread is None or not self._thread.is_alive():
            raise NodeError("the devnet does not run: use it within its context")
        return self._devnet.l1 if name == "l1" else self._devnet.l2

    @property
    def config(self) -> RollupConfig:
        """The rollup config."""
        return self._devnet.config

    @property
    def accounts(self) -> tuple[LocalAccount, ...]:
        """The funded accounts with their keys, in mnemonic order; they sign, too."""
        return self._devnet.accounts

    # -- what one does ----------------------------------------------------------------

    def snapshot(self) -> int:
        """Remember both chains as they are; return an id for `revert`."""
        return self.wait(self._devnet.snapshot())

    def revert(self, snapshot_id: int) -> None:
        """Take both chains back; see `Devnet.revert`."""
        self.wait(self._devnet.revert(snapshot_id))

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Take both chains back at the end of the block to where they were at its beginning."""
        before = self.snapshot()
        try:
            yield
        finally:
            self.revert(before)

    def increase_time(self, seconds: int) -> None:
        """Move the clock of both chains on; their next blocks follow.  Raises `NodeError`."""
        self.wait(self._devnet.increase_time(seconds))

    def set_time(self, timestamp: int) -> None:
        """Set the clock of both chains, in seconds since 1970.  Raises `NodeError`."""
        self.wait(self._devnet.set_time(timestamp))

    def flush(self) -> int:
        """Post all unsafe L2 blocks now; return how many there were."""
        return self.wait(self._devnet.flush())

    def sync_status(self) -> SyncStatus:
        """Return the heads of both chains."""
        return self.wait(self._devnet.sync_status())

    def wait_until_safe(
        self, number: int | None = None, *, seconds: float = WAIT_SECONDS
    ) -> L2BlockRef:
        """Wait for the safe head; see `Devnet.wait_until_safe`."""
        return self.wait(self._devnet.wait_until_safe(number, seconds=seconds))

    def wait_until_finalized(
        self, number: int | None = None, *, seconds: float = WAIT_SECONDS
    ) -> L2BlockRef:
        """Wait for the finalized head; see `Devnet.wait_until_finalized`."""
        return self.wait(self._devnet.wait_until_finalized(number, seconds=seconds))


class SyncChain:
    """One of the two chains; its calls wait."""

    def __init__(self, devnet: SyncDevnet, name: ChainName) -> None:
        self._devnet = devnet
        self._served = devnet.served(name)

    def __repr__(self) -> str:
        return repr(self._served)

    @property
    def name(self) -> ChainName:
        """Which of the two."""
        return self._served.name

    @property
    def chain_id(self) -> int:
        """The chain id (EIP-155)."""
        return self._served.chain_id

    @property
    def url(self) -> str:
        """JSON-RPC over HTTP."""
        return self._served.url

    @property
    def ws_url(self) -> str:
        """JSON-RPC over WebSocket, on the same port."""
        return self._served.ws_url

    @property
    def ipc_path(self) -> Path | None:
        """The Unix socket that serves it, too, where the settings name one."""
        return self._served.ipc_path

    @property
    def contracts(self) -> Mapping[str, str]:
        """Addresses of the system's contracts by name, in hex with checksums (EIP-55)."""
        return self._served.contracts

    def request(self, method: str, *params: Any) -> Any:
        """Return the result of a JSON-RPC call; see `ServedChain.request`."""
        return self._devnet.wait(self._served.request(method, *params))

    def block_number(self) -> int:
        """Return the number of the head."""
        return self._devnet.wait(self._served.block_number())

    def mine(
        self, blocks: int = 1, *, timestamp: int | None = None, interval: int | None = None
    ) -> None:
        """Make `blocks` blocks; see `ServedChain.mine`."""
        work = self._served.mine(blocks, timestamp=timestamp, interval=interval)
        self._devnet.wait(work)
