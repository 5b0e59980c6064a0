"""Blocks of calls that are tried out, on threads for calls and within bounds of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.chain.call_many import call_many
from byline.node.chain.signed_bundle import try_bundle
from byline.node.chain.simulate import Simulator
from byline.node.evm.patience import OutOfTime, Patience
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import BlockRef, Halted
from byline.rpc.simulation import (
    BundledCall,
    Bundles,
    SignedBundle,
    SimulatedBlock,
    Simulation,
    TriedTransaction,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NodeSimulating:
    """Implements `byline.rpc.simulation.Simulating`."""

    rollup: Served
    name: ChainName
    threads: Threads
    call_timeout: float = CALL_TIMEOUT
    """Seconds that one request may take; 0 is without end."""

    async def simulate(self, wanted: Simulation, ref: BlockRef) -> Sequence[SimulatedBlock]:
        """Execute blocks on top of the block `ref`; raises `SimulationRefused` or `Halted`.

        `pending` stands for the head.
        """

        def work(patience: Patience) -> Sequence[SimulatedBlock]:
            resolver = self._resolver
            return Simulator(resolver.chain, resolver.known(ref), wanted, patience).run()

        return await self._execute(work)

    async def call_many(self, wanted: Bundles, ref: BlockRef) -> Sequence[Sequence[BundledCall]]:
        """Run bundles of calls on the block `ref`; raises `Refused` or `Halted`.

        `pending` stands for the head.
        """

        def work(patience: Patience) -> Sequence[Sequence[BundledCall]]:
            resolver = self._resolver
            block = resolver.block(resolver.known(ref).hash)
            assert block is not None
            return call_many(resolver.chain, block, wanted, patience)

        return await self._execute(work, wanted.timeout)

    async def try_bundle(self, wanted: SignedBundle, ref: BlockRef) -> Sequence[TriedTransaction]:
        """Execute signed transactions on the block `ref`; raises `Refused` or `Halted`.

        `pending` stands for the head.
        """

        def work(patience: Patience) -> Sequence[TriedTransaction]:
            return try_bundle(self._resolver.chain, self._resolver.known(ref), wanted, patience)

        return await self._execute(work, wanted.timeout)

    @property
    def _resolver(self) -> Resolver:
        return Resolver(self.rollup, self.name)

    async def _execute(self, work: Callable[[Patience], T], seconds: float | None = None) -> T:
        """Run code on a thread for that, within bounds of time."""
        bounds = [bound for bound in (self.call_timeout, seconds) if bound]

        def bounded() -> T:
            patience = Patience(min(bounds, default=0.0), self.threads.stopping)
            try:
                return work(patience)
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc

        return await self.threads.execute(bounded)
