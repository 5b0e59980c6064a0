"""A verifier: derives the L2 from an L1 URL and the rollup config, trusting nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from byline.derivation.config import ConfigProblem, RollupConfig
from byline.derivation.errors import Reset, Temporary
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef
from byline.node.assembly import L2_PREFIX, open_l2
from byline.node.chain.block import ExecutedBlock
from byline.node.client import RpcClient
from byline.node.errors import ConfigError
from byline.node.evm.engines import DEFAULT
from byline.node.forking.origin import Fork
from byline.node.l1.source import L1Source
from byline.node.l2.driver import Derived, Driver
from byline.node.l2.safe_heads import SafeHeads
from byline.node.storage.kv import KeyValue, Prefixed
from byline.node.storage.store import ChainStore
from byline.node.upgrade_bundle import load_upgrades

LOG = logging.getLogger("byline.verify")

RETRY_SECONDS: Final = 1.0
BLOCKS_AT_ONCE: Final = 64
"""L2 blocks derived between two looks at the event loop."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a verifier has come."""

    l1_read: int
    """The L1 block that derivation is at."""
    l1_head: int
    safe: L2BlockRef
    newest: tuple[Derived, ...]
    """What became safe since the report before."""


class Verifier:
    """Derives one L2 into `kv` from `source`."""

    def __init__(
        self,
        config: RollupConfig,
        source: L1Source,
        kv: KeyValue,
        genesis: ExecutedBlock | None = None,
        upgrade_bundle: Path | None = None,
        engine_name: str = DEFAULT,
        fork: Fork | None = None,
    ) -> None:
        """Build the genesis, or take the one given, or that of the chain that was forked.

        Raises `ConfigError` when it is not the one of `config`, and where `config` needs
        upgrade transactions that `upgrade_bundle` does not hold.
        """
        upgrades = load_upgrades(upgrade_bundle, config)
        self._source = source
        store = ChainStore(Prefixed(kv, L2_PREFIX))
        self.engine = open_l2(config, store, genesis, upgrades, engine_name, fork)
        self.driver = Driver(self.engine, SafeHeads(kv))
        self.first_jump: int | None = None
        """The first derived L2 block that the L1 declares more of than the rules alone make.

        A stock verifier stops there.
        """
        self._newest = self.engine.heads.safe

    async def start(self) -> None:
        """Check the L1 and find where to begin; raises `ConfigError` for another L1."""
        await check_l1(self._source, self.engine.config)
        await self._reset()

    async def _reset(self) -> None:
        block = await find_base(self._source, self.driver)
        self.driver.reset(lambda _: block)
        self._newest = self.engine.heads.safe
        if self.first_jump is not None and self.first_jump > self._newest.number:
            self.first_jump = None

    async def run(
        self, until_l1: int | None, report: Callable[[Progress], None], *, follow: bool
    ) -> L2BlockRef:
        """Derive what the L1 holds, up to block `until_l1` or its head, and return the safe head.

        With `follow` it goes on as the L1 grows, until cancelled.
        """
        while True:
            try:
                head = await self._source.head()
                await self._read(head, until_l1, report)
            except Reset as exc:
                LOG.warning("L1 reorganisation: %s", exc)
                await self._reset()
                continue
            except Temporary as exc:
                LOG.warning("L1 did not answer, again in %s s: %s", RETRY_SECONDS, exc)
            if not follow:
                return self.engine.heads.safe
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(
        self, head: L1BlockRef, until: int | None, report: Callable[[Progress], None]
    ) -> None:
        last = head.number if until is None else min(until, head.number)
        while True:
            done: list[Derived] = []
            while some := await asyncio.to_thread(self.driver.advance, BLOCKS_AT_ONCE):
                done += some
                self._report(done, head, report)
                done = []
            at = self.driver.origin
            assert at is not None, "run before start"
            self._report(done, head, report)
            if at.number >= last:
                break
            block = await self._source.block_by_number(at.number + 1)
            if block is None:
                break
            self.driver.provide(block)
        self.driver.finalize(await self._source.finalized())

    def _report(
        self, done: list[Derived], head: L1BlockRef, report: Callable[[Progress], None]
    ) -> None:
        at = self.driver.origin
        assert at is not None
        for item in done:
            self._note_jump(item.ref)
        report(Progress(at.number, head.number, self.engine.heads.safe, tuple(done)))

    def _note_jump(self, ref: L2BlockRef) -> None:
        departs = self.driver.pipeline.schedule.departs(self._newest)
        if self.first_jump is None and departs:
            self.first_jump = ref.number
            LOG.info("L2 block %d is what DevControl says: stock verifiers stop there", ref.number)
        self._newest = ref


async def check_l1(source: L1Source, config: RollupConfig) -> None:
    """Refuse an L1 that is not the rollup's; raises `ConfigError`."""
    genesis = config.genesis.l1
    block = await source.block_by_number(genesis.number)
    if block is None or block.header.hash != genesis.hash:
        found = "no block" if block is None else f"0x{block.header.hash.hex()}"
        raise ConfigError(
            f"the L1 has {found} at height {genesis.number}, the rollup config wants "
            f"0x{genesis.hash.hex()}: this is not the L1 of that rollup"
        )


async def find_base(source: L1Source, driver: Driver) -> L1Block:
    """Return the L1 block at which derivation starts.

    Where the L1 has dropped blocks that made the L2 safe, or that are its origins, the L2 goes
    back until the L1 knows one.  Raises `ConfigError` when there is none.
    """
    engine = driver.engine
    for entry in driver.safe_heads.newest_first():
        block = await source.block_by_number(entry.l1.number)
        if block is not None and block.header.hash == entry.l1.hash:
            break
        driver.forget_safe(entry)
    while True:
        base = driver.base()
        block = await source.block_by_number(base.l1_origin.number)
        if block is not None and block.header.hash == base.l1_origin.hash:
            return block
        if engine.heads.safe.number == engine.config.genesis.l2.number:
            raise ConfigError("the L1 does not know the rollup's genesis any more")
        engine.step_back()


async def read_rollup_config(where: str) -> RollupConfig:
    """Read a rollup config from a file, or by `optimism_rollupConfig` from a node's URL.

    Raises `ConfigError` naming the place and the fault.
    """
    if where.startswith(("http://", "https://")):
        async with RpcClient(where) as client:
            document = await client.call("optimism_rollupConfig")
    else:
        try:
            document = orjson.loads(await asyncio.to_thread(Path(where).read_bytes))
        except (OSError, ValueError) as exc:
            raise ConfigError(f"rollup config {where}: {exc}") from exc
    if not isinstance(document, dict):
        raise ConfigError(f"rollup config {where}: want a JSON object")
    try:
        return RollupConfig.from_json(document)
    except ConfigProblem as exc:
        raise ConfigError(f"{where}: {exc}") from exc
