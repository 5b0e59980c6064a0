"""Implements `byline.rpc.steering` on a rollup."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from byline.derivation import config as rollup_config
from byline.node.backend.chain import SUGGESTED_TIP
from byline.node.backend.threads import Threads
from byline.node.chain.chain import Chain
from byline.node.evm.ethereum import EthereumRules
from byline.node.forking.origin import Fork
from byline.node.l1.chain import LocalL1
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.mining import Interval, Mode
from byline.node.rollups.rollup import NOT_OURS, ChainName, Rollup
from byline.rpc.backend import Refused
from byline.rpc.steering import ForkedFrom, NodeFacts


def local(rollup: Rollup) -> LocalRollup:
    """Return a rollup with an L1 of its own; raises `Refused` for another."""
    if not isinstance(rollup, LocalRollup):
        raise Refused(f"blocks come by the rules of the L1: {NOT_OURS}")
    return rollup


@dataclass(frozen=True, slots=True)
class NodePacing:
    """Implements `byline.rpc.steering.Pacing`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def automine(self) -> bool:
        """Tell whether a transaction makes a block at once."""
        return self._mode.automine

    async def interval(self) -> int | None:
        """Return the least milliseconds between blocks on the wall clock."""
        interval = self._mode.interval
        return None if interval is None else interval[0]

    @property
    def _mode(self) -> Mode:
        return self.rollup.mining.mode(self.name)

    async def set_automine(self, on: bool) -> None:
        """Let a transaction make a block at once, as those do that wait now, or wait."""
        await self.threads.write(self._set_automine, on)

    def _set_automine(self, on: bool) -> None:
        self._set(self._mode.with_automine(on))
        self.rollup.mine_waiting(self.name)

    async def set_interval(self, interval: Interval | None, mixed: bool) -> None:
        """Make blocks on the wall clock; `None` ends that."""
        await self.threads.write(self._set_interval, interval, mixed)

    def _set_interval(self, interval: Interval | None, mixed: bool) -> None:
        self._set(self._mode.with_interval(interval, mixed=mixed))

    def _set(self, mode: Mode) -> None:
        rollup = local(self.rollup)
        rollup.set_mining(rollup.mining.tell(self.name, mode))


@dataclass(frozen=True, slots=True)
class NodeDropping:
    """Implements `byline.rpc.steering.Dropping`."""

    rollup: Rollup
    name: ChainName
    threads: Threads

    async def drop(self, tx_hash: bytes) -> bool:
        """Forget a waiting transaction."""
        return await self.threads.write(self.rollup.drop, self.name, (tx_hash,)) > 0

    async def drop_from(self, sender: bytes) -> None:
        """Forget what waits of one sender."""
        await self.threads.write(self._drop_from, sender)

    def _drop_from(self, sender: bytes) -> None:
        pool = self.rollup.pools[self.name]
        forced = [tx for tx in self.rollup.forced(self.name) if tx.sender == sender]
        waiting = [*pool.pending(sender), *pool.queued(sender)]
        hashes = [*(tx.hash for tx in waiting), *(tx.hash for tx in forced)]
        self.rollup.drop(self.name, hashes)

    async def drop_all(self) -> None:
        """Forget all that users wait for; what the node waits for stays."""
        await self.threads.write(self._drop_all)

    def _drop_all(self) -> None:
        rollup, waiting = self.rollup, self.rollup.pools[self.name].transactions()
        if self.name == "l1" and isinstance(rollup, LocalRollup):
            waiting = tuple(tx for tx in waiting if not rollup.is_own(tx))
        forced = rollup.forced(self.name)
        rollup.drop(self.name, [*(tx.hash for tx in waiting), *(tx.hash for tx in forced)])


@dataclass(frozen=True, slots=True)
class NodeTelling:
    """Implements `byline.rpc.steering.Telling`."""

    rollup: Rollup
    name: ChainName
    threads: Threads
    started: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Names this start of a node that cannot begin again otherwise."""

    async def facts(self) -> NodeFacts:
        """Return what there is to know of node and chain."""
        return await self.threads.write(self._facts)

    def _facts(self) -> NodeFacts:
        rollup, base_fee = self.rollup, self.rollup.next_base_fee(self.name)
        return NodeFacts(
            instance=rollup.instance if isinstance(rollup, LocalRollup) else self.started,
            rules=self._rules(),
            next_base_fee=base_fee,
            gas_price=base_fee + SUGGESTED_TIP,
            snapshots=_snapshots(rollup, self.name) if isinstance(rollup, LocalRollup) else {},
            forked=_forked(rollup.chain(self.name)),
        )

    def _rules(self) -> str:
        chain = self.rollup.chain(self.name)
        time = chain.head.timestamp
        if isinstance(chain.rules, EthereumRules):
            return chain.rules.schedule.newest(time).name.capitalize()
        config = self.rollup.engine.config
        return max(
            fork for fork in rollup_config.Fork if config.active(fork, time)
        ).name.capitalize()

    async def set_logging(self, on: bool) -> None:
        """Let the log tell what happens on this chain, or not."""
        muted = self.rollup.muted
        (muted.discard if on else muted.add)(self.name)

    async def genesis_time(self) -> int:
        """Return the seconds since 1970 of the first block."""
        chain = self.rollup.chain(self.name)
        header = chain.canonical(chain.store.first_number)
        assert header is not None, "every chain has a first block"
        return header.timestamp

    async def blobs(self, hashes: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return blobs of the L1's transactions."""
        return await self.threads.read(self._blobs, hashes)

    def _blobs(self, hashes: Sequence[bytes]) -> Sequence[bytes | None]:
        l1 = self.rollup.l1
        if self.name == "l2" or not isinstance(l1, LocalL1):
            return [None] * len(hashes)
        found = [l1.blobs.get(name) for name in hashes]
        return [None if one is None else one.blob for one in found]


def _forked(chain: Chain) -> ForkedFrom | None:
    if not isinstance(chain.beneath, Fork):
        return None
    fork, name = chain.beneath.identity, chain.beneath.client.place.name
    return ForkedFrom(name, fork.chain_id, fork.number, fork.block_hash)


def _snapshots(rollup: LocalRollup, name: ChainName) -> Mapping[int, tuple[int, bytes]]:
    heads = {
        number: saved.l1_head if name == "l1" else saved.heads.unsafe
        for number, saved in rollup.snapshots.items()
    }
    return {number: (head.number, head.hash) for number, head in heads.items()}
