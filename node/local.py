"""A local L1 and the L2 on it, in one process, on a clock of their own.

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
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.constants import MAX_SEQUENCER_DRIFT
from byline.derivation.deposits import TRANSACTION_DEPOSITED
from byline.derivation.dev_clock import TIMESTAMP_BOUND
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import BLOB, Transaction
from byline.derivation.types import L1Block, L2BlockRef
from byline.node.accounts import DevAccount
from byline.node.chain.block import ExecutedBlock
from byline.node.chain.chain import Chain
from byline.node.chain.forkchoice import ForkChoice
from byline.node.l1.chain import LocalL1
from byline.node.l2.data_availability import L1Conditions
from byline.node.rollup import (
    BlockMade,
    BlocksDropped,
    ChainName,
    Rollup,
    headers_above,
    signed_in,
)
from byline.node.signing import sign_dynamic_fee
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.rollup")

LAG_BEFORE_JUMP: Final = 12
"""Seconds by which the virtual clock may be behind the wall before it jumps."""
LATEST_TIME: Final = TIMESTAMP_BOUND // 2
"""Seconds since 1970 that a block may be told to have."""
MOST_EMPTY_BLOCKS: Final = 1_024
"""L2 blocks made in a row to reach an L1 origin; more would be a bug."""
SET_CLOCK_SELECTOR: Final = keccak256(b"setClock(uint256,uint64)")[:4]
OPERATOR_TIP: Final = 10**9


@dataclass(frozen=True, slots=True)
class _Snapshot:
    l1_head: Header
    heads: ForkChoice
    between_channels: bool
    """Whether derivation had no channel open."""
    pools: Mapping[ChainName, tuple[Transaction, ...]]


@dataclass(slots=True, kw_only=True)
class LocalRollup(Rollup):
    """A local L1 and the L2 on it.  Not thread-safe: one thread calls it."""

    l1: LocalL1
    batch_account: DevAccount
    owner: DevAccount
    """Owns the DevControl contract."""
    first_jump: int | None = None
    """The first L2 block that a stock verifier does not follow."""
    _snapshots: dict[int, _Snapshot] = field(default_factory=dict)
    _next_snapshot: int = 1

    def chain(self, name: ChainName) -> Chain:
        """Return one of the two chains."""
        return self.l1.chain if name == "l1" else self.engine.chain

    def _read(self, name: ChainName, raw: bytes) -> Transaction:
        if name == "l1" and raw[:1] == bytes([BLOB]):
            return self.l1.receive(raw)
        return Rollup._read(self, name, raw)

    def l1_conditions(self) -> L1Conditions:
        """See `Rollup.l1_conditions`; here it is exact, as the L1's forks are known."""
        head = self.l1.head
        blob_fee = self.l1.chain.rules.next_blob_base_fee(head)
        return L1Conditions(head.number, self.next_base_fee("l1"), blob_fee)

    def mine(self, name: ChainName, timestamp: int | None = None) -> None:
        """Make a block of either chain; raises `Refused` for a time that it cannot have."""
        if name == "l1":
            self.mine_l1(timestamp)
        else:
            self.mine_l2(timestamp)

    def pending(self, name: ChainName) -> ExecutedBlock:
        """Return the block that would be made now; nothing is stored."""
        if name == "l2":
            return Rollup.pending(self, name)
        candidates = list(self.pools["l1"].best(self.next_base_fee("l1")))
        return self.l1.build(candidates, self.l1.head.timestamp + 1).executed

    # -- blocks -----------------------------------------------------------------------

    def mine_l1(self, timestamp: int | None = None) -> L1Block:
        """Make an L1 block from the pool, then derive from it.

        `timestamp` defaults to the L2 head's time, or the wall clock's where that is ahead
        and the clock may jump.  Raises `Refused` for a time that is not after the head's.
        """
        head = self.l1.head
        _check_time(timestamp)
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
        if self.batcher.due(self.l1.head.number):
            self.flush()
        return block

    def _insert_l1(self, timestamp: int, first: Transaction | None) -> L1Block:
        pool = self.pools["l1"]
        candidates = list(pool.best(self.next_base_fee("l1")))
        if first is not None:
            candidates.insert(0, first)
        built = self.l1.build(candidates, timestamp)
        block = self.l1.insert(built.executed)
        self._settle_pool("l1", built.executed, built.skipped)
        self._resend()
        self.sequencer.see(block)
        self.publish(BlockMade("l1", built.executed))
        return block

    def mine_l2(self, timestamp: int | None = None) -> L2BlockRef:
        """Make an L2 block with what fits from the pool.

        `timestamp` other than the next one goes through a clock event on the L1; raises
        `Refused` for one that is too early, or in strict mode.
        """
        ref = Rollup.mine_l2(self, timestamp)
        if self.batcher.due(self.l1.head.number):
            self.flush()
        return ref

    def _set_time(self, timestamp: int | None) -> None:
        target = self._wall_target() if timestamp is None else timestamp
        if target is not None:
            self._jump(target)
        self._keep_l1_near()

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
        _check_time(timestamp)
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
        words = (unsafe.number + 1, timestamp)
        data = SET_CLOCK_SELECTOR + b"".join(word.to_bytes(32, "big") for word in words)
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

    # -- batches -------------------------------------------------------

    def flush(self) -> int:
        """Post all unsafe blocks to the L1; return how many there were."""
        pending = self.batcher.pending
        conditions = self.l1_conditions()
        for posting in self.batcher.postings(conditions):
            LOG.info(
                "batcher: L2 blocks %d to %d in %d frames by %s",
                posting.first,
                posting.last,
                len(posting.items),
                posting.carrier,
            )
            nonce = self._batcher_nonce() + self.pools["l1"].count(self.batch_account.address)
            for sent in self.batcher.send(posting, nonce, conditions):
                self._take("l1", sent.network)
        if pending and self.mining.interval is None:
            self._mine_until_posted()
        return pending

    def _mine_until_posted(self) -> None:
        """Make L1 blocks until they hold all inbox transactions, or take no more of them."""
        left = len(self.batcher.in_flight) + 1
        while 0 < len(self.batcher.in_flight) < left:
            left = len(self.batcher.in_flight)
            self.mine_l1()

    def _batcher_nonce(self) -> int:
        chain = self.l1.chain
        return chain.machine(chain.head).nonce(self.batch_account.address)

    def _resend(self) -> None:
        """Raise the fees of inbox transactions that L1 blocks keep passing over."""
        for sent in self.batcher.resend(self._batcher_nonce(), self.l1_conditions()):
            LOG.info("batcher: nonce %d again with higher fees", sent.transaction.nonce)
            self._take("l1", sent.network)

    # -- reorganisations --------------------------------------------------------------

    def reorg_l1(self, depth: int, *, blocks: int | None = None, lose: bool = False) -> None:
        """Let the L1 take back its last `depth` blocks and grow `blocks` others instead.

        `blocks` is `depth` unless told.  The users' transactions wait again and get into the
        new blocks, or with `lose` are gone.  The node's own (batches, clock events) are made
        anew where they are still needed.  Raises `Refused` for a depth the L1 does not have.
        """
        last = self.l1.head.number - depth
        if depth < 1 or last < 0:
            raise Refused(
                f"a reorganisation of {depth} L1 blocks: want 1 to {self.l1.head.number}"
            )
        header = self.l1.chain.canonical(last)
        assert header is not None
        top = self.l1.head
        dropped = tuple(headers_above(self.l1.chain, top, last))
        waiting = self.pools["l1"].transactions()
        self.l1.go_back(last)
        self.batcher.in_flight.clear()
        self.pools["l1"].clear()
        lost = () if lose else signed_in(self.l1.chain, dropped)
        self.take_back("l1", [tx for tx in (*lost, *waiting) if not self._is_own(tx)])
        self.publish(BlocksDropped("l1", self.l1.head, top))
        self.l1_reorganised(last)
        if self.first_jump is not None and self.first_jump > self.engine.heads.unsafe.number:
            self.first_jump = None
        for _ in range(depth if blocks is None else blocks):
            self.mine_l1()

    def _is_own(self, tx: Transaction) -> bool:
        """Tell whether the node made this L1 transaction, for an L2 that may be no more."""
        declares = tx.to == self.engine.config.dev_control and tx.data[:4] == SET_CLOCK_SELECTOR
        return self.batcher.is_inbox(tx) or declares

    # -- snapshots --------------------------------------------------------------------

    def snapshot(self) -> int:
        """Remember both chains and pools as they are; return an id that grows by one."""
        number = self._next_snapshot
        self._next_snapshot += 1
        self._snapshots[number] = _Snapshot(
            l1_head=self.l1.head,
            heads=self.engine.heads,
            between_channels=self.driver.pipeline.between_channels,
            pools={name: tuple(pool.transactions()) for name, pool in self.pools.items()},
        )
        return number

    def revert(self, number: int) -> bool:
        """Go back to a snapshot, which is then used up with all later ones."""
        saved = self._snapshots.get(number)
        if saved is None:
            return False
        self._snapshots = {key: item for key, item in self._snapshots.items() if key < number}
        tops: dict[ChainName, Header] = {"l1": self.l1.head, "l2": self.engine.chain.head}
        self.l1.chain.set_head(saved.l1_head)
        self.engine.restore(saved.heads)
        self.driver.safe_up_to(saved.l1_head.number)
        self.sequencer.clock.forget_from(saved.l1_head.number + 1)
        self.batcher.in_flight.clear()
        self.batcher.rewind()
        for name, transactions in saved.pools.items():
            self.pools[name].clear()
            self.take_back(name, [tx for tx in transactions if not self.batcher.is_inbox(tx)])
        self.driver.reset(self.l1.block, between_channels=saved.between_channels)
        for name, top in tops.items():
            if top != self.chain(name).head:
                self.publish(BlocksDropped(name, self.chain(name).head, top))
        self.derive()
        return True


def _check_time(timestamp: int | None) -> None:
    """Refuse a time that clock events cannot declare, or that leaves no room after it."""
    if timestamp is not None and timestamp > LATEST_TIME:
        raise Refused(f"timestamp {timestamp} is too late: want at most {LATEST_TIME}")
