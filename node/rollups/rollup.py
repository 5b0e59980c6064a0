"""One L2 on one L1, synchronously: pool, sequencer, batcher, driver and the heads.

What is the same wherever the L1 is.  `local.LocalRollup` brings an L1 of its own;
`following.FollowingRollup` follows one that others run.  Everything that changes a chain is
a method here or there and runs on one thread, in order; the asyncio shell (`devnet`) only
decides when.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from byline.derivation.base_fee import (
    next_excess_blob_gas,
    next_l1_base_fee,
    next_l2_base_fee,
)
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.l1_info import blob_base_fee
from byline.derivation.transaction import (
    BLOB,
    AnyTransaction,
    DepositTransaction,
    Transaction,
    decode_transaction,
)
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef, SyncStatus
from byline.node.chain.admission import AccountView, PoolContext, Refusal
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain, Skipped
from byline.node.chain.forkchoice import ForkChoice
from byline.node.chain.impersonated import believe
from byline.node.chain.journal import PoolJournal
from byline.node.chain.mempool import Mempool
from byline.node.clock import Clock
from byline.node.evm.machine import Machine
from byline.node.l2.admission import pool_context as l2_pool_context
from byline.node.l2.batcher import Batcher
from byline.node.l2.data_availability import L1Conditions
from byline.node.l2.driver import Derived, Driver, Step
from byline.node.l2.engine import L2Engine
from byline.node.l2.sequencer import Sequencer
from byline.node.rollups.mining import Mining as Mining
from byline.rpc.backend import Refused
from byline.rpc.conditions import Conditions

LOG = logging.getLogger("byline.rollup")

ChainName: TypeAlias = Literal["l1", "l2"]

MAY_FIT_LATER: Final = ("gas limit reached", "nonce too high", "max fee per blob gas less")
"""How the reasons begin for which a block passes over a transaction that goes on waiting."""
NOT_OURS: Final = "the L1 is not this node's: ask its own node"


class L1View(Protocol):
    """What is known of the L1 now, without waiting."""

    @property
    def head(self) -> Header:
        """The newest block."""

    @property
    def finalized(self) -> L1BlockRef:
        """The newest block that the L1 will not take back."""

    def block(self, number: int) -> L1Block | None:
        """Return the canonical block at `number` with its receipts, if it is known."""


@dataclass(frozen=True, slots=True)
class BlockMade:
    """A chain got a new head."""

    chain: ChainName
    executed: ExecutedBlock


@dataclass(frozen=True, slots=True)
class BlocksDropped:
    """A chain went back to `head`; what stood above it, up to `top`, is not canonical now."""

    chain: ChainName
    head: Header
    top: Header


@dataclass(frozen=True, slots=True)
class Pooled:
    """A transaction waits for a chain's next block, without a gap before it."""

    chain: ChainName
    transaction: AnyTransaction


Happening: TypeAlias = BlockMade | BlocksDropped | Derived | Pooled


@dataclass(slots=True, kw_only=True)
class Rollup:
    """An L2 and its view of the L1.  Not thread-safe: one thread calls it."""

    l1: L1View
    engine: L2Engine
    sequencer: Sequencer
    batcher: Batcher
    driver: Driver
    clock: Clock
    mining: Mining
    publish: Callable[[Happening], None]
    pools: dict[ChainName, Mempool] = field(
        default_factory=lambda: {"l1": Mempool(), "l2": Mempool()}
    )
    """The L1's stays empty where the L1 is not ours."""
    journals: Mapping[ChainName, PoolJournal] = field(default_factory=dict)
    """Where waiting transactions are kept; without one they live in memory alone."""
    muted: set[ChainName] = field(default_factory=set)
    """Chains of which the log does not tell what happens."""
    _base_fees: dict[ChainName, tuple[Header, int]] = field(default_factory=dict)
    """Of the block after a head, as it was found last."""

    def start(self) -> None:
        """Read what is known of the L1 and derive up to its head."""
        self.sequencer_catch_up()
        self.driver.reset(self.l1.block)
        self.derive()
        self._load_pools()

    def _load_pools(self) -> None:
        """Take back what waited when the node stopped, as far as it is still valid."""
        for name, journal in self.journals.items():
            for raw in journal.load():
                try:
                    tx = self.read(name, raw)
                    if name == "l1":
                        # On the L2 nobody else would believe it.
                        believe(tx)
                    self.admit(name, tx)
                except (InvalidData, Refused) as exc:
                    LOG.info("a pooled transaction did not come back: %s", exc)
            self._tidy_journal(name)

    def sequencer_catch_up(self) -> None:
        """Let the sequencer see the L1 blocks whose clock events may still count."""
        first = self.engine.heads.unsafe.l1_origin.number
        for number in range(first, self.l1.head.number + 1):
            block = self.l1.block(number)
            assert block is not None
            self.sequencer.see(block)

    # -- transactions -----------------------------------------------------------------

    def chain(self, name: ChainName) -> Chain:
        """Return a chain that this node executes; raises `LookupError` for one it does not."""
        if name == "l2":
            return self.engine.chain
        raise LookupError(NOT_OURS)

    def submit(self, name: ChainName, raw: bytes) -> bytes:
        """Take a signed transaction; with automine it is in a block when this returns.

        Raises `Refused` in geth's words.
        """
        return self.send(name, self._take(name, raw))

    def send(self, name: ChainName, tx: Transaction) -> bytes:
        """Go on with a transaction that the pool has taken; return its hash."""
        if self.mining.mode(name).automine:
            self._automine(name)
        if name in self.journals and self.pools[name].get(tx.hash) is not None:
            self.journals[name].keep(tx.hash, tx.raw)
        return tx.hash

    def forced(self, name: ChainName) -> Sequence[DepositTransaction]:
        """Return deposits that wait for the next block of a chain, in order."""
        return ()

    def submit_if(self, raw: bytes, conditions: Conditions) -> bytes:
        """Take a transaction for L2 blocks in which `conditions` hold; raises `Refused`.

        It is not kept on disk, as its conditions are not.
        """
        waiting, tx_hash = self.engine.conditionals.waiting, keccak256(raw)
        known = tx_hash in waiting
        waiting.setdefault(tx_hash, conditions)
        try:
            self._take("l2", raw)
        except Refused:
            if not known:
                del waiting[tx_hash]
            raise
        self.mine_waiting("l2")
        return tx_hash

    def _take(self, name: ChainName, raw: bytes) -> Transaction:
        try:
            tx = self.read(name, raw)
            self.admit(name, tx)
        except InvalidData as exc:
            raise Refused(str(exc)) from exc
        return tx

    def read(self, name: ChainName, raw: bytes) -> Transaction:
        """Decode a transaction for a chain; raises `InvalidData`, or `Refused` for its type."""
        if name == "l2" and raw[:1] == bytes([BLOB]):
            # As clients send it, with its blobs around it, it is not even decoded here.
            raise Refused("transaction type not supported")
        tx = decode_transaction(raw)
        if not isinstance(tx, Transaction):
            raise Refused("transaction type not supported: 0x7e")
        return tx

    def take_back(self, name: ChainName, transactions: Iterable[Transaction]) -> None:
        """Put transactions of dropped blocks before those that wait, as far as all still fit."""
        chain = self.chain(name)
        machine = chain.machine(chain.head)
        dropped = self.pools[name].reset(
            lambda address: AccountView(
                machine.nonce(address), machine.balance(address), machine.code(address)
            ),
            self.pool_context(name),
            transactions,
        )
        for tx, refusal in dropped:
            LOG.info("0x%s does not wait again: %s", tx.hash.hex(), refusal.reason)

    def drop(self, name: ChainName, hashes: Iterable[bytes]) -> int:
        """Forget waiting transactions; return how many of them did wait."""
        found = sum([self.pools[name].remove(tx_hash) for tx_hash in hashes])
        self._tidy_journal(name)
        return found

    def _tidy_journal(self, name: ChainName) -> None:
        if name in self.journals:
            waiting = {tx.hash for tx in self.pools[name].transactions()}
            self.journals[name].forget_except(waiting)

    def admit(self, name: ChainName, tx: Transaction) -> None:
        """Let a transaction wait; raises `Refused`, or `InvalidData` for one nobody signed."""
        chain = self.chain(name)
        if chain.store.transaction_location(tx.hash) is not None:
            raise Refused("already known")
        machine = chain.machine(chain.head)
        account = AccountView(
            nonce=machine.nonce(tx.sender),
            balance=machine.balance(tx.sender),
            code=machine.code(tx.sender),
        )
        refusal = self.pools[name].add(tx, account, self.pool_context(name, machine))
        if isinstance(refusal, Refusal):
            raise Refused(refusal.reason)
        for one in self.pools[name].newly_pending(tx):
            self.publish(Pooled(name, one))

    def pool_context(self, name: ChainName, machine: Machine | None = None) -> PoolContext:
        """Return what the next block of a chain will ask of a transaction.

        `machine` is one on the state of the chain's head, where there is one already.
        """
        if name == "l2":
            return l2_pool_context(self.engine, machine)
        head, rules = self.chain(name).head, self.chain(name).rules
        most_blobs = rules.most_blobs_per_transaction(head.timestamp)
        return PoolContext(
            chain_id=self.chain(name).chain_id,
            base_fee=self.next_base_fee(name),
            block_gas_limit=head.gas_limit,
            transaction_gas_cap=rules.transaction_gas_cap(head.timestamp),
            blobs=most_blobs > 0,
            most_blobs=most_blobs,
        )

    def next_base_fee(self, name: ChainName) -> int:
        """Return the base fee of the next block."""
        head = self.l1.head if name == "l1" else self.engine.chain.head
        known = self._base_fees.get(name)
        if known is not None and known[0] is head:
            return known[1]
        fee = (
            next_l1_base_fee(head) if name == "l1" else next_l2_base_fee(head, self.engine.config)
        )
        self._base_fees[name] = (head, fee)
        return fee

    def l1_conditions(self) -> L1Conditions:
        """Return what the batcher has to know of the L1."""
        head = self.l1.head
        following = head.with_(excess_blob_gas=next_excess_blob_gas(head))
        return L1Conditions(head.number, self.next_base_fee("l1"), blob_base_fee(following))

    def mine_waiting(self, name: ChainName) -> None:
        """Make blocks for what waits, where transactions make blocks at once."""
        if self.mining.mode(name).automine:
            self._automine(name)

    def _automine(self, name: ChainName) -> None:
        pool = self.pools[name]
        if name == "l2" and not self.sequencer.active:
            return
        while next(iter(pool.best(self.next_base_fee(name))), None) is not None:
            before = len(pool)
            self.mine(name)
            if len(pool) >= before:
                break

    # -- blocks -----------------------------------------------------------------------

    def mine(self, name: ChainName, timestamp: int | None = None) -> None:
        """Make a block of a chain; raises `Refused` for an L1 that is not ours."""
        if name == "l1":
            raise Refused(NOT_OURS)
        self.mine_l2(timestamp)

    def pending(self, name: ChainName) -> ExecutedBlock:
        """Return the block that would be made now; nothing is stored."""
        if name == "l1":
            raise Refused(NOT_OURS)
        plan = self.sequencer.plan()
        candidates = list(self.pools["l2"].best(self.next_base_fee("l2")))
        return self.engine.build(self.engine.heads.unsafe, plan.attributes, candidates).executed

    def next_timestamp(self, name: ChainName) -> int:
        """Return the time that the next block of a chain would have now, in seconds."""
        if name == "l1":
            raise Refused(NOT_OURS)
        return self.sequencer.schedule.next_timestamp(self.engine.heads.unsafe)

    def mine_l2(
        self, timestamp: int | None = None, chosen: Sequence[Transaction] | None = None
    ) -> L2BlockRef:
        """Make an L2 block with what fits of the pool, at the next block's time.

        With `chosen` those are tried instead of the pool's.  Raises `Refused` for a `timestamp`
        that it cannot have, and while the sequencer is stopped.
        """
        if not self.sequencer.active:
            raise Refused("sequencer not running: admin_startSequencer starts it")
        self._set_time(timestamp)
        plan = self.sequencer.plan()
        if chosen is None:
            chosen = tuple(self.pools["l2"].best(self.next_base_fee("l2")))
        built = self.engine.build(self.engine.heads.unsafe, plan.attributes, chosen)
        ref = self.engine.insert(built)
        self._settle_pool("l2", built.executed, built.skipped)
        self.publish(BlockMade("l2", built.executed))
        return ref

    def _set_time(self, timestamp: int | None) -> None:
        """Prepare the next L2 block's time; here it is the parent's and the block time."""
        following = self.sequencer.schedule.next_timestamp(self.engine.heads.unsafe)
        if timestamp not in (None, following):
            raise Refused(f"timestamp {timestamp}: the next block's can only be {following}")

    def _settle_pool(
        self, name: ChainName, executed: ExecutedBlock, skipped: tuple[Skipped, ...]
    ) -> None:
        """Take out what the block holds, and what no block can hold any more."""
        pool = self.pools[name]
        pool.remove_mined(executed.block.transactions)
        for item in skipped:
            if not item.reason.startswith(MAY_FIT_LATER):
                LOG.info(
                    "dropped 0x%s from the pool: %s", item.transaction.hash.hex(), item.reason
                )
                pool.remove(item.transaction.hash)
        self._tidy_journal(name)

    def increase_time(self, seconds: int) -> int:
        """Move the clock of both chains; only a node with an L1 of its own can."""
        raise Refused(f"time travel moves the L1, too: {NOT_OURS}")

    def set_time(self, timestamp: int) -> int:
        """Set the clock of both chains; only a node with an L1 of its own can."""
        raise Refused(f"time travel moves the L1, too: {NOT_OURS}")

    def set_next_timestamp(self, name: ChainName, timestamp: int) -> None:
        """Say the next block's time; only a node with an L1 of its own can."""
        raise Refused(f"time travel moves the L1, too: {NOT_OURS}")

    def set_timestamp_interval(self, name: ChainName, seconds: int | None) -> bool:
        """Say how far apart blocks are; only a node with an L1 of its own can."""
        raise Refused(f"time travel moves the L1, too: {NOT_OURS}")

    def mine_apart(self, name: ChainName, seconds: int, first: bool) -> None:
        """Make a block of a chain, `seconds` after the one before.

        The `first` of several has what is wished of the next block instead, if anything.
        """
        self.mine(name, self.chain(name).head.timestamp + seconds)

    def snapshot(self) -> int:
        """Remember both chains; only a node with an L1 of its own can."""
        raise Refused(f"snapshots go back on the L1, too: {NOT_OURS}")

    def revert(self, number: int) -> bool:
        """Go back to a snapshot; only a node with an L1 of its own can."""
        raise Refused(f"snapshots go back on the L1, too: {NOT_OURS}")

    # -- derivation -------------------------------------------------------------------

    def derive(self) -> None:
        """Bring the safe and finalized heads up to what the L1 says."""
        unsafe = self.engine.heads.unsafe
        while True:
            for derived in self.driver.advance():
                if derived.step is Step.BUILT:
                    self.batcher.rewind()
                self.publish(derived)
            origin = self.driver.origin
            assert origin is not None, "derive before start"
            following = self.l1.block(origin.number + 1)
            if following is None:
                break
            self.driver.provide(following)
        self.driver.finalize(self.l1.finalized)
        if self.engine.heads.unsafe != unsafe:
            LOG.warning("unsafe head moved by derivation to %d", self.engine.heads.unsafe.number)
        self.batcher.submitted = max(self.batcher.submitted, self.engine.heads.safe.number)

    def l1_reorganised(self, last: int) -> None:
        """Go on after the L1 took back its blocks above `last`.

        L2 blocks whose origin is gone are dropped; what only the lost L1 blocks made safe is
        unsafe again.  Finality holds as long as the L1 respects it, and is given up, with a
        warning, when it does not (op-node `sync/start.go`).
        """
        heads = self.engine.heads
        safe = min(self.driver.safe_up_to(last), heads.safe, key=lambda ref: ref.number)
        unsafe = self._unsafe_up_to(last, safe)
        finalized = min(heads.finalized, safe, key=lambda ref: ref.number)
        if finalized != heads.finalized:
            LOG.warning(
                "the L1 took back what it had finalized: L2 block %d", heads.finalized.number
            )
        top = self.engine.chain.head
        dropped = tuple(headers_above(self.engine.chain, top, unsafe.number))
        self.engine.restore(ForkChoice(unsafe, safe, finalized))
        self.batcher.rewind()
        if dropped:
            self.publish(BlocksDropped("l2", self.engine.chain.head, top))
            self.take_back("l2", signed_in(self.engine.chain, dropped))
        self.driver.reset(self.l1.block)
        self.derive()

    def _unsafe_up_to(self, last: int, safe: L2BlockRef) -> L2BlockRef:
        """Return the newest block above `safe` that the L1 up to block `last` allows.

        Its origin is there, and so is whatever was declared of it and its ancestors.
        """
        refs = [safe]
        while (ref := self.engine.ref_at(refs[-1].number + 1)) and ref.l1_origin.number <= last:
            refs.append(ref)
        schedule = self.sequencer.schedule
        schedule.forget_from(last + 1)
        for number in range(safe.l1_origin.number, last + 1):
            if (block := self.l1.block(number)) is not None:
                schedule.read(block)
        for parent, ref in itertools.pairwise(refs):
            if not self.sequencer.still_makes(parent, ref):
                return parent
        return refs[-1]

    def sync_status(self) -> SyncStatus:
        """Return where derivation and the heads stand."""
        head = L1BlockRef.of(self.l1.head)
        heads = self.engine.heads
        return SyncStatus(
            current_l1=self.driver.origin or head,
            head_l1=head,
            safe_l1=head,
            finalized_l1=self.l1.finalized,
            unsafe_l2=heads.unsafe,
            safe_l2=heads.safe,
            finalized_l2=heads.finalized,
        )


def headers_above(chain: Chain, top: Header, number: int) -> Iterator[Header]:
    """Yield `top` and its ancestors above height `number`, canonical or not, newest first."""
    at: Header | None = top
    while at is not None and at.number > number:
        yield at
        at = chain.store.header(at.parent_hash)


def signed_in(chain: Chain, headers: Sequence[Header]) -> list[Transaction]:
    """Return the signed transactions of stored blocks, given newest first, oldest first."""
    found: list[Transaction] = []
    for header in reversed(headers):
        block = chain.store.block(header.hash)
        assert block is not None, "a block that was canonical is stored"
        found += [tx for tx in block.transactions if isinstance(tx, Transaction)]
    return found
