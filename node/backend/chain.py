"""Blocks, transactions, receipts, logs and fees of one chain."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.block import Block
from byline.derivation.config import RollupConfig
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Receipt
from byline.derivation.transaction import Transaction
from byline.node.backend.receipts import located_logs, located_receipt, located_receipts
from byline.node.backend.resolve import Resolver
from byline.node.backend.served import Served
from byline.node.backend.state import CALL_TIMEOUT
from byline.node.backend.threads import Threads
from byline.node.chain.senders import recover_senders
from byline.node.evm.patience import OutOfTime, Patience
from byline.node.rollups.rollup import ChainName
from byline.rpc.backend import (
    BlockRef,
    FeeHistory,
    Halted,
    LocatedLog,
    LocatedReceipt,
    LocatedTransaction,
    LogFilter,
    Refused,
    TooManyLogs,
    UnknownBlock,
)

SUGGESTED_TIP: Final = 10**6
"""Wei per gas; any tip gets a transaction into a devnet's block."""
MANY_TRANSACTIONS: Final = 32
"""A block that was read from the disk may ask for as many senders, 60 us each; more are
recovered on a thread, so that the event loop need not."""
MOST_HISTORY: Final = 1_024
"""Blocks of one fee history."""


@dataclass(frozen=True, slots=True)
class NodeChain:
    """Implements `byline.rpc.backend.Chain`."""

    rollup: Served
    name: ChainName
    threads: Threads
    call_timeout: float = CALL_TIMEOUT
    """Seconds that a search for logs may take; 0 is without end."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self.rollup.chain(self.name).chain_id

    @property
    def _resolver(self) -> Resolver:
        return Resolver(self.rollup, self.name)

    @property
    def _config(self) -> RollupConfig | None:
        return self.rollup.engine.config if self.name == "l2" else None

    async def block_number(self) -> int:
        """Return the height of the head."""
        return self.rollup.chain(self.name).head.number

    async def block(self, ref: BlockRef) -> Block | None:
        """Return a block; `pending` is what would be made now."""
        if ref == "pending":
            return (await self.threads.write(self.rollup.pending, self.name)).block
        block = self._resolver.block(ref)
        if block is not None and len(block.transactions) > MANY_TRANSACTIONS:
            await self.threads.read(recover_senders, block.transactions)
        return block

    async def receipts(self, ref: BlockRef) -> Sequence[LocatedReceipt] | None:
        """Return a block's receipts in order."""
        if ref == "pending":
            made = await self.threads.write(self.rollup.pending, self.name)
            return self._located(made.block, made.receipts)
        return await self.threads.read(self._receipts, ref)

    def _receipts(self, ref: BlockRef) -> Sequence[LocatedReceipt] | None:
        block = self._resolver.block(ref)
        if block is None:
            return None
        recover_senders(block.transactions)
        return self._located(block, self._stored_receipts(block))

    def _located(self, block: Block, receipts: Sequence[Receipt]) -> tuple[LocatedReceipt, ...]:
        fee = self._blob_fee(block.header)
        return tuple(located_receipts(block, receipts, self._config, fee))

    def _stored_receipts(self, block: Block) -> Sequence[Receipt]:
        receipts = self._resolver.chain.store.receipts(block.hash)
        assert receipts is not None, f"block {block.number} is stored without receipts"
        return receipts

    async def transaction(self, tx_hash: bytes) -> LocatedTransaction | None:
        """Return a mined or pooled transaction."""
        pooled = self.rollup.pools[self.name].get(tx_hash)
        if pooled is not None:
            return LocatedTransaction(pooled, None, None)
        for deposit in self.rollup.forced(self.name):
            if deposit.hash == tx_hash:
                return LocatedTransaction(deposit, None, None)
        found = self._mined(tx_hash)
        if found is None:
            return None
        block, index = found
        nonce = self._stored_receipts(block)[index].deposit_nonce
        return LocatedTransaction(block.transactions[index], block, index, nonce)

    def _mined(self, tx_hash: bytes) -> tuple[Block, int] | None:
        store = self._resolver.chain.store
        location = store.transaction_location(tx_hash)
        if location is None:
            return None
        block = store.block(location[0])
        # The block that is being made the head right now comes with the head, not before.
        if block is None or block.number > self._resolver.chain.head.number:
            return None
        return block, location[1]

    async def receipt(self, tx_hash: bytes) -> LocatedReceipt | None:
        """Return the receipt of a mined transaction."""
        found = self._mined(tx_hash)
        if found is None:
            return None
        block, index = found
        receipts = self._stored_receipts(block)
        return located_receipt(block, receipts, index, self._config, self._blob_fee(block.header))

    async def logs(self, wanted: LogFilter, most: int) -> Sequence[LocatedLog]:
        """Return matching logs in chain order.

        Raises `UnknownBlock`, `TooManyLogs` and `Halted`.
        """

        def search() -> tuple[LocatedLog, ...]:
            patience = Patience(self.call_timeout, self.threads.stopping)
            try:
                found = tuple(itertools.islice(self._logs(wanted, patience), most + 1))
            except OutOfTime as exc:
                raise Halted(str(exc)) from exc
            if len(found) > most:
                raise TooManyLogs(f"more than {most} logs match")
            return found

        return await self.threads.read(search)

    def _logs(self, wanted: LogFilter, patience: Patience) -> Iterator[LocatedLog]:
        for block in self._range(wanted):
            patience.check()
            if not _may_hold(block.header.bloom, wanted):
                continue
            for log in located_logs(block, self._stored_receipts(block)):
                if wanted.matches(log.log):
                    yield log

    def _range(self, wanted: LogFilter) -> Iterator[Block]:
        resolver = self._resolver
        if wanted.block_hash is not None:
            block = resolver.block(wanted.block_hash)
            if block is None:
                raise UnknownBlock("unknown block")
            yield block
            return
        first, last = resolver.known(wanted.first).number, resolver.known(wanted.last).number
        for number in range(first, last + 1):
            block = resolver.chain.canonical_block(number)
            if block is not None:
                yield block

    async def fee_history(
        self, count: int, newest: BlockRef, percentiles: Sequence[float] | None
    ) -> FeeHistory:
        """Return fees of the `count` blocks up to `newest`."""
        return await self.threads.read(self._fee_history, count, newest, percentiles)

    def _fee_history(
        self, count: int, newest: BlockRef, percentiles: Sequence[float] | None
    ) -> FeeHistory:
        if count < 1:
            raise Refused(f"fee history: block count is {count}, want at least 1")
        last = self._resolver.known(newest).number
        oldest = self._resolver.chain.store.first_number
        first = max(oldest, last - min(count, MOST_HISTORY) + 1)
        blocks = [
            block
            for number in range(first, last + 1)
            if (block := self._resolver.chain.canonical_block(number)) is not None
        ]
        headers = [block.header for block in blocks]
        following = self._resolver.chain.canonical(last + 1)
        next_fee = following.base_fee if following else self.rollup.next_base_fee(self.name)
        return FeeHistory(
            oldest_block=first,
            base_fees=(*(header.base_fee or 0 for header in headers), next_fee or 0),
            gas_used_ratios=tuple(h.gas_used / h.gas_limit for h in headers),
            rewards=(
                tuple(self._rewards(block, percentiles) for block in blocks)
                if percentiles
                else None
            ),
            blob_base_fees=(*(self._blob_fee(h) for h in headers), self._next_blob_fee()),
            blob_gas_used_ratios=tuple(self._blob_ratio(h) for h in headers),
        )

    def _blob_fee(self, header: Header) -> int:
        return self.rollup.chain(self.name).rules.blob_base_fee(header)

    def _blob_ratio(self, header: Header) -> float:
        """Return how full of blobs a block is; 0 on the L2, whose field counts other things."""
        rules = self.rollup.chain(self.name).rules
        most = rules.most_blob_gas(header.timestamp)
        return (header.blob_gas_used or 0) / most if most else 0.0

    def _next_blob_fee(self) -> int:
        chain = self.rollup.chain(self.name)
        return chain.rules.next_blob_base_fee(chain.head)

    def _rewards(self, block: Block, percentiles: Sequence[float]) -> tuple[int, ...]:
        """Return tips at `percentiles` of the block's gas, by gas weight."""
        base_fee = block.header.base_fee or 0
        paid = sorted(
            (item.transaction.effective_gas_price(base_fee) - base_fee, item.gas_used)
            for item in located_receipts(block, self._stored_receipts(block), None)
            if isinstance(item.transaction, Transaction)
        )
        if not paid:
            return tuple(0 for _ in percentiles)
        total = sum(gas for _, gas in paid)
        rewards = []
        for percentile in percentiles:
            seen = 0
            for tip, gas in paid:
                seen += gas
                if seen * 100 >= total * percentile:
                    rewards.append(tip)
                    break
        return tuple(rewards)

    async def gas_price(self) -> int:
        """Return a legacy gas price that the next block takes, with room for one rise."""
        return self.rollup.next_base_fee(self.name) * 9 // 8 + SUGGESTED_TIP

    async def priority_fee(self) -> int:
        """Return a tip that the next block takes."""
        return SUGGESTED_TIP

    async def blob_base_fee(self) -> int:
        """Return the blob base fee of the next block."""
        return self._next_blob_fee()


def _may_hold(bloom: bytes, wanted: LogFilter) -> bool:
    """Tell whether a block with `bloom` can hold a log that `wanted` matches."""
    bits = int.from_bytes(bloom, "big")
    groups = [wanted.addresses, *wanted.topics]
    return all(not group or any(_in_bloom(bits, item) for item in group) for group in groups)


def _in_bloom(bits: int, item: bytes) -> bool:
    mask = 0
    digest = keccak256(item)
    for at in (0, 2, 4):
        mask |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits & mask == mask
