"""The whole rollup in one synchronous object: local L1, L2, sequencer, batcher, driver.

Everything that changes a chain is a method here and runs on one thread, in order; the
asyncio shell around it (`devnet`) only decides when.  The clock policy lives here too:

- automine: a transaction makes a block at once.  L2 time advances by the block time for
  each block, and an L1 block takes the time of the L2 head, so both rules (time is parent
  time plus block time; origin time is not after block time) hold at any speed.
- after idle time the L2 would lag behind the wall clock: then the next block is told to
  jump, by an event of the DevControl contract on the L1, so that a verifier knows.  Strict
  mode never does.
- with a block time on the wall clock, ticks make the blocks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from eth_abi.abi import encode

from byline.derivation.base_fee import next_l1_base_fee, next_l2_base_fee
from byline.derivation.config import Fork
from byline.derivation.constants import MAX_SEQUENCER_DRIFT
from byline.derivation.deposits import TRANSACTION_DEPOSITED
from byline.derivation.errors import InvalidData
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction, decode_transaction
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef, SyncStatus
from byline.node.accounts import DevAccount
from byline.node.chain.admission import AccountView, PoolContext, Refusal, no_extra_cost
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain, Skipped
from byline.node.chain.forkchoice import ForkChoice
from byline.node.chain.journal import PoolJournal
from byline.node.chain.mempool import Mempool
from byline.node.clock import Clock
from byline.node.evm.optimism import extra_cost
from byline.node.l1.chain import LocalL1
from byline.node.l2.batcher import Batcher
from byline.node.l2.driver import Derived, Driver, Step
from byline.node.l2.engine import L2Engine
from byline.node.l2.sequencer import Sequencer
from byline.node.signing import sign_dynamic_fee
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.rollup")

ChainName: TypeAlias = Literal["l1", "l2"]

LAG_BEFORE_JUMP: Final = 12
"""Seconds by which the virtual clock may be behind the wall before it jumps."""
BLOCKS_BEFORE_FLUSH: Final = 64
"""L2 blocks after which the batcher posts without waiting for a pause."""
MOST_EMPTY_BLOCKS: Final = 1_024
"""L2 blocks made in a row to reach an L1 origin; more would be a bug."""
SET_CLOCK_SELECTOR: Final = keccak256(b"setClock(uint256,uint64)")[:4]
OPERATOR_TIP: Final = 10**9


@dataclass(frozen=True, slots=True)
class Mining:
    """When blocks are made."""

    automine: bool = True
    """A transaction makes a block at once."""
    interval: int | None = None
    """Seconds between L2 blocks on the wall clock; `None` makes none by itself."""
    l1_interval: int = 12
    """Seconds between L1 blocks on the wall clock, where `interval` is set."""
    strict: bool = False
    """Never jump the clock, so that stock verifiers can follow for ever."""


@dataclass(frozen=True, slots=True)
class BlockMade:
    """A chain got a new head."""

    chain: ChainName
    executed: ExecutedBlock


@dataclass(frozen=True, slots=True)
class BlocksDropped:
    """A chain went back to `head`; `dropped` are no longer canonical, newest first."""

    chain: ChainName
    head: Header
    dropped: tuple[Header, ...]


Happening: TypeAlias = BlockMade | BlocksDropped | Derived


@dataclass(frozen=True, slots=True)
class _Snapshot:
    l1_head: Header
    heads: ForkChoice
    pools: Mapping[ChainName, tuple[Transaction, ...]]
    submitted: int


@dataclass(slots=True)
class LocalRollup:
    """A local L1 and the L2 on it.  Not thread-safe: one thread calls it."""

    l1: LocalL1
    engine: L2Engine
    sequencer: Sequencer
    batcher: Batcher
    driver: Driver
    clock: Clock
    batch_account: DevAccount
    owner: DevAccount
    """Owns the DevControl contract."""
    mining: Mining
    publish: Callable[[Happening], None]
    pools: dict[ChainName, Mempool] = field(
        default_factory=lambda: {"l1": Mempool(), "l2": Mempool()}
    )
    journals: Mapping[ChainName, PoolJournal] = field(default_factory=dict)
    """Where waiting transactions are kept; without one they live in memory alone."""
    first_jump: int | None = None
    """The first L2 block that a stock verifier does not follow."""
    _snapshots: dict[int, _Snapshot] = field(default_factory=dict)
    _next_snapshot: int = 1

    def start(self) -> None:
        """Read what the store holds of the L1 and derive up to its head."""
        self.sequencer_catch_up()
        self.driver.reset(self.l1.block)
        self.derive()
        self._load_pools()

    def _load_pools(self) -> None:
        """Take back what waited when the node stopped, as far as it is still valid."""
        for name, journal in self.journals.items():
            for raw in journal.load():
                try:
                    self._take(name, raw)
                except Refused as exc:
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
        """Return one of the two chains."""
        return self.l1.chain if name == "l1" else self.engine.chain

    def submit(self, name: ChainName, raw: bytes) -> bytes:
        """Take a signed transaction; with automine it is in a block when this returns.

        Raises `Refused` in geth's words.
        """
        tx = self._take(name, raw)
        if self.mining.automine:
            self._automine(name)
        if name in self.journals and self.pools[name].get(tx.hash) is not None:
            self.journals[name].keep(tx.hash, tx.raw)
        return tx.hash

    def _take(self, name: ChainName, raw: bytes) -> Transaction:
        try:
            tx = decode_transaction(raw)
            if not isinstance(tx, Transaction):
                raise Refused("transaction type not supported: 0x7e")
            self._admit(name, tx)
        except InvalidData as exc:
            raise Refused(str(exc)) from exc
        return tx

    def _tidy_journal(self, name: ChainName) -> None:
        if name in self.journals:
            waiting = {tx.hash for tx in self.pools[name].transactions()}
            self.journals[name].forget_except(waiting)

    def _admit(self, name: ChainName, tx: Transaction) -> None:
        chain = self.chain(name)
        if chain.store.transaction_location(tx.hash) is not None:
            raise Refused("already known")
        machine = chain.machine(chain.head)
        account = AccountView(
            nonce=machine.nonce(tx.sender),
            balance=machine.balance(tx.sender),
            code=machine.code(tx.sender),
        )
        refusal = self.pools[name].add(tx, account, self.pool_context(name))
        if isinstance(refusal, Refusal):
            raise Refused(refusal.reason)

    def pool_context(self, name: ChainName) -> PoolContext:
        """Return what the next block of a chain will ask of a transaction."""
        head = self.chain(name).head
        return PoolContext(
            chain_id=self.chain(name).chain_id,
            base_fee=self.next_base_fee(name),
            block_gas_limit=head.gas_limit,
            extra_cost=self.l2_extra_cost if name == "l2" else no_extra_cost,
            prague=name == "l1" or self.engine.config.active(Fork.ISTHMUS, head.timestamp),
        )

    def next_base_fee(self, name: ChainName) -> int:
        """Return the base fee of the next block."""
        head = self.chain(name).head
        if name == "l1":
            return next_l1_base_fee(head)
        return next_l2_base_fee(head, self.engine.config)

    def l2_extra_cost(self, tx: Transaction) -> int:
        """Return wei that an L2 transaction costs beyond gas and value."""
        chain = self.engine.chain
        return extra_cost(chain.machine(chain.head), self.engine.config, chain.head, tx)

    def _automine(self, name: ChainName) -> None:
        pool = self.pools[name]
        while next(iter(pool.best(self.next_base_fee(name))), None) is not None:
            before = len(pool)
            if name == "l1":
                self.mine_l1()
            else:
                self.mine_l2()
            if len(pool) >= before:
                break

    # -- blocks -----------------------------------------------------------------------

    def mine_l1(self, timestamp: int | None = None) -> L1Block:
        """Make an L1 block from the pool, then derive from it.

        `timestamp` defaults to the L2 head's time, or the wall clock's where that is ahead
        and the clock may jump.  Raises `Refused` for a time that is not after the head's.
        """
        head = self.l1.head
        if timestamp is not None and timestamp <= head.timestamp:
            raise Refused(f"timestamp {timestamp} is not after the head's, {head.timestamp}")
        target = timestamp if timestamp is not None else self._wall_target()
        clock_tx = self._clock_transaction(target) if target is not None else None
        if target is None:
            target = max(head.timestamp + 1, self.engine.heads.unsafe.timestamp)
        block = self._insert_l1(target, clock_tx)
        self.derive()
        if self.mining.automine:
            self._adopt_deposits(block)
        return block

    def _insert_l1(self, timestamp: int, first: Transaction | None) -> L1Block:
        pool = self.pools["l1"]
        candidates = list(pool.best(self.next_base_fee("l1")))
        if first is not None:
            candidates.insert(0, first)
        built = self.l1.build(candidates, timestamp)
        block = self.l1.insert(built.executed)
        self._settle_pool("l1", built.executed, built.skipped)
        self.sequencer.see(block)
        self.publish(BlockMade("l1", built.executed))
        return block

    def mine_l2(self, timestamp: int | None = None) -> L2BlockRef:
        """Make an L2 block with what fits from the pool.

        `timestamp` other than the next one goes through a clock event on the L1; raises
        `Refused` for one that is too early, or in strict mode.
        """
        if timestamp is not None:
            self._jump(timestamp)
        elif (target := self._wall_target()) is not None:
            self._jump(target)
        self._keep_l1_near()
        plan = self.sequencer.plan()
        pool = self.pools["l2"]
        candidates = list(pool.best(self.next_base_fee("l2")))
        built = self.engine.build(self.engine.heads.unsafe, plan.attributes, candidates)
        ref = self.engine.insert(built)
        self._settle_pool("l2", built.executed, built.skipped)
        self.publish(BlockMade("l2", built.executed))
        if self.batcher.pending >= BLOCKS_BEFORE_FLUSH:
            self.flush()
        return ref

    def _settle_pool(
        self, name: ChainName, executed: ExecutedBlock, skipped: tuple[Skipped, ...]
    ) -> None:
        """Take out what the block holds, and what no block can hold any more."""
        pool = self.pools[name]
        pool.remove_mined(executed.block.transactions)
        for item in skipped:
            if not item.reason.startswith(("gas limit reached", "nonce too high")):
                LOG.info(
                    "dropped 0x%s from the pool: %s", item.transaction.hash.hex(), item.reason
                )
                pool.remove(item.transaction.hash)
        self._tidy_journal(name)

    def _adopt_deposits(self, block: L1Block) -> None:
        """After an L1 block with deposits, make L2 blocks until one has it as its origin."""
        portal = self.engine.config.deposit_contract
        if not any(
            log.address == portal and log.topics[:1] == (TRANSACTION_DEPOSITED,)
            for receipt in block.receipts
            for log in receipt.logs
        ):
            return
        self.adopt(block.header.number)

    def adopt(self, l1_number: int) -> None:
        """Make L2 blocks until the unsafe head has L1 origin `l1_number` or later."""
        for _ in range(MOST_EMPTY_BLOCKS):
            if self.engine.heads.unsafe.l1_origin.number >= l1_number:
                return
            self.mine_l2()
        raise RuntimeError(f"L1 block {l1_number} was not adopted in {MOST_EMPTY_BLOCKS} blocks")

    def _keep_l1_near(self) -> None:
        """Make an L1 block before the L2 gets too far ahead to include users (drift)."""
        head = self.engine.heads.unsafe
        ahead = head.timestamp - self.l1.head.timestamp
        if self.mining.automine and ahead > MAX_SEQUENCER_DRIFT // 2:
            self.mine_l1()

    # -- time -------------------------------------------------------------------------

    def _wall_target(self) -> int | None:
        """Return the wall-clock time if the L2 lags behind it and may jump there."""
        if self.mining.strict:
            return None
        now = self.clock.now()
        following = self.sequencer.clock.next_timestamp(self.engine.heads.unsafe)
        return now if now - following > LAG_BEFORE_JUMP else None

    def _jump(self, timestamp: int) -> None:
        """Declare on the L1 that the next L2 block has `timestamp`."""
        following = self.sequencer.clock.next_timestamp(self.engine.heads.unsafe)
        if timestamp == following:
            return
        if timestamp < following:
            raise Refused(
                f"timestamp {timestamp} is before the next block's earliest, {following}"
            )
        if self.mining.strict:
            raise Refused("the clock does not jump in strict mode: start without --strict")
        clock_tx = self._clock_transaction(timestamp)
        self._insert_l1(max(timestamp, self.l1.head.timestamp + 1), clock_tx)
        self.derive()

    def _clock_transaction(self, timestamp: int) -> Transaction | None:
        """Return the transaction that moves the L2 clock, if it is behind `timestamp`."""
        unsafe, config = self.engine.heads.unsafe, self.engine.config
        if self.mining.strict or config.dev_control is None:
            return None
        if timestamp <= self.sequencer.clock.next_timestamp(unsafe):
            return None
        if self.first_jump is None:
            self.first_jump = unsafe.number + 1
            LOG.info("clock jumps from L2 block %d on: stock verifiers stop here", self.first_jump)
        data = SET_CLOCK_SELECTOR + encode(["uint256", "uint64"], [unsafe.number + 1, timestamp])
        return self._sign_l1(self.owner, config.dev_control, data, gas=100_000)

    def _sign_l1(self, account: DevAccount, to: bytes, data: bytes, gas: int) -> Transaction:
        chain = self.l1.chain
        nonce = chain.machine(chain.head).nonce(account.address)
        return sign_dynamic_fee(
            account,
            chain_id=chain.chain_id,
            nonce=nonce + self.pools["l1"].count(account.address),
            gas=gas,
            to=to,
            max_fee=2 * self.next_base_fee("l1") + OPERATOR_TIP,
            tip=OPERATOR_TIP,
            data=data,
        )

    # -- batches and derivation -------------------------------------------------------

    def flush(self) -> int:
        """Post all unsafe blocks to the L1; return how many there were."""
        pending = self.batcher.pending
        for posting in self.batcher.postings():
            LOG.info(
                "batcher: L2 blocks %d to %d in %d frames",
                posting.first,
                posting.last,
                len(posting.items),
            )
            for item in posting.items:
                self._post(item)
        if pending and self.mining.interval is None:
            self.mine_l1()
        return pending

    def _post(self, item: bytes) -> None:
        chain = self.l1.chain
        address = self.batch_account.address
        nonce = chain.machine(chain.head).nonce(address) + self.pools["l1"].count(address)
        tx = self.batcher.transaction(self.engine.config, item, nonce, self.next_base_fee("l1"))
        self._admit("l1", tx)

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

    # -- snapshots --------------------------------------------------------------------

    def snapshot(self) -> int:
        """Remember both chains and pools as they are; return an id that grows by one."""
        number = self._next_snapshot
        self._next_snapshot += 1
        self._snapshots[number] = _Snapshot(
            l1_head=self.l1.head,
            heads=self.engine.heads,
            pools={name: tuple(pool.transactions()) for name, pool in self.pools.items()},
            submitted=self.batcher.submitted,
        )
        return number

    def revert(self, number: int) -> bool:
        """Go back to a snapshot, which is then used up with all later ones."""
        saved = self._snapshots.get(number)
        if saved is None:
            return False
        self._snapshots = {key: item for key, item in self._snapshots.items() if key < number}
        dropped: dict[ChainName, tuple[Header, ...]] = {
            "l1": tuple(_above(self.l1.chain, saved.l1_head)),
            "l2": tuple(_above(self.engine.chain, self.engine.header_of(saved.heads.unsafe))),
        }
        self.l1.chain.set_head(saved.l1_head)
        self.engine.restore(saved.heads)
        self.sequencer.clock.forget_from(saved.l1_head.number + 1)
        self.batcher.submitted = saved.submitted
        for name, transactions in saved.pools.items():
            self.pools[name] = Mempool()
            for tx in transactions:
                self._admit(name, tx)
        self.driver.reset(self.l1.block)
        for name, headers in dropped.items():
            if headers:
                self.publish(BlocksDropped(name, self.chain(name).head, headers))
        self.derive()
        return True


def _above(chain: Chain, head: Header) -> Iterator[Header]:
    """Yield canonical headers above `head`, newest first."""
    at: Header | None = chain.head
    while at is not None and at.number > head.number:
        yield at
        at = chain.store.header(at.parent_hash)
