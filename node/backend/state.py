"""Accounts at any block, calls on them, and proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.kernels import rlp
from byline.derivation.kernels.trie import Trie
from byline.derivation.transaction import AccessListEntry
from byline.node.accounts import dev_account
from byline.node.backend.near import NearState
from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.threads import Threads
from byline.node.chain import calls
from byline.node.chain.pretended import call_machine
from byline.node.contracts.addresses import GAS_PRICE_ORACLE
from byline.node.evm.console import ConsoleCalls
from byline.node.evm.machine import Machine, NodeReader
from byline.node.evm.optimism import extra_cost
from byline.node.evm.patience import MOMENT, OutOfTime, Patience, TooLong
from byline.node.forking.proofs import check_provable
from byline.node.l2.fee_answers import fee_answer
from byline.node.messages.lines import TriedCall
from byline.node.rollups.rollup import ChainName
from byline.node.signing import sign_dynamic_fee
from byline.rpc.backend import (
    THE_BLOCK_ITSELF,
    AccountOverride,
    AccountProof,
    BlockOverrides,
    BlockRef,
    CallRequest,
    Halted,
    Refused,
    Reverted,
    StorageProof,
)

T = TypeVar("T")

MOST_DATA_HERE: Final = 0xC000
"""Bytes of data with which a call is tried on the event loop: as much as init code may have."""
CALL_TIMEOUT: Final = 30.0
"""Seconds; what 50,000,000 gas take at worst, but for some native functions."""

EMPTY_CODE_HASH = keccak256(b"")


@dataclass(frozen=True, slots=True)
class NodeState:
    """Implements `byline.rpc.backend.State`.

    `pending` answers with the state after the block that would be made now, where transactions
    wait, and else with the head's.  Proofs, access lists and bundles are of the head's always.
    """

    rollup: Served
    name: ChainName
    threads: Threads
    call_timeout: float = CALL_TIMEOUT
    """Seconds that one call or estimate may take; 0 is without end."""
    tell: Callable[[TriedCall], None] | None = None
    """Is told of calls that fail or write to the console."""
    _near: NearState = field(default_factory=NearState)

    @property
    def _resolver(self) -> Resolver:
        return Resolver(self.rollup, self.name)

    async def _pending(self, ref: BlockRef) -> tuple[bytes, NodeReader] | None:
        """Return the root of the state with what waits, and what reads it, if `ref` means it."""
        if ref != "pending":
            return None
        if not (len(self.rollup.pools[self.name]) or self.rollup.forced(self.name)):
            return None
        made = await self.threads.write(self.rollup.pending, self.name)
        new, stored = made.nodes, self._resolver.chain.store.node
        return made.header.state_root, lambda key: new.get(key) or stored(key)

    async def _read(self, ref: BlockRef, work: Callable[[Machine], T]) -> T:
        resolver = self._resolver
        state = await self._pending(ref)
        if state is not None:
            seen = resolver.context(ref)
            opened = call_machine(resolver.chain, resolver.known(ref), seen, state=state)
            return await self.threads.read(work, opened)
        return await self._read_block(ref, work)

    async def _read_block(self, ref: BlockRef, work: Callable[[Machine], T]) -> T:
        resolver = self._resolver
        if resolver.chain.beneath is None:
            return work(self._near.machine(resolver.chain, resolver.known(ref)))
        # It may take a question to the node of another chain.
        return await self.threads.read(lambda: work(resolver.machine(ref)))

    async def balance(self, address: bytes, ref: BlockRef) -> int:
        """Return wei."""
        return await self._read(ref, lambda machine: machine.balance(address))

    async def nonce(self, address: bytes, ref: BlockRef) -> int:
        """Return the nonce; at `pending` it counts the pool's executable transactions."""
        nonce = await self._read_block(ref, lambda machine: machine.nonce(address))
        if ref == "pending":
            nonce += self.rollup.pools[self.name].count(address)
            nonce += sum(tx.sender == address for tx in self.rollup.forced(self.name))
        return nonce

    async def code(self, address: bytes, ref: BlockRef) -> bytes:
        """Return the code."""
        return await self._read(ref, lambda machine: machine.code(address))

    async def storage(self, address: bytes, slot: int, ref: BlockRef) -> int:
        """Return one word."""
        return await self._read(ref, lambda machine: machine.storage(address, slot))

    async def call(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> bytes:
        """Run a call; raises `Reverted`, `Halted`, `Refused` or `UnknownBlock`.

        Most take less time than the way to a thread and back, so it is tried here first.
        """
        state = await self._pending(ref)
        short = len(request.data) <= MOST_DATA_HERE and not overrides
        if short and self._resolver.chain.beneath is None:
            with suppress(TooLong):
                return self._answer(request, ref, overrides, block, MOMENT, state)
        return await self._execute(
            lambda patience: self._answer(request, ref, overrides, block, patience, state)
        )

    def _answer(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides,
        patience: Patience,
        state: tuple[bytes, NodeReader] | None,
    ) -> bytes:
        chain, header = self._resolver.chain, self._resolver.context(ref)
        plain = not overrides and block == THE_BLOCK_ITSELF
        if self.name == "l2" and request.to == GAS_PRICE_ORACLE and plain:
            known = fee_answer(chain.machine(header), request, chain.call_gas)
            if known is not None:
                return known
        return self._heard(
            "eth_call",
            request,
            header,
            lambda hear: calls.call(
                chain, header, request, overrides, patience, block, hear, state
            ),
        )

    def _heard(
        self, method: str, request: CallRequest, header: Header, work: Callable[[calls.Hear], T]
    ) -> T:
        """Run a call, and tell of it where it fails or writes to the console."""
        heard: list[ConsoleCalls] = []
        failure: Exception | None = None
        try:
            return work(heard.append)
        except (Reverted, Halted, Refused, OutOfTime) as exc:
            failure = exc
            raise
        finally:
            if self.tell is not None and (failure is not None or heard):
                console = heard[0] if heard else None
                self.tell(TriedCall(self.name, method, request, header, failure, console))

    async def _execute(self, work: Callable[[Patience], T]) -> T:
        """Run code on a thread for that, within bounds of time."""

        def bounded() -> T:
            try:
                return work(Patience(self.call_timeout, self.threads.stopping))
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc

        return await self.threads.execute(bounded)

    async def estimate_gas(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> int:
        """Return a gas limit with which the transaction succeeds."""
        state = await self._pending(ref)
        return await self._execute(
            lambda patience: self._estimate(request, ref, overrides, block, patience, state)
        )

    def _estimate(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides,
        patience: Patience,
        state: tuple[bytes, NodeReader] | None,
    ) -> int:
        chain, header = self._resolver.chain, self._resolver.context(ref)
        at_head = header is chain.head and block.base_fee is None
        next_base_fee = self.rollup.next_base_fee(self.name) if at_head else None

        def surcharge(asked: CallRequest, gas: int) -> int:
            return self._surcharge(asked, gas, ref)

        return self._heard(
            "eth_estimateGas",
            request,
            header,
            lambda hear: calls.estimate_gas(
                chain,
                header,
                request,
                overrides,
                surcharge,
                patience,
                block,
                hear,
                next_base_fee,
                state,
            ),
        )

    def _surcharge(self, request: CallRequest, gas: int, ref: BlockRef) -> int:
        """Return the L1 and operator fee of a transaction as large as `request` will be."""
        if self.name == "l1":
            return 0
        head = self._resolver.known(ref)
        likely = sign_dynamic_fee(
            dev_account(0),
            chain_id=self._resolver.chain.chain_id,
            nonce=request.nonce or 0,
            gas=gas,
            to=request.to,
            max_fee=calls.fee_cap(request),
            tip=request.max_priority_fee_per_gas or 0,
            value=request.value,
            data=request.data,
        )
        machine = self._resolver.chain.machine(head)
        return extra_cost(machine, self.rollup.engine.config, head, likely)

    async def create_access_list(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> tuple[tuple[AccessListEntry, ...], int, str | None]:
        """Return what the call touches, its gas, and its error if any."""
        return await self._execute(
            lambda patience: calls.create_access_list(
                self._resolver.chain,
                self._resolver.context(ref),
                request,
                patience,
                overrides,
                block,
            )
        )

    async def proof(self, address: bytes, keys: Sequence[str], ref: BlockRef) -> AccountProof:
        """Return the account and slots with Merkle-Patricia proofs (EIP-1186)."""
        return await self.threads.read(self._proof, address, keys, ref)

    def _proof(self, address: bytes, keys: Sequence[str], ref: BlockRef) -> AccountProof:
        resolver = self._resolver
        read, header = resolver.chain.store.node, resolver.known(ref)
        check_provable(resolver.chain, header, address, (_slot(key) for key in keys))
        trie = Trie(read, header.state_root)
        leaf = keccak256(address)
        encoded = trie.get(leaf)
        empty = [b"", b"", EMPTY_TRIE_ROOT, EMPTY_CODE_HASH]
        fields: Any = rlp.decode(encoded) if encoded else empty
        storage = Trie(read, fields[2])
        return AccountProof(
            address=address,
            nonce=int.from_bytes(fields[0], "big"),
            balance=int.from_bytes(fields[1], "big"),
            storage_hash=fields[2],
            code_hash=fields[3],
            proof=tuple(trie.proof(leaf)),
            storage=tuple(_storage_proof(storage, key) for key in keys),
        )


def _slot(key: str) -> int:
    return int(key, 16) if key not in ("0x", "") else 0


def _storage_proof(trie: Trie, key: str) -> StorageProof:
    leaf = keccak256(_slot(key).to_bytes(32, "big"))
    encoded = trie.get(leaf)
    value = rlp.number(rlp.decode(encoded), "storage value") if encoded else 0
    return StorageProof(key, value, tuple(trie.proof(leaf)))
