"""Blocks of calls that are tried out, on threads for calls and within bounds of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.chain.simulate import Simulator
from byline.node.evm.patience import OutOfTime, Patience
from byline.node.rollup import ChainName
from byline.rpc.backend import BlockRef, Halted
from byline.rpc.simulation import SimulatedBlock, Simulation


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

        def work() -> Sequence[SimulatedBlock]:
            resolver = Resolver(self.rollup, self.name)
            patience = Patience(self.call_timeout, self.threads.stopping)
            try:
                return Simulator(resolver.chain, resolver.known(ref), wanted, patience).run()
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc

        return await self.threads.execute(work)
