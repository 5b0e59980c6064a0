"""What happened within transactions: blocks are executed again while somebody watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from byline.derivation.block import Block
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.transaction import DepositTransaction, decode_transaction
from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.chain import calls
from byline.node.chain.call_many import in_bundles
from byline.node.chain.chain import Chain
from byline.node.chain.pretended import call_machine, pretended_header
from byline.node.chain.replay import Replay, scene_of, watch_call
from byline.node.evm.machine import Machine
from byline.node.evm.patience import OutOfTime, Patience
from byline.node.evm.tracers.base import Budget, Scene, TraceTooLarge, TransactionTracer
from byline.node.evm.tracers.flat import FlatCallTracer
from byline.node.evm.tracers.registry import BadTracer, tracer
from byline.node.evm.tracers.replayed import Replayed
from byline.node.evm.tracers.struct_logs import StructLogger
from byline.node.evm.transition import InvalidTransaction
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import (
    BlockRef,
    CallRequest,
    Halted,
    Pretended,
    Refused,
    TraceKind,
    TraceOptions,
)
from byline.rpc.quantities import as_hex
from byline.rpc.simulation import Bundles

T = TypeVar("T")
W = TypeVar("W", bound=TransactionTracer)

MOST_BYTES: Final = 100_000_000
"""Of JSON in one answer, about; more would take the memory of a laptop."""


@dataclass(frozen=True, slots=True)
class NodeTracing:
    """Implements `byline.rpc.backend.Tracing`."""

    rollup: Served
    name: ChainName
    threads: Threads
    call_timeout: float = CALL_TIMEOUT
    """Seconds that one request may take; 0 is without end."""
    most_bytes: int = MOST_BYTES

    @property
    def _resolver(self) -> Resolver:
        return Resolver(self.rollup, self.name)

    @property
    def _chain(self) -> Chain:
        return self.rollup.chain(self.name)

    async def trace_transaction(self, tx_hash: bytes, options: TraceOptions) -> Any:
        """Return what a tracer shows of a mined transaction; raises `Refused` or `Halted`."""
        return await self._execute(
            lambda patience: self._transaction(
                tx_hash, lambda scene: made(options, scene), patience
            ).result(),
            options.timeout,
        )

    async def trace_block(self, block: BlockRef | Block, options: TraceOptions) -> Sequence[Any]:
        """Return what a tracer shows of each transaction; raises `Refused` or `Halted`."""

        def work(patience: Patience) -> Sequence[Any]:
            found = block if isinstance(block, Block) else self._block(block)
            return [
                {"txHash": as_hex(tx_hash), "result": watching.result()}
                for tx_hash, watching in self._all(
                    found, lambda scene: made(options, scene), patience
                )
            ]

        return await self._execute(work, options.timeout)

    async def trace_call(
        self, request: CallRequest, ref: BlockRef, pretended: Pretended, options: TraceOptions
    ) -> Any:
        """Return what a tracer shows of a call; raises `Refused` or `Halted`."""
        if ref == "pending":
            raise Refused("tracing on top of pending is not supported")
        return await self._execute(
            lambda patience: self._call(request, ref, pretended, options, patience),
            options.timeout,
        )

    async def trace_bundles(
        self, wanted: Bundles, ref: BlockRef, options: TraceOptions
    ) -> Sequence[Sequence[Any]]:
        """Return what a tracer shows of each call of bundles; raises `Refused` or `Halted`."""

        def work(patience: Patience) -> Sequence[Sequence[Any]]:
            budget = self._budget()

            def run(machine: Machine, request: CallRequest, seen: Header) -> Any:
                watching = made(options, scene_of(self._chain, machine, seen, budget))
                watch_call(self._chain, machine, request, seen, watching)
                return watching.result()

            return in_bundles(self._chain, self._block(ref), wanted, patience, run)

        return await self._execute(work, options.timeout)

    async def flat_transaction(self, tx_hash: bytes) -> Sequence[Any] | None:
        """Return Parity's traces of a mined transaction; `None` when unknown."""
        if self._chain.store.transaction_location(tx_hash) is None:
            return None

        def work(patience: Patience) -> Sequence[Any]:
            return self._transaction(tx_hash, _flat, patience).result()

        return await self._execute(work)

    async def flat_block(self, ref: BlockRef) -> Sequence[Any] | None:
        """Return Parity's traces of a block; `None` when unknown."""
        block = self._resolver.block(ref)
        if block is None:
            return None
        if block.number <= self._chain.store.first_number:
            return []

        def work(patience: Patience) -> Sequence[Any]:
            found = self._all(block, _flat, patience)
            return [entry for _, watching in found for entry in watching.result()]

        return await self._execute(work)

    async def replay_transaction(self, tx_hash: bytes, kinds: frozenset[TraceKind]) -> Any:
        """Return output and traces of a mined transaction; raises `Refused` or `Halted`."""

        def work(patience: Patience) -> Any:
            return self._transaction(
                tx_hash, lambda scene: Replayed(scene, kinds), patience
            ).result()

        return await self._execute(work)

    async def replay_block(self, ref: BlockRef, kinds: frozenset[TraceKind]) -> Sequence[Any]:
        """Return that of every transaction of a block; raises `Refused` or `Halted`."""

        def work(patience: Patience) -> Sequence[Any]:
            found = self._all(self._block(ref), lambda scene: Replayed(scene, kinds), patience)
            return [
                {**watching.result(), "transactionHash": as_hex(tx_hash)}
                for tx_hash, watching in found
            ]

        return await self._execute(work)

    async def replay_calls(
        self, calls: Sequence[tuple[CallRequest, frozenset[TraceKind]]], ref: BlockRef
    ) -> Sequence[Any]:
        """Return that of calls, one after the other; raises `Refused` or `Halted`."""
        return await self._execute(lambda patience: self._calls(calls, ref, patience))

    async def replay_raw(self, raw: bytes, kinds: frozenset[TraceKind]) -> Any:
        """Return that of a signed transaction on the head; raises `Refused` or `Halted`."""
        return await self._execute(lambda patience: self._raw(raw, kinds, patience))

    # -- on a thread for calls ---------------------------------------------------------

    async def _execute(self, work: Callable[[Patience], T], most: float | None = None) -> T:
        """Run code on a thread for that, within bounds of time."""
        seconds = self.call_timeout
        if most is not None:
            seconds = min(most, seconds) if seconds else most

        def bounded() -> T:
            try:
                return work(Patience(seconds, self.threads.stopping))
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc
            except (BadTracer, TraceTooLarge, InvalidTransaction) as exc:
                raise Refused(str(exc)) from exc

        return await self.threads.execute(bounded)

    def _block(self, ref: BlockRef) -> Block:
        if ref == "pending":
            raise Refused("tracing on top of pending is not supported")
        found = self._resolver.block(ref)
        if found is None:
            name = as_hex(ref) if isinstance(ref, bytes) else f"#{ref}"
            raise Refused(f"block {name} not found")
        return found

    def _replay(self, block: Block, patience: Patience) -> Replay:
        if block.number <= self._chain.store.first_number:
            raise Refused("genesis is not traceable")
        parent = self._chain.store.header(block.header.parent_hash)
        if parent is None:
            raise Refused(f"parent block {as_hex(block.header.parent_hash)} not found")
        return Replay(self._chain, block.header, parent, patience)

    def _budget(self) -> Budget:
        return Budget(self.most_bytes)

    def _transaction(self, tx_hash: bytes, make: Callable[[Scene], W], patience: Patience) -> W:
        """Watch one mined transaction."""
        place = self._chain.store.transaction_location(tx_hash)
        if place is None:
            raise Refused("transaction not found")
        block_hash, index = place
        block = self._block(block_hash)
        replay = self._replay(block, patience)
        for tx in block.transactions[:index]:
            replay.apply(tx)
        scene = scene_of(self._chain, replay.machine, block.header, self._budget())
        watching = make(scene)
        replay.watch(block.transactions[index], watching, block.hash)
        return watching

    def _all(
        self, block: Block, make: Callable[[Scene], W], patience: Patience
    ) -> list[tuple[bytes, W]]:
        """Watch every transaction of a block, each with a new tracer."""
        replay = self._replay(block, patience)
        scene = scene_of(self._chain, replay.machine, block.header, self._budget())
        found = []
        for tx in block.transactions:
            watching = make(scene)
            replay.watch(tx, watching, block.hash)
            found.append((tx.hash, watching))
        return found

    def _call(
        self,
        request: CallRequest,
        ref: BlockRef,
        pretended: Pretended,
        options: TraceOptions,
        patience: Patience,
    ) -> Any:
        block, state, logs = self._block(ref), None, 0
        if pretended.tx_index is not None:
            replay = self._replay(block, patience)
            if pretended.tx_index >= len(block.transactions):
                raise Refused(
                    f"transaction index {pretended.tx_index} out of range for block "
                    f"{as_hex(block.hash)}"
                )
            for tx in block.transactions[: pretended.tx_index]:
                replay.apply(tx)
            state, logs = replay.reader(), replay.logs
        seen = _seen(pretended_header(block.header, pretended.block), request)
        machine = call_machine(
            self._chain,
            block.header,
            seen,
            pretended.block.blob_base_fee,
            state,
            pretended.accounts,
        )
        calls.apply_overrides(machine, pretended.accounts)
        watching = self._watch(machine, request, seen, patience, options, logs)
        return watching.result()

    def _watch(
        self,
        machine: Machine,
        request: CallRequest,
        seen: Header,
        patience: Patience,
        options: TraceOptions,
        logs: int,
    ) -> TransactionTracer:
        calls.lend(machine, request)
        machine.limit_time(patience.check)
        watching = made(options, scene_of(self._chain, machine, seen, self._budget()))
        watch_call(self._chain, machine, request, seen, watching, logs)
        return watching

    def _calls(
        self,
        requests: Sequence[tuple[CallRequest, frozenset[TraceKind]]],
        ref: BlockRef,
        patience: Patience,
    ) -> list[Any]:
        header = self._resolver.known(ref)
        # All see one block, so its base fee counts only where one of them offers a fee.
        free = all(not calls.fee_cap(request) for request, _ in requests)
        seen = header.with_(base_fee=0) if free else header
        machine = call_machine(self._chain, header, seen)
        machine.limit_time(patience.check)
        scene = scene_of(self._chain, machine, seen, self._budget())
        found = []
        for request, kinds in requests:
            calls.lend(machine, request)
            watching = Replayed(scene, kinds)
            watch_call(self._chain, machine, request, seen, watching)
            found.append(watching.result())
        return found

    def _raw(self, raw: bytes, kinds: frozenset[TraceKind], patience: Patience) -> Any:
        try:
            tx = decode_transaction(raw)
        except InvalidData as exc:
            raise Refused(str(exc)) from None
        if isinstance(tx, DepositTransaction):
            raise Refused("transaction type not supported: 0x7e")
        head = self._chain.head
        # Nothing is known of the next block but what follows from the head.
        following = head.with_(
            number=head.number + 1,
            parent_hash=head.hash,
            base_fee=self.rollup.next_base_fee(self.name),
        )
        replay = Replay(self._chain, following, head, patience)
        watching = Replayed(
            scene_of(self._chain, replay.machine, following, self._budget()), kinds
        )
        replay.watch(tx, watching, None)
        return watching.result()


def _seen(header: Header, request: CallRequest) -> Header:
    """Return what a call sees: without a fee the base fee is 0, as it need not own anything."""
    return header if calls.fee_cap(request) else header.with_(base_fee=0)


def made(options: TraceOptions, scene: Scene) -> TransactionTracer:
    """Return the tracer that `options` name; raises `BadTracer`."""
    if options.tracer is not None:
        return tracer(options.tracer, options.config, scene)
    return StructLogger(
        scene,
        enable_memory=options.enable_memory,
        disable_stack=options.disable_stack,
        disable_storage=options.disable_storage,
        enable_return_data=options.enable_return_data,
        limit=options.limit,
    )


def _flat(scene: Scene) -> FlatCallTracer:
    return FlatCallTracer(scene, parity=True)
