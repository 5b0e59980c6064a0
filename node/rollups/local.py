"""A local L1 and the L2 on it, in one process, on a clock of their own.

- automine: a transaction makes a block at once.  L2 time advances by the block time for
  each block, and an L1 block takes the time of the L2 head, so both rules (time is parent
  time plus block time; origin time is not after block time) hold at any speed.
- after idle time the L2 would lag behind the devnet's clock: then the next block is told to
  jump, by an event of the DevControl contract on the L1, so that a verifier knows.  Strict
  mode never does, and an L1 that began without the contract does not before a user has
  travelled in time.
- with a block time on the wall clock, ticks make the blocks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from byline.derivation.constants import MAX_SEQUENCER_DRIFT
from byline.derivation.deposits import TRANSACTION_DEPOSITED
from byline.derivation.dev_edits import AccountEdit
from byline.derivation.header import Header
from byline.derivation.transaction import BLOB, DepositTransaction, Transaction
from byline.derivation.types import L1Block, L2BlockRef
from byline.node.chain.chain import Chain
from byline.node.l1 import dev_control
from byline.node.l1.chain import BY_THE_RULES
from byline.node.rollups import editing, going_back
from byline.node.rollups.going_back import Snapshot
from byline.node.rollups.impersonation import Impersonation
from byline.node.rollups.posting import PostingRollup
from byline.node.rollups.rollup import BlockMade, ChainName, Mining, Rollup
from byline.node.rollups.time_travel import MOST_EMPTY_BLOCKS, check_time
from byline.rpc.backend import Refused


@dataclass(slots=True, kw_only=True)
class LocalRollup(PostingRollup):
    """A local L1 and the L2 on it.  Not thread-safe: one thread calls it."""

    paced: Callable[[], None] = lambda: None
    """Called when users have changed when blocks are made."""
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    """By id; those that can be gone back to."""
    impersonation: Impersonation = field(default_factory=Impersonation)
    """For whom transactions need no signature, and those of the L2 that wait."""
    instance: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Names this run of both chains, from a start or a reset on."""
    _next_snapshot: int = 1

    def chain(self, name: ChainName) -> Chain:
        """Return one of the two chains."""
        return self.l1.chain if name == "l1" else self.engine.chain

    def read(self, name: ChainName, raw: bytes) -> Transaction:
        """See `Rollup.read`; blob transactions of the L1 come with their blobs."""
        if name == "l1" and raw[:1] == bytes([BLOB]):
            return self.l1.receive(raw)
        return Rollup.read(self, name, raw)

    def mine(self, name: ChainName, timestamp: int | None = None) -> None:
        """Make a block of either chain; raises `Refused` for a time that it cannot have.

        The clock goes on from a `timestamp` that is given, where it may be moved.
        """
        if timestamp is not None and self.obstacle() is None:
            self.set_next_timestamp(name, timestamp)
            timestamp = None
        if name == "l1":
            self.mine_l1(timestamp)
        else:
            self.mine_l2(timestamp)
        self.keep()

    def set_mining(self, mining: Mining) -> None:
        """Change when blocks are made from now on."""
        if mining != self.mining:
            self.mining = mining
            self.paced()

    # -- what only tests do ------------------------------------------------------------

    def edit(self, name: ChainName, edits: Sequence[AccountEdit]) -> None:
        """Make the blocks of a chain that hold `edits`, without transactions of the pools.

        On the L1 that is one block, on the L2 an L1 block and an L2 block, or more of both for
        edits that one does not hold.  Raises `Refused`.
        """
        editing.edit(self, name, edits)
        self.keep()

    def mine_waiting(self, name: ChainName) -> None:
        """See `Rollup.mine_waiting`; for those of impersonated accounts, too."""
        if self.forced(name) and self.mining.mode(name).automine and self.sequencer.active:
            self.mine(name)
        Rollup.mine_waiting(self, name)

    def forced(self, name: ChainName) -> Sequence[DepositTransaction]:
        """See `Rollup.forced`: those of impersonated accounts."""
        waiting = self.impersonation.waiting if name == "l2" else {}
        return [item.deposit for item in waiting.values()]

    def drop(self, name: ChainName, hashes: Iterable[bytes]) -> int:
        """See `Rollup.drop`; those of impersonated accounts, too."""
        wanted = list(hashes)
        forced = self.impersonation.drop(wanted) if name == "l2" else 0
        return forced + Rollup.drop(self, name, wanted)

    # -- blocks -----------------------------------------------------------------------

    def mine_l1(self, timestamp: int | None = None) -> L1Block:
        """Make an L1 block from the pool, then derive from it.

        `timestamp` defaults to what is wished for, else to the L2 head's time, or the clock's
        where that is ahead and the L2 may jump.  Where the block is later than the L2, the L2
        follows with its next block.  Raises `Refused` for a time that is not after the head's.
        """
        if timestamp is not None:
            self._check_l1_time(timestamp, far=True)
        chosen = self.next_timestamp("l1") if timestamp is None else timestamp
        check_time(chosen)
        exact = chosen == self.timeline.wishes.exact.get("l1")
        block = self._insert_l1(chosen, self._following_time(chosen))
        if exact:
            self._go_on_from(chosen)
        return self._after_l1(block)

    def mine_own_l1(self) -> None:
        """Make an L1 block that the node needs, which leaves to users' blocks what is wished.

        Where the L1 is at a time that was wished for already, the wish ends with it.
        """
        wished = self.timeline.wishes.exact or self.timeline.wishes.floor
        at = self._standard_l1_time() if wished else self.next_timestamp("l1")
        check_time(at)
        self._after_l1(self._insert_l1(at, self._following_time(at), own=True))

    def _after_l1(self, block: L1Block) -> L1Block:
        self.derive()
        if self.mining.mode("l2").automine:
            self._adopt_deposits(block)
        if self.batcher.due(self.l1.head.number):
            self.flush()
        return block

    def _insert_l1(
        self,
        timestamp: int,
        l2_time: int | None,
        own: bool = False,
        calls: Sequence[bytes] = (),
        edits: Sequence[AccountEdit] = (),
        alone: bool = False,
        chosen: Sequence[Transaction] | None = None,
    ) -> L1Block:
        """Make an L1 block; with `l2_time` it tells the time of the L2's next block.

        It makes `calls` of DevControl, too.  The node's `own` blocks leave users' transactions
        alone where those wait for a user; one that is `alone` takes nothing that waits.  Both
        leave to users' blocks what those want of the next.  With `chosen` those transactions are
        tried instead of the pool's.
        """
        owner, wanted = self.owner.address, BY_THE_RULES if own or alone else self.next_l1
        base_fee = wanted.base_fee
        base_fee = Rollup.next_base_fee(self, "l1") if base_fee is None else base_fee
        candidates = list(self.pools["l1"].best(base_fee)) if chosen is None else list(chosen)
        if own and self.mining.holds_back("l1"):
            candidates = [tx for tx in candidates if self.is_own(tx) or tx.sender == owner]
        if alone and chosen is None:
            candidates = [tx for tx in candidates if calls and tx.sender == owner]
        if l2_time is not None:
            number = self.engine.heads.unsafe.number + 1
            calls = (dev_control.set_clock_call(number, l2_time), *calls)
        if calls:
            # What the owner has waiting has lower nonces.
            candidates.sort(key=lambda tx: tx.sender != owner)
            waiting = sum(tx.sender == owner for tx in candidates)
            candidates[waiting:waiting] = self.control_transactions(calls)
        built = self.l1.build(candidates, timestamp, edits, wanted)
        block = self.l1.insert(built.executed)
        if not (own or alone):
            self.next_l1 = BY_THE_RULES
        self._settle_pool("l1", built.executed, built.skipped)
        self.resend()
        self.sequencer.see(block)
        self.keeper.see(block, self.clock.now())
        if timestamp >= self.timeline.wishes.exact.get("l1", timestamp + 1):
            self.timeline.fulfilled("l1")
        self.timeline.reached(min(self.l1.head.timestamp, self.engine.heads.unsafe.timestamp))
        self.publish(BlockMade("l1", built.executed))
        return block

    def mine_chosen(self, name: ChainName, chosen: Sequence[Transaction]) -> Header:
        """Make a block with what fits of `chosen` instead of the pool's; return its header."""
        if name == "l2":
            return self.engine.header_of(self.mine_l2(chosen=chosen))
        at = self.next_timestamp("l1")
        check_time(at)
        block = self._insert_l1(at, self._following_time(at), chosen=chosen)
        return self._after_l1(block).header

    def declare(self, calls: Sequence[bytes]) -> None:
        """Make an L1 block with `calls` of DevControl, at the time that the rules alone give."""
        self._insert_l1(self._standard_l1_time(), None, calls=calls, alone=True)
        self.derive()

    def send_as_owner(self, to: bytes, data: bytes, gas: int) -> L1Block:
        """Make an L1 block whose last transaction the owner sends, and only its own are in."""
        waiting = self.pools["l1"].pending(self.owner.address)
        sent = self._sign_l1(self.owner, to, data, gas)
        block = self._insert_l1(
            self._standard_l1_time(), None, alone=True, chosen=(*waiting, sent)
        )
        self.derive()
        return block

    def mine_edits(self, edits: Sequence[AccountEdit]) -> None:
        """Make an L1 block with `edits` and without transactions."""
        self._after_l1(self._insert_l1(self._standard_l1_time(), None, edits=edits, alone=True))

    def mine_forced(self, calls: Sequence[bytes]) -> None:
        """Make an L1 block with `calls` of DevControl, then an L2 block without users' own.

        Both have the times that the rules alone give.
        """
        self.declare(calls)
        self.note_departure()
        plan = self.sequencer.plan()
        built = self.engine.build(self.engine.heads.unsafe, plan.attributes)
        ref = self.engine.insert(built)
        self.publish(BlockMade("l2", built.executed))
        self.timeline.reached(ref.timestamp)
        if self.batcher.due(self.l1.head.number):
            self.flush()

    def mine_l2(
        self, timestamp: int | None = None, chosen: Sequence[Transaction] | None = None
    ) -> L2BlockRef:
        """Make an L2 block with what fits of the pool, or of what is `chosen` instead.

        `timestamp` defaults to what is wished for, else to the parent's and the block time, or
        the clock's where that is far ahead.  Other times than the standard one go through a
        clock event on the L1.  Raises `Refused` for one that is too early, or in strict mode.
        """
        exact = self.timeline.wishes.exact.get("l2")
        ref = Rollup.mine_l2(self, timestamp, chosen)
        self.impersonation.settle(self.engine.block(ref.hash).transactions)
        self.timeline.fulfilled("l2")
        self.timeline.reached(ref.timestamp)
        if ref.timestamp == exact:
            self._go_on_from(exact)
        if self.batcher.due(self.l1.head.number):
            self.flush()
        return ref

    def _set_time(self, timestamp: int | None) -> None:
        if timestamp is None:
            timestamp = self.next_timestamp("l2")
        else:
            self._check_l2_time(timestamp)
        declared = self.sequencer.schedule.deposits(self.engine.heads.unsafe)
        calls = self.impersonation.calls(self.engine, declared)
        if calls or timestamp != self._declared_time():
            self._declare(timestamp, calls)
        self._keep_l1_near()
        self.note_departure()

    def mine_kept(self, timestamp: int) -> None:
        """See `PostingRollup.mine_kept`; the L2 follows."""
        jumps = self._catches_up()
        l2_time = self._following_time(timestamp) if jumps else None
        self._after_l1(self._insert_l1(timestamp, l2_time, own=True))
        if jumps or self.mining.holds_back("l2"):
            return
        if timestamp > self.engine.heads.unsafe.timestamp:
            self.adopt(self.l1.head.number)

    def _adopt_deposits(self, block: L1Block) -> None:
        """After an L1 block with deposits, make L2 blocks until one has it as its origin."""
        portal = self.engine.config.deposit_contract
        if not self.sequencer.active or not any(
            log.address == portal and log.topics[:1] == (TRANSACTION_DEPOSITED,)
            for receipt in block.receipts
            for log in receipt.logs
        ):
            return
        self.adopt(block.header.number)

    def adopt(self, l1_number: int) -> None:
        """Make L2 blocks until the unsafe head has L1 origin `l1_number` or later.

        Where the L1 is so far ahead that they would be too many, the L2 jumps first.  Without
        a sequencer that runs, none are made.
        """
        if not self.sequencer.active:
            return
        block = self.l1.block(l1_number)
        assert block is not None, "an L1 block that is not there"
        head = self.engine.heads.unsafe
        reach = MOST_EMPTY_BLOCKS * self.engine.config.block_time
        if block.header.timestamp - head.timestamp > reach and self._catches_up():
            self.mine_l2(block.header.timestamp)
        for _ in range(2 * MOST_EMPTY_BLOCKS + l1_number - head.l1_origin.number):
            if self.engine.heads.unsafe.l1_origin.number >= l1_number:
                return
            self.mine_l2()
        raise RuntimeError(f"L1 block {l1_number} is not adopted: the L2 does not get there")

    def _keep_l1_near(self) -> None:
        """Make an L1 block before the L2 gets too far ahead to include users (drift).

        Where L1 blocks come by the wall clock that is the last moment: a block beyond the drift
        is void if it keeps its origin and the L1's next block turns out to be no later.
        """
        head = self.engine.heads.unsafe
        ahead = head.timestamp - self.l1.head.timestamp
        most = MAX_SEQUENCER_DRIFT - self.engine.config.block_time
        if ahead > (MAX_SEQUENCER_DRIFT // 2 if self.mining.keeps_l1_near else most):
            self.mine_own_l1()

    def _declare(self, timestamp: int, calls: Sequence[bytes]) -> None:
        """Declare on the L1 that the next L2 block has `timestamp`, and what `calls` say.

        Raises `Refused`.
        """
        check_time(timestamp)
        self.check_declares()
        jumps = timestamp != self._declared_time()
        at = max(timestamp, self.l1.head.timestamp + 1) if jumps else self._standard_l1_time()
        apart = self.timeline.wishes.apart.get("l1")
        if jumps and apart is not None:
            at = self.l1.head.timestamp + apart
            check_time(at)
        self._insert_l1(at, timestamp if jumps else None, own=True, calls=calls)
        if self._declared_time() != timestamp:
            raise Refused(f"the L1 did not take the event that sets the clock to {timestamp}")
        self.derive()

    # -- going back -------------------------------------------------------------------

    def reorg_l1(self, depth: int, *, blocks: int | None = None, lose: bool = False) -> None:
        """See `going_back.reorg_l1`."""
        going_back.reorg_l1(self, depth, blocks=blocks, lose=lose)

    def snapshot(self) -> int:
        """Remember both chains and pools as they are; return an id that grows by one."""
        number = self._next_snapshot
        self._next_snapshot += 1
        self.snapshots[number] = going_back.snapshot(self)
        return number

    def revert(self, number: int) -> bool:
        """Go back to a snapshot, which is then used up with all later ones."""
        saved = self.snapshots.get(number)
        if saved is None:
            return False
        self.snapshots = {key: item for key, item in self.snapshots.items() if key < number}
        going_back.revert(self, saved)
        return True
