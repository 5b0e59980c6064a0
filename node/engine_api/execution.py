"""The engine behind the Engine API: fork choice, building, importing.

Synchronous; one thread calls it.  Every block whose ancestors are stored is executed when
it comes, so nothing is ever merely accepted; one with an unknown parent is `SYNCING`, since
there are no peers to fetch the parent from: the rollup node has to send it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from byline.derivation.base_fee import next_l2_base_fee
from byline.derivation.block import Block
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import ZERO_HASH
from byline.derivation.header import Header
from byline.derivation.transaction import DepositTransaction, Transaction
from byline.derivation.types import L2BlockRef, PayloadAttributes
from byline.node.backend.receipts import LazyReceipts, located_logs, located_receipts
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Built, Chain, InvalidBlock, Skipped
from byline.node.chain.forkchoice import ForkChoice
from byline.node.chain.mempool import Mempool
from byline.node.engine_api.errors import (
    InvalidForkchoiceState,
    InvalidPayloadAttributes,
    UnknownPayload,
)
from byline.node.engine_api.payload_id import payload_id
from byline.node.engine_api.payloads import Payload, PayloadStore
from byline.node.engine_api.values import (
    SYNCING,
    ExecutionPayload,
    ForkchoiceState,
    PayloadStatus,
)
from byline.node.errors import ForkChoiceError
from byline.node.l2.admission import account_view, admit, pool_context
from byline.node.l2.engine import L2Engine
from byline.node.rollups.rollup import MAY_FIT_LATER, NOT_OURS, ChainName, L1View
from byline.node.storage.lru import Lru
from byline.rpc.backend import LocatedLog, LocatedReceipt, NewHead

MOST_INVALID: Final = 256
"""Invalid blocks that are remembered, so that their descendants are known to be invalid."""


class ExecutionEngine:
    """An L2 chain that a rollup node drives; implements `byline.node.backend.served.Served`."""

    def __init__(self, engine: L2Engine, publish: Callable[[NewHead], None]) -> None:
        self.engine = engine
        self.pools: Mapping[ChainName, Mempool] = {"l2": Mempool()}
        self._pool = self.pools["l2"]
        self._publish = publish
        self._payloads = PayloadStore()
        self._invalid: Lru[bytes, PayloadStatus] = Lru(MOST_INVALID)

    # -- fork choice ------------------------------------------------------------------

    def forkchoice(self, state: ForkchoiceState) -> PayloadStatus:
        """Move the heads, forward, aside or back to an ancestor.

        A zero hash leaves the safe or finalized head as it is, or at genesis where that is
        no ancestor of the new head.  Raises `InvalidForkchoiceState`.
        """
        head = self.engine.chain.store.header(state.head)
        if head is None:
            return self._invalid.get(state.head) or SYNCING
        now = self.engine.heads
        try:
            heads = ForkChoice(
                unsafe=self.engine.ref(head.hash),
                safe=self._below(head, "safe", state.safe, now.safe),
                finalized=self._below(head, "finalized", state.finalized, now.finalized),
            )
        except ForkChoiceError as exc:
            raise InvalidForkchoiceState(f"invalid forkchoice state: {exc}") from exc
        if heads != now:
            self._move(heads)
        return PayloadStatus("VALID", head.hash)

    def _below(self, head: Header, name: str, asked: bytes, kept: L2BlockRef) -> L2BlockRef:
        """Return the block that shall be the safe or finalized head under `head`."""
        if asked == ZERO_HASH:
            same = self.engine.descends(head, self.engine.header_of(kept))
            return kept if same else self.engine.ref(self.engine.config.genesis.l2.hash)
        header = self.engine.chain.store.header(asked)
        if header is None or not self.engine.descends(head, header):
            words = "not known" if header is None else f"no ancestor of 0x{head.hash.hex()}"
            raise InvalidForkchoiceState(
                f"invalid forkchoice state: the {name} block 0x{asked.hex()} is {words}"
            )
        return self.engine.ref(asked)

    def _move(self, heads: ForkChoice) -> None:
        chain = self.engine.chain
        adopted = [
            self.engine.block(header.hash) for header in self._fork(heads.unsafe.hash, chain)
        ]
        adopted.reverse()
        base = adopted[0].number - 1 if adopted else heads.unsafe.number
        dropped = [
            block
            for number in range(chain.head.number, base, -1)
            if (block := chain.canonical_block(number)) is not None
        ]
        self.engine.restore(heads)
        self._follow(adopted, dropped)
        self._tell(adopted, dropped)

    @staticmethod
    def _fork(block_hash: bytes, chain: Chain) -> Iterator[Header]:
        """Yield the headers from a block down to the first canonical one, that one left out."""
        header = chain.store.header(block_hash)
        while header is not None and not chain.is_canonical(header):
            yield header
            header = chain.store.header(header.parent_hash)

    def _follow(self, adopted: Sequence[Block], dropped: Sequence[Block]) -> None:
        """Let the pool follow the head; what a dropped block held waits again."""
        if not dropped:
            for block in adopted:
                self._pool.remove_mined(block.transactions)
            return
        chain = self.engine.chain
        again = [
            tx
            for block in reversed(dropped)
            for tx in block.transactions
            if isinstance(tx, Transaction) and chain.store.transaction_location(tx.hash) is None
        ]
        self._pool.reset(
            lambda address: account_view(chain, address), pool_context(self.engine), again
        )

    def _tell(self, adopted: Sequence[Block], dropped: Sequence[Block]) -> None:
        """Publish new heads, the first with the logs that a reorganisation took away."""
        removed = [
            log for block in dropped for log in reversed(list(self._logs(block, removed=True)))
        ]
        for block in adopted:
            receipts = LazyReceipts(functools.partial(self._receipts, block))
            self._publish(NewHead(block, tuple(self._logs(block)), tuple(removed), receipts))
            removed = []
        if dropped and not adopted:
            head = self.engine.block(self.engine.chain.head.hash)
            self._publish(NewHead(head, (), tuple(removed)))

    def _receipts(self, block: Block) -> Iterator[LocatedReceipt]:
        return located_receipts(block, self._executed(block).receipts, self.engine.config)

    def _logs(self, block: Block, *, removed: bool = False) -> Iterator[LocatedLog]:
        return located_logs(block, self._executed(block).receipts, removed=removed)

    def _executed(self, block: Block) -> ExecutedBlock:
        receipts = self.engine.chain.store.receipts(block.hash)
        assert receipts is not None, f"block {block.number} is stored without receipts"
        return ExecutedBlock(block, receipts, {})

    # -- building ---------------------------------------------------------------------

    def begin(self, attributes: PayloadAttributes, version: int) -> bytes:
        """Build a block on the unsafe head and return the id to fetch it by.

        Raises `InvalidPayloadAttributes`, also when a forced transaction does not fit.
        """
        parent = self.engine.heads.unsafe
        if attributes.timestamp <= parent.timestamp:
            raise InvalidPayloadAttributes(
                f"invalid payload attributes: timestamp {attributes.timestamp} is not after "
                f"the head's, {parent.timestamp}"
            )
        name = payload_id(parent.hash, attributes, version)
        if self._payloads.get(name) is None:
            try:
                built = self.engine.build(parent, attributes)
                self.engine.check_block(built.executed.block)
            except InvalidBlock as exc:
                raise InvalidPayloadAttributes(f"invalid payload attributes: {exc}") from exc
            self._payloads.put(name, Payload(parent, attributes, built, attributes.no_tx_pool))
        return name

    def payload(self, name: bytes) -> Payload:
        """Return a payload without closing it; raises `UnknownPayload`."""
        found = self._payloads.get(name)
        if found is None:
            raise UnknownPayload(f"unknown payload 0x{name.hex()}")
        return found

    def seal(self, name: bytes) -> Payload:
        """Return a payload with what the pool has now; from then on it stays the same."""
        payload = self.payload(name)
        if not payload.sealed:
            payload = replace(payload, built=self._filled(payload), sealed=True)
            self._payloads.put(name, payload)
        return payload

    def _filled(self, payload: Payload) -> Built:
        head = self.engine.header_of(payload.parent)
        candidates = list(self._pool.best(next_l2_base_fee(head, self.engine.config)))
        if not candidates:
            return payload.built
        built = self.engine.build(payload.parent, payload.attributes, candidates)
        if payload.parent == self.engine.heads.unsafe:
            self._forget_hopeless(built.skipped)
        return built

    def _forget_hopeless(self, skipped: Sequence[Skipped]) -> None:
        for item in skipped:
            if not item.reason.startswith(MAY_FIT_LATER):
                self._pool.remove(item.transaction.hash)

    def value_of(self, payload: Payload) -> int:
        """Return what the tips of a payload come to, in wei."""
        executed = payload.built.executed
        base_fee = executed.header.base_fee or 0
        return sum(
            found.gas_used * (found.effective_gas_price - base_fee)
            for found in located_receipts(executed.block, executed.receipts, None)
            if isinstance(found.transaction, Transaction)
        )

    # -- importing --------------------------------------------------------------------

    def take(self, payload: ExecutionPayload, parent_beacon_root: bytes) -> PayloadStatus:
        """Execute a block and keep it; the heads stay where they are."""
        try:
            block = payload.block(parent_beacon_root)
        except InvalidData as exc:
            return PayloadStatus("INVALID", error=str(exc))
        if block.hash != payload.block_hash:
            words = f"blockhash mismatch: got 0x{payload.block_hash.hex()}"
            return PayloadStatus("INVALID", error=f"{words}, the fields make 0x{block.hash.hex()}")
        store = self.engine.chain.store
        if store.header(block.hash) is not None:
            return PayloadStatus("VALID", block.hash)
        known = self._invalid.get(block.hash) or self._invalid.get(payload.parent_hash)
        if known is not None:
            self._invalid.put(block.hash, known)
            return known
        if store.header(payload.parent_hash) is None:
            return SYNCING
        return self._execute(block)

    def _execute(self, block: Block) -> PayloadStatus:
        executed = self._payloads.executed(block.hash)
        try:
            self.engine.keep(executed or self.engine.replay(block))
        except InvalidBlock as exc:
            verdict = PayloadStatus("INVALID", block.header.parent_hash, str(exc))
            self._invalid.put(block.hash, verdict)
            return verdict
        return PayloadStatus("VALID", block.hash)

    # -- what the JSON-RPC asks -------------------------------------------------------

    @property
    def l1(self) -> L1View:
        """Refuses: an execution engine knows no L1."""
        raise LookupError(NOT_OURS)

    def forced(self, name: ChainName) -> Sequence[DepositTransaction]:
        """Return nothing: deposits come with the attributes of a block."""
        return ()

    def chain(self, name: ChainName) -> Chain:
        """Return the L2; raises `LookupError` for the L1."""
        if name == "l1":
            raise LookupError(NOT_OURS)
        return self.engine.chain

    def next_base_fee(self, name: ChainName) -> int:
        """Return the base fee of the next block."""
        return next_l2_base_fee(self.chain(name).head, self.engine.config)

    def next_timestamp(self, name: ChainName) -> int:
        """Return the least time of the next block, which the rollup node decides."""
        return self.chain(name).head.timestamp + self.engine.config.block_time

    def submit(self, name: ChainName, raw: bytes) -> bytes:
        """Take a transaction into the pool, for the next block that is open to it.

        Raises `Refused` in geth's words.
        """
        self.chain(name)
        return admit(self._pool, self.engine, raw).hash

    def pending(self, name: ChainName) -> ExecutedBlock:
        """Return the block under construction on the head, or the head as long as none is."""
        head = self.chain(name).head
        payload = self._payloads.newest()
        if payload is not None and payload.parent.hash == head.hash:
            return (payload.built if payload.sealed else self._filled(payload)).executed
        return self._executed(self.engine.block(head.hash))
