"""The devnet: a local L1 and the L2 on it, served.

async with Devnet(block_time=2) as devnet:
    print(devnet.l2.url, devnet.l2.chain_id, devnet.accounts[0].address)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from byline.derivation.types import L2BlockRef, SyncStatus
from byline.node.accounts import dev_accounts
from byline.node.assembly import build_rollup
from byline.node.clock import Clock
from byline.node.config import NodeConfig, changed
from byline.node.errors import ConfigError, NodeError
from byline.node.forking.errors import ForkError
from byline.node.l1.beacon_api import BeaconApi, pages
from byline.node.l2.driver import Derived
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.mining import Interval
from byline.node.rollups.rollup import ChainName, Happening
from byline.node.rollups.state_file import dump_file, load_file
from byline.node.served_chain import ServedChain, refusals
from byline.node.shell import NodeShell
from byline.node.ticking import Ticker
from byline.node.version import client_version
from byline.rpc.backend import Refused
from byline.rpc.server import Handler

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

LOG = logging.getLogger("byline.node")

KEEP_SECONDS: Final = 1.0
"""Pause between two looks at the clock while something waits for its time."""
MOST_L1_PAUSES: Final = 10
"""How often in a row new L1 blocks keep the batcher waiting for another pause."""
LOOK_SECONDS: Final = 0.02
"""Pause between two looks at the heads while somebody waits for one of them."""
WAIT_SECONDS: Final = 60.0


class Devnet(NodeShell):
    """Both chains and their servers; an async context manager.

    Settings come as a `NodeConfig`, or by keyword under the names of the flags of `byline up`
    (`block_time=2`, `fork="jovian"`), or as both.  Without a `NodeConfig` both ports are free
    ones, so that many can run at once; environment and byline.toml are not read.  `clock` is
    the wall clock unless told: a `ManualClock` stands still until a test moves it.  Raises
    `ConfigError` for settings that cannot be, and `NodeError` at entry where something is in
    the way (`PortBusy`, `Locked`).
    """

    rollup: LocalRollup

    def __init__(
        self, settings: NodeConfig | None = None, clock: Clock | None = None, **changes: Any
    ) -> None:
        base = settings or with_free_ports(NodeConfig())
        config = changed(base, changes) if changes else base
        if config.l1_rpc:
            raise ConfigError(
                f"l1_rpc is {config.l1_rpc}, but a Devnet runs an L1 of its own: use ExternalNode"
            )
        super().__init__(config, clock)

    async def _start(self) -> None:
        kv = self._open()
        self._l1_moved = asyncio.Event()
        self._l1_made = asyncio.Event()
        self.rollup = await self._threads.write(
            build_rollup, self.settings, kv, self._clock, self._publish
        )
        await self._load_state()
        self._stack.push_async_callback(self._end_tasks)
        await self._serve("l1", self.settings.l1_port)
        await self._serve("l2", self.settings.l2_port)
        self._begin(self._post_in_pauses())
        self._begin(self._keep())
        for ticker in self._tickers():
            self._begin(ticker.run())

    async def _load_state(self) -> None:
        """Set what a state file says, and write one at the end; raises `ConfigError`."""
        settings = self.settings
        load, dump = settings.load_state, settings.dump_state
        if settings.state is not None:
            load = settings.state if settings.state.exists() else None
            dump = settings.state
        if load is not None:
            await self._threads.write(load_file, self.rollup, load)
        if dump is not None:
            self._stack.push_async_callback(self._dump_state, dump)

    async def _dump_state(self, path: Path) -> None:
        try:
            await self._threads.write(dump_file, self.rollup, path)
        except (OSError, Refused) as exc:
            LOG.error("the state is not written to %s: %s", path, exc)

    def _pages(self, name: ChainName) -> Mapping[str, Handler]:
        if name == "l2":
            return {}
        l1 = self.rollup.l1
        return pages(BeaconApi(l1.chain, l1.blobs.get, client_version()), self._threads.read)

    async def _post_in_pauses(self) -> None:
        """Let the batcher post once no block has come for a while, of the L2 or of the L1.

        It makes an L1 block: whoever works on the L1 would find it as `latest`, on top of the
        block that is theirs.  That does not hold it back for ever.
        """
        if self.rollup.batcher.pending:
            self._made.set()
        while True:
            await self._made.wait()
            patience = MOST_L1_PAUSES
            while self._made.is_set() or (self._l1_made.is_set() and patience):
                patience -= not self._made.is_set()
                self._made.clear()
                self._l1_made.clear()
                await asyncio.sleep(self.settings.batch_pause)
            try:
                await self.flush()
            except ForkError as exc:
                LOG.warning("no batch is posted, another attempt follows: %s", exc)
                self._made.set()

    async def _keep(self) -> None:
        """Let the L1 have the blocks in which something that waits is ready."""
        await self._look_after_l1()
        keeper = self.rollup.keeper
        while True:
            if keeper.next_time is None and not keeper.busy:
                # Whoever makes an L1 block has looked after what is in it.
                await self._l1_moved.wait()
                self._l1_moved.clear()
                continue
            await asyncio.sleep(KEEP_SECONDS)
            await self._look_after_l1()

    async def _look_after_l1(self) -> None:
        try:
            await self._threads.write(self.rollup.keep)
        except ForkError as exc:
            LOG.warning("the L1 is not looked after this time: %s", exc)

    def _publish(self, happening: Happening) -> None:
        super()._publish(happening)
        if not isinstance(happening, Derived) and happening.chain == "l1":
            self._calls.add(self._l1_moved.set)
            self._calls.add(self._l1_made.set)

    def _tickers(self) -> tuple[Ticker, Ticker]:
        """Return what makes the blocks of both chains by the wall clock, when they want it."""
        rollup, write = self.rollup, self._threads.write
        tickers = (
            Ticker(lambda: rollup.mining.mode("l1").interval, lambda of: write(self._tick_l1, of)),
            Ticker(lambda: rollup.mining.mode("l2").interval, lambda of: write(self._tick_l2, of)),
        )

        def changed() -> None:
            for ticker in tickers:
                ticker.changed()

        rollup.paced = lambda: self._calls.add(changed)
        return tickers

    def _tick_l2(self, interval: Interval) -> None:
        if self._still_ticks("l2", interval) and self.rollup.sequencer.active:
            self.rollup.mine_l2()

    def _tick_l1(self, interval: Interval) -> None:
        if self._still_ticks("l1", interval):
            self.rollup.keep()
            self.rollup.mine_l1()

    def _still_ticks(self, name: ChainName, interval: Interval) -> bool:
        """Tell whether nobody changed the interval while its tick waited for the writer."""
        return self.rollup.mining.mode(name).interval == interval

    async def flush(self) -> int:
        """Post all unsafe L2 blocks now; return how many there were."""
        return await self._threads.write(self._flush)

    def _flush(self) -> int:
        flushed = self.rollup.flush()
        self.rollup.keep()
        return flushed

    # -- for scripts and tests --------------------------------------------------------

    @property
    def l1(self) -> ServedChain:
        """The L1, while the devnet runs."""
        return self._served("l1", self.config.l1_chain_id)

    @property
    def l2(self) -> ServedChain:
        """The L2, while the devnet runs."""
        return self._served("l2", self.config.l2_chain_id)

    def _served(self, name: ChainName, chain_id: int) -> ServedChain:
        ipc_path = self.settings.l1_ipc if name == "l1" else self.settings.l2_ipc
        return ServedChain(name, chain_id, self.backends[name], self.servers[name], ipc_path)

    @property
    def accounts(self) -> tuple[LocalAccount, ...]:
        """The funded accounts with their keys, in mnemonic order; they sign, too."""
        return funded_accounts()

    async def snapshot(self) -> int:
        """Remember both chains as they are; return an id for `revert`."""
        return await self.backends["l2"].controls.snapshot()

    async def revert(self, snapshot_id: int) -> None:
        """Take both chains back to a snapshot, which is used up with all later ones.

        Raises `NodeError` for one that is unknown, or used up already.
        """
        if not await self.backends["l2"].controls.revert(snapshot_id):
            raise NodeError(
                f"snapshot {snapshot_id} is unknown or used up: each serves once, and going "
                "back to an earlier one ends it, too"
            )

    @asynccontextmanager
    async def restoring(self) -> AsyncIterator[None]:
        """Take both chains back at the end of the block to where they were at its beginning."""
        before = await self.snapshot()
        try:
            yield
        finally:
            await self.revert(before)

    async def increase_time(self, seconds: int) -> None:
        """Move the clock of both chains on; their next blocks follow.  Raises `NodeError`."""
        with refusals():
            await self.backends["l2"].controls.increase_time(seconds)

    async def set_time(self, timestamp: int) -> None:
        """Set the clock of both chains, in seconds since 1970.  Raises `NodeError`."""
        with refusals():
            await self.backends["l2"].controls.set_time(timestamp)

    async def wait_until_safe(
        self, number: int | None = None, *, seconds: float = WAIT_SECONDS
    ) -> L2BlockRef:
        """Post what waits, and wait until L2 block `number` (the head, if not told) is safe.

        Returns the safe head.  Raises `NodeError` when that takes over `seconds`.
        """
        return await self._wait_for(number, "safe", lambda status: status.safe_l2, seconds)

    async def wait_until_finalized(
        self, number: int | None = None, *, seconds: float = WAIT_SECONDS
    ) -> L2BlockRef:
        """Do the same until the block is finalized; `l1_finality` says how far that lags."""
        return await self._wait_for(
            number, "finalized", lambda status: status.finalized_l2, seconds
        )

    async def _wait_for(
        self,
        number: int | None,
        level: str,
        head: Callable[[SyncStatus], L2BlockRef],
        seconds: float,
    ) -> L2BlockRef:
        status = await self.sync_status()
        wanted = status.unsafe_l2.number if number is None else number
        deadline = asyncio.get_running_loop().time() + seconds
        while head(status).number < wanted:
            if (error := self.stopped_with()) is not None:
                raise NodeError(f"the node stopped working: {error}") from error
            if asyncio.get_running_loop().time() > deadline:
                raise NodeError(
                    f"L2 block {wanted} is not {level} after {seconds:g} s: the {level} head is "
                    f"{head(status).number}, the unsafe head {status.unsafe_l2.number}, the L1 "
                    f"at {status.head_l1.number}"
                )
            if status.safe_l2.number < wanted <= status.unsafe_l2.number:
                await self.flush()
            await asyncio.sleep(LOOK_SECONDS)
            status = await self.sync_status()
        return head(status)


def funded_accounts() -> tuple[LocalAccount, ...]:
    """Return the development accounts as eth-account's, which is imported only now."""
    from eth_account import Account

    return tuple(Account.from_key(account.key) for account in dev_accounts())


def with_free_ports(settings: NodeConfig) -> NodeConfig:
    """Return `settings` with ports chosen by the system, for tests."""
    return replace(settings, l1_port=0, l2_port=0)
