"""Looking into state and store, on threads for calls and within bounds of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from byline.derivation.block import Block
from byline.derivation.header import Header
from byline.derivation.transaction import AnyTransaction
from byline.node.backend.chain_config import chain_config
from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.chain.chain import Chain
from byline.node.chain.preimages import address_behind
from byline.node.chain.replay import Replay
from byline.node.chain.state_tries import TooManyWords, changed_keys, dump, storage_range
from byline.node.chain.witness import witness_of
from byline.node.evm.patience import OutOfTime, Patience
from byline.node.evm.transition import InvalidTransaction
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import BlockRef, Halted, Refused
from byline.rpc.inspecting import Dump, DumpWish, StorageRange, Witness
from byline.rpc.quantities import as_hex

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NodeInspecting:
    """Implements `byline.rpc.inspecting.Inspecting`.  `pending` stands for the head."""

    rollup: Served
    name: ChainName
    threads: Threads
    call_timeout: float = CALL_TIMEOUT
    """Seconds that one request may take; 0 is without end."""

    @property
    def _resolver(self) -> Resolver:
        return Resolver(self.rollup, self.name)

    @property
    def _chain(self) -> Chain:
        return self.rollup.chain(self.name)

    async def by_hash(self, key: bytes) -> bytes | None:
        """Return the code, trie node, address or slot with a Keccak-256 hash."""
        return self._chain.store.node(key)

    async def chain_config(self) -> Mapping[str, Any]:
        """Return the chain's rules as genesis files have them."""
        return chain_config(self._chain)

    async def storage_range(
        self, ref: BlockRef, tx_index: int, address: bytes, start: bytes, most: int
    ) -> StorageRange:
        """Return words of an account as they were before a transaction; raises `Refused`."""

        def work(patience: Patience) -> StorageRange:
            block = self._block(ref)
            self._check_whole()
            replay = self._before(block, tx_index, patience)
            _, read = replay.reader()
            if not replay.machine.exists(address):
                raise Refused(f"account {as_hex(address)} doesn't exist")
            return storage_range(read, replay.machine.storage_root(address), start, most)

        return await self._execute(work)

    async def dump(self, ref: BlockRef, wish: DumpWish) -> Dump:
        """Return accounts as they are after a block; raises `Refused`."""

        def work(patience: Patience) -> Dump:
            self._check_whole()
            root = self._resolver.known(ref).state_root
            return dump(self._chain.store.node, root, wish, patience.check)

        return await self._execute(work)

    async def modified_accounts(self, first: BlockRef, last: BlockRef | None) -> Sequence[bytes]:
        """Return whose accounts a block changed, or those between; raises `Refused`."""

        def work(patience: Patience) -> Sequence[bytes]:
            self._check_whole()
            before, after = self._ends(first, last)
            read = self._chain.store.node
            roots = (before.state_root, after.state_root)
            keys = changed_keys(read, *roots, patience.check)
            return [self._address(key) for key in keys]

        return await self._execute(work)

    async def intermediate_roots(self, block_hash: bytes) -> Sequence[bytes]:
        """Return the state root after each transaction of a block; raises `Refused`."""

        def work(patience: Patience) -> Sequence[bytes]:
            block = self._block(block_hash)
            replay = Replay(self._chain, block.header, self._parent(block), patience)
            return [self._root_after(replay, tx) for tx in block.transactions]

        return await self._execute(work)

    async def witness(self, ref: BlockRef) -> Witness:
        """Return what executing a block needs; raises `Refused`."""

        def work(patience: Patience) -> Witness:
            self._check_whole()
            block = self._block(ref)
            return witness_of(self._chain, block, self._parent(block), patience)

        return await self._execute(work)

    # -- on a thread for calls ---------------------------------------------------------

    async def _execute(self, work: Callable[[Patience], T]) -> T:
        def bounded() -> T:
            try:
                return work(Patience(self.call_timeout, self.threads.stopping))
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc
            except (InvalidTransaction, TooManyWords, KeyError) as exc:
                raise Refused(str(exc)) from exc

        return await self.threads.execute(bounded)

    def _check_whole(self) -> None:
        if self._chain.beneath is not None:
            raise Refused(
                "this chain was forked: its tries hold what differs from the other network "
                "alone, so ask that network's node"
            )

    def _block(self, ref: BlockRef) -> Block:
        found = self._resolver.block(ref)
        if found is None:
            raise Refused(
                f"block {as_hex(ref) if isinstance(ref, bytes) else f'#{ref}'} not found"
            )
        return found

    def _parent(self, block: Block) -> Header:
        if block.number == 0:
            raise Refused("genesis is not traceable")
        parent = self._chain.store.header(block.header.parent_hash)
        if parent is None:
            raise Refused(f"parent block {as_hex(block.header.parent_hash)} not found")
        return parent

    def _before(self, block: Block, index: int, patience: Patience) -> Replay:
        if index and index >= len(block.transactions):
            raise Refused(f"transaction index {index} out of range for block {as_hex(block.hash)}")
        replay = Replay(self._chain, block.header, self._parent(block), patience)
        for tx in block.transactions[:index]:
            replay.apply(tx)
        return replay

    def _root_after(self, replay: Replay, tx: AnyTransaction) -> bytes:
        replay.apply(tx)
        return replay.machine.commit()

    def _ends(self, first: BlockRef, last: BlockRef | None) -> tuple[Header, Header]:
        """Return the two blocks whose states are compared."""
        start = self._resolver.known(first)
        if last is None:
            return self._parent(self._block(start.hash)), start
        end = self._resolver.known(last)
        if start.number >= end.number:
            raise Refused(
                f"start block height ({start.number}) must be less than end block height "
                f"({end.number})"
            )
        return start, end

    def _address(self, key: bytes) -> bytes:
        found = address_behind(self._chain.store.node, key)
        if found is None:
            raise Refused(f"no preimage found for hash {key.hex()}")
        return found
