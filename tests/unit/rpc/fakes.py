"""A node of a few lines: it mines what it is sent, and every transaction with data logs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from byline.derivation.block import Block
from byline.derivation.hashing import EMPTY_REQUESTS_HASH, EMPTY_TRIE_ROOT, keccak256
from byline.derivation.header import Header
from byline.derivation.receipt import Log, Receipt
from byline.derivation.transaction import (
    AccessListEntry,
    AnyTransaction,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.derivation.types import NO_L1_BLOCK, NO_L2_BLOCK, BlockId, SyncStatus
from byline.rpc.backend import (
    THE_BLOCK_ITSELF,
    AccountOverride,
    AccountProof,
    Backend,
    BlockOverrides,
    BlockRef,
    CallRequest,
    ChainEvent,
    FeeHistory,
    Halted,
    L1FeeDetail,
    LocatedLog,
    LocatedReceipt,
    LocatedTransaction,
    LogFilter,
    NewHead,
    NewPending,
    OutputAtBlock,
    Refused,
    Reverted,
    SafeHeadAt,
    StorageProof,
    TooManyLogs,
    UnknownBlock,
)
from byline.rpc.views import logs_of

CHAIN_ID = 901
KEY = bytes([1]) * 32
SENDER = bytes.fromhex(Account.from_key(KEY).address[2:])
TARGET = bytes([0x22]) * 20
REVERTS = bytes([0xEE]) * 20
HALTS = bytes([0xDD]) * 20
BREAKS = bytes([0xBB]) * 20
SLOW = bytes([0x55]) * 20
TOPIC = keccak256(b"Sent()")
BASE_FEE = 1000
L1_FEES = L1FeeDetail(
    l1_gas_price=7,
    l1_gas_used=1600,
    l1_fee=1234,
    l1_base_fee_scalar=1368,
    l1_blob_base_fee=1,
    l1_blob_base_fee_scalar=810949,
    operator_fee_scalar=0,
    operator_fee_constant=5,
    da_footprint_gas_scalar=400,
    da_footprint=40_000,
)


def sign(**fields: Any) -> bytes:
    """Return the raw bytes of a transaction signed by `KEY`."""
    filled = {"nonce": 0, "gas": 50_000, "to": TARGET, "value": 1, "chainId": CHAIN_ID, **fields}
    return bytes(Account.sign_transaction(filled, KEY).raw_transaction)


def legacy(**fields: Any) -> bytes:
    return sign(gasPrice=2000, **fields)


def dynamic(**fields: Any) -> bytes:
    return sign(type=2, maxFeePerGas=5000, maxPriorityFeePerGas=10, **fields)


def attributes_deposit(number: int) -> DepositTransaction:
    """Return something like the L1 attributes transaction of block `number`."""
    return DepositTransaction(
        source_hash=keccak256(b"%d" % number),
        sender=bytes.fromhex("deaddeaddeaddeaddeaddeaddeaddeaddead0001"),
        to=bytes.fromhex("4200000000000000000000000000000000000015"),
        mint=0,
        value=0,
        gas=1_000_000,
        is_system_transaction=False,
        data=b"",
    )


@dataclass
class FakeNode:
    """Implements every Protocol of `byline.rpc.backend`."""

    chain_id: int = CHAIN_ID
    blocks: list[Block] = field(default_factory=list)
    receipts_by_block: list[list[LocatedReceipt]] = field(default_factory=list)
    pool: list[AnyTransaction] = field(default_factory=list)
    listeners: list[asyncio.Queue[ChainEvent | None]] = field(default_factory=list)
    automine: bool = True
    snapshots: dict[int, int] = field(default_factory=dict)
    times: list[tuple[str, int | None]] = field(default_factory=list)
    """What was asked of the time, in order."""
    calls: list[CallRequest] = field(default_factory=list)
    overrides: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    """Calls to `SLOW` wait for this."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """A call to `SLOW` is waiting."""
    output: bytes = b""
    next_base_fee: int = BASE_FEE
    diverted: list[ChainEvent] | None = None
    """When set, events go here and nobody hears of them."""

    def __post_init__(self) -> None:
        self.add_block([])

    # making blocks

    def add_block(self, items: Sequence[AnyTransaction], timestamp: int | None = None) -> None:
        number = len(self.blocks)
        parent = self.blocks[-1] if self.blocks else None
        transactions = (attributes_deposit(number), *items) if number else tuple(items)
        block = Block(
            Header(
                parent_hash=parent.hash if parent else bytes(32),
                number=number,
                gas_limit=60_000_000,
                timestamp=timestamp or 1_700_000_000 + 2 * number,
                base_fee=BASE_FEE,
                withdrawals_root=EMPTY_TRIE_ROOT,
                blob_gas_used=0,
                excess_blob_gas=0,
                parent_beacon_root=bytes(32),
                requests_hash=EMPTY_REQUESTS_HASH,
            ),
            transactions,
        )
        located: list[LocatedReceipt] = []
        logs = 0
        for index, item in enumerate(transactions):
            located.append(self._receipt(block, index, item, logs))
            logs += len(located[-1].receipt.logs)
        self.blocks.append(block)
        self.receipts_by_block.append(located)
        found = tuple(log for one in located for log in logs_of(one))
        self.publish(NewHead(block, found, (), located))

    def _receipt(
        self, block: Block, index: int, item: AnyTransaction, logs: int
    ) -> LocatedReceipt:
        deposit = isinstance(item, DepositTransaction)
        found = (Log(item.to or TARGET, (TOPIC,), item.data),) if item.data else ()
        price = 0 if isinstance(item, DepositTransaction) else item.effective_gas_price(BASE_FEE)
        return LocatedReceipt(
            receipt=Receipt(
                type=item.type,
                succeeded=True,
                cumulative_gas_used=21_000 * (index + 1),
                logs=found,
                deposit_nonce=block.number - 1 if deposit else None,
                deposit_version=1 if deposit else None,
            ),
            transaction=item,
            block=block,
            index=index,
            gas_used=21_000,
            effective_gas_price=price,
            contract_address=None if item.to else TARGET,
            first_log_index=logs,
            l1=None if deposit else L1_FEES,
        )

    def reorg(self) -> None:
        """Replace the head by an empty block at another time."""
        gone = self.blocks.pop()
        receipts = self.receipts_by_block.pop()
        taken = [log for one in receipts for log in logs_of(one)]
        self.diverted, kept = [], self.diverted
        self.add_block([], gone.header.timestamp + 1)
        self.diverted = kept
        removed = tuple(
            LocatedLog(
                log.log, log.block_number, log.block_hash, log.block_timestamp,
                log.transaction_hash, log.transaction_index, log.log_index, True,
            )
            for log in taken
        )  # fmt: skip
        self.publish(NewHead(self.blocks[-1], (), removed))

    def publish(self, event: ChainEvent) -> None:
        if self.diverted is not None:
            self.diverted.append(event)
            return
        for queue in self.listeners:
            queue.put_nowait(event)

    # Events

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[ChainEvent]]:
        queue: asyncio.Queue[ChainEvent | None] = asyncio.Queue()
        self.listeners.append(queue)

        async def events() -> AsyncIterator[ChainEvent]:
            while (event := await queue.get()) is not None:
                yield event

        try:
            yield events()
        finally:
            self.listeners.remove(queue)

    # Chain

    async def block_number(self) -> int:
        return len(self.blocks) - 1

    async def block(self, ref: BlockRef) -> Block | None:
        if isinstance(ref, bytes):
            return next((block for block in self.blocks if block.hash == ref), None)
        if isinstance(ref, int):
            return self.blocks[ref] if ref < len(self.blocks) else None
        if ref == "pending":
            head = self.blocks[-1].header
            return Block(head.with_(number=head.number + 1), tuple(self.pool))
        return self.blocks[0 if ref in ("earliest", "finalized") else -1]

    async def _known(self, ref: BlockRef) -> Block:
        found = await self.block(ref)
        if found is None:
            raise UnknownBlock(f"block {ref!r}")
        return found

    async def receipts(self, ref: BlockRef) -> Sequence[LocatedReceipt] | None:
        found = await self.block(ref)
        if found is None or ref == "pending":
            return None
        return self.receipts_by_block[found.number]

    async def transaction(self, tx_hash: bytes) -> LocatedTransaction | None:
        found = await self.receipt(tx_hash)
        if found is not None:
            return LocatedTransaction(
                found.transaction, found.block, found.index, found.receipt.deposit_nonce
            )
        pooled = (item for item in self.pool if item.hash == tx_hash)
        return next((LocatedTransaction(item, None, None) for item in pooled), None)

    async def receipt(self, tx_hash: bytes) -> LocatedReceipt | None:
        every = (one for block in self.receipts_by_block for one in block)
        return next((one for one in every if one.transaction.hash == tx_hash), None)

    async def logs(self, wanted: LogFilter, most: int) -> Sequence[LocatedLog]:
        if wanted.block_hash is not None:
            numbers = [(await self._known(wanted.block_hash)).number]
        else:
            first, last = await self._known(wanted.first), await self._known(wanted.last)
            numbers = list(range(first.number, last.number + 1))
        found = [
            log
            for number in numbers
            for one in self.receipts_by_block[number]
            for log in logs_of(one)
            if wanted.matches(log.log)
        ]
        if len(found) > most:
            raise TooManyLogs(f"more than {most} logs match")
        return found

    async def fee_history(
        self, count: int, newest: BlockRef, percentiles: Sequence[float] | None
    ) -> FeeHistory:
        last = (await self._known(newest)).number
        count = min(count, last + 1)
        rewards = None if percentiles is None else ((1,) * len(percentiles),) * count
        return FeeHistory(
            last - count + 1,
            (BASE_FEE,) * (count + 1),
            (0.5,) * count,
            rewards,
            (1,) * (count + 1),
            (0.0,) * count,
        )

    async def gas_price(self) -> int:
        return self.next_base_fee + 10

    async def priority_fee(self) -> int:
        return 10

    async def blob_base_fee(self) -> int:
        return 1

    # State

    async def balance(self, address: bytes, ref: BlockRef) -> int:
        await self._known(ref)
        return 10**18

    async def nonce(self, address: bytes, ref: BlockRef) -> int:
        await self._known(ref)
        mined = [item for block in self.blocks for item in block.transactions]
        every = mined + (self.pool if ref == "pending" else [])
        return sum(isinstance(item, Transaction) and item.sender == address for item in every)

    async def code(self, address: bytes, ref: BlockRef) -> bytes:
        await self._known(ref)
        return b"\x60\x00"

    async def storage(self, address: bytes, slot: int, ref: BlockRef) -> int:
        await self._known(ref)
        return slot

    async def proof(self, address: bytes, keys: Sequence[str], ref: BlockRef) -> AccountProof:
        await self._known(ref)
        storage = tuple(StorageProof(key, 0, (b"\x80",)) for key in keys)
        return AccountProof(address, 1, 2, bytes(32), EMPTY_TRIE_ROOT, (b"\xc0",), storage)

    async def call(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> bytes:
        await self._known(ref)
        self.calls.append(request)
        self.overrides = overrides
        self.pretended_block = block
        match request.to:
            case t if t == REVERTS:
                raise Reverted(request.data)
            case t if t == HALTS:
                raise Halted("out of gas")
            case t if t == BREAKS:
                raise ZeroDivisionError("secret of the house")
            case t if t == SLOW:
                self.reached.set()
                await self.slow.wait()
        return request.data or self.output

    async def estimate_gas(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> int:
        await self.call(request, ref, overrides)
        return 21_000

    async def create_access_list(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Mapping[bytes, AccountOverride],
        block: BlockOverrides = THE_BLOCK_ITSELF,
    ) -> tuple[tuple[AccessListEntry, ...], int, str | None]:
        error = "execution reverted" if request.to == REVERTS else None
        return (AccessListEntry(TARGET, (bytes(32),)),), 23_000, error

    # Pool

    async def submit(self, raw: bytes) -> bytes:
        item = decode_transaction(raw)
        if isinstance(item, Transaction) and item.nonce != await self.nonce(SENDER, "pending"):
            raise Refused(f"nonce too low: next nonce 1, tx nonce {item.nonce}")
        self.publish(NewPending(item))
        if self.automine:
            self.add_block([item])
        else:
            self.pool.append(item)
        return item.hash

    async def pending(self) -> Sequence[AnyTransaction]:
        return self.pool

    async def queued(self) -> Sequence[AnyTransaction]:
        return []

    # Accounts

    async def addresses(self) -> Sequence[bytes]:
        return [SENDER]

    async def sign_transaction(self, request: CallRequest) -> bytes:
        if request.sender != SENDER:
            raise Refused("unknown account")
        nonce = await self.nonce(SENDER, "pending")
        fields: dict[str, Any] = {"nonce": nonce, "to": request.to or b"", "data": request.data}
        if request.access_list is not None:
            return sign(**fields, type=1, gasPrice=request.gas_price, accessList=[])
        return legacy(**fields) if request.gas_price is not None else dynamic(**fields)

    async def sign_message(self, address: bytes, message: bytes) -> bytes:
        if address != SENDER:
            raise Refused("unknown account")
        return bytes(Account.sign_message(encode_defunct(message), KEY).signature)

    async def sign_typed_data(self, address: bytes, document: Mapping[str, Any]) -> bytes:
        signed = Account.sign_message(encode_typed_data(full_message=dict(document)), KEY)
        return bytes(signed.signature)

    # Controls

    async def mine(self, blocks: int, timestamp: int | None) -> None:
        if timestamp is not None and timestamp <= self.blocks[-1].header.timestamp:
            raise Refused(f"timestamp {timestamp} is not after the head's")
        for index in range(blocks):
            self.add_block(self.pool, None if timestamp is None else timestamp + 2 * index)
            self.pool = []

    async def mine_apart(self, blocks: int, seconds: int) -> None:
        for _ in range(blocks):
            await self.mine(1, self.blocks[-1].header.timestamp + seconds)

    async def increase_time(self, seconds: int) -> int:
        self.times.append(("increase", seconds))
        return sum(value for what, value in self.times if what == "increase" and value)

    async def set_time(self, timestamp: int) -> int:
        self.times.append(("set", timestamp))
        return timestamp - self.blocks[-1].header.timestamp

    async def set_next_timestamp(self, timestamp: int) -> None:
        if timestamp <= self.blocks[-1].header.timestamp:
            raise Refused(f"timestamp {timestamp} is not after the head's")
        self.times.append(("next", timestamp))

    async def set_timestamp_interval(self, seconds: int | None) -> bool:
        before = [value for what, value in self.times if what == "apart"]
        self.times.append(("apart", seconds))
        return bool(before) and before[-1] is not None

    async def snapshot(self) -> int:
        self.snapshots[len(self.snapshots) + 1] = len(self.blocks)
        return len(self.snapshots)

    async def revert(self, snapshot_id: int) -> bool:
        height = self.snapshots.get(snapshot_id)
        if height is None:
            return False
        self.snapshots = {key: at for key, at in self.snapshots.items() if key < snapshot_id}
        del self.blocks[height:], self.receipts_by_block[height:]
        return True

    # Rollup

    async def sync_status(self) -> SyncStatus:
        return SyncStatus(
            NO_L1_BLOCK,
            NO_L1_BLOCK,
            NO_L1_BLOCK,
            NO_L1_BLOCK,
            NO_L2_BLOCK,
            NO_L2_BLOCK,
            NO_L2_BLOCK,
        )

    async def output_at(self, number: int) -> OutputAtBlock:
        await self._known(number)
        return OutputAtBlock(bytes(32), NO_L2_BLOCK, bytes(32), bytes(32))

    async def safe_head_at(self, l1_number: int) -> SafeHeadAt | None:
        if l1_number < 5:
            return None
        return SafeHeadAt(BlockId(5, b"\x05" * 32), BlockId(9, b"\x09" * 32))

    async def rollup_config(self) -> Mapping[str, Any]:
        return {"l2_chain_id": CHAIN_ID}


class FakePool:
    """The pool's methods, which share names with the chain's."""

    def __init__(self, node: FakeNode) -> None:
        self.submit = node.submit
        self.pending = node.pending
        self.queued = node.queued


def backend(node: FakeNode, *, rollup: bool = True) -> Backend:
    """Return a backend that is `node` in every part."""
    return Backend(
        name="l2",
        client_version="anvil/byline-test",
        chain=node,
        state=node,
        pool=FakePool(node),
        accounts=node,
        controls=node,
        events=node,
        rollup=node if rollup else None,
    )
