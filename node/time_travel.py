"""What time the next blocks of a local L1 and its L2 have, and how users move it.

Both chains share one clock (`timeline`).  An L2 block has its parent's time and the block
time unless the L1 declares another by an event of DevControl; where the rules allow it, that
is how the L2 follows users, the L1 and, after idle time, the clock.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.dev_schedule import TIMESTAMP_BOUND
from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.chain.block import ExecutedBlock
from byline.node.l1 import dev_control
from byline.node.l1.chain import LocalL1
from byline.node.rollup import ChainName, Rollup
from byline.node.signing import sign_dynamic_fee
from byline.node.timeline import Timeline
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.rollup")

LAG_BEFORE_JUMP: Final = 12
"""Seconds by which the L2 may be behind the clock before it jumps there by itself."""
LATEST_TIME: Final = TIMESTAMP_BOUND // 2
"""Seconds since 1970 that a block may be told to have."""
MOST_EMPTY_BLOCKS: Final = 1_024
"""L2 blocks made in a row until their time is an L1 block's; for more, the L2 jumps."""
OPERATOR_TIP: Final = 10**9


@dataclass(slots=True, kw_only=True)
class TravellingRollup(Rollup):
    """A rollup on an L1 of its own, on a clock that users move.  It decides times only."""

    l1: LocalL1
    batch_account: DevAccount
    owner: DevAccount
    """Owns the DevControl contract."""
    timeline: Timeline
    """The devnet's clock, which is `clock`, and what users want of it."""
    first_jump: int | None = None
    """The first L2 block that a stock verifier does not follow."""

    def start(self) -> None:
        """See `Rollup.start`; a clock that may not catch up goes on from the chains."""
        if self.timeline.is_new and not self._catches_up():
            self.timeline.begin_at(self._newest_time())
        self.first_jump = self._find_first_jump()
        Rollup.start(self)

    # -- what users say -----------------------------------------------------------------

    def increase_time(self, seconds: int) -> int:
        """Let the next block of either chain be `seconds` later than anything so far.

        "So far" is the devnet's clock, or the newest block where that is ahead; calls before
        a block add up.  The clock goes on from there.  Returns the seconds by which it is
        ahead of the wall clock.  Raises `Refused` for a time that is too late, and where the
        clock does not jump.
        """
        if seconds:
            self._move_clock(max(self.clock.now(), self._newest_time()) + seconds)
        return self.timeline.clock.offset

    def set_time(self, timestamp: int) -> int:
        """Let it be `timestamp` now, for the next block of either chain and the clock.

        Returns the seconds that this is later than before.  Raises `Refused` for a time before
        the devnet's clock or the newest block, and as `increase_time` does.
        """
        base = max(self.clock.now(), self._newest_time())
        if timestamp < base:
            raise Refused(
                f"timestamp {timestamp} is past: want at least {base}, the devnet's time"
            )
        self._move_clock(timestamp)
        return timestamp - base

    def _move_clock(self, timestamp: int) -> None:
        check_time(timestamp)
        self._check_jumps()
        self.timeline.set_floor(timestamp)

    def set_next_timestamp(self, name: ChainName, timestamp: int) -> None:
        """Let the next block of a chain have exactly `timestamp`; the other chain follows.

        Raises `Refused` for a time that the block cannot have.
        """
        if name == "l1":
            self._check_l1_time(timestamp)
            self._check_jumps()
        else:
            self._check_l2_time(timestamp)
        self.timeline.set_exact(name, timestamp)

    def set_timestamp_interval(self, name: ChainName, seconds: int | None) -> bool:
        """Let the blocks of a chain be `seconds` apart from now on, whatever the clock says.

        `None` ends that.  Returns whether there was such a wish before.  Raises `Refused` for
        less than the chain's rules ask for, and where the clock does not jump.
        """
        if seconds is not None:
            least = 1 if name == "l1" else self.engine.config.block_time
            if seconds < least:
                raise Refused(
                    f"blocks {seconds} s apart: those of the {name.upper()} are at least {least} s"
                )
            self._check_jumps()
        before = name in self.timeline.wishes.apart
        self.timeline.set_apart(name, seconds)
        return before

    def mine_apart(self, name: ChainName, seconds: int, first: bool) -> None:
        """See `Rollup.mine_apart`."""
        wishes = self.timeline.wishes
        if first and (name in wishes.exact or wishes.floor is not None):
            self.mine(name)
        else:
            Rollup.mine_apart(self, name, seconds, first)

    def next_timestamp(self, name: ChainName) -> int:
        """Return the time that the next block of a chain would have now."""
        return self._next_l1_time() if name == "l1" else self._next_l2_time()

    def pending(self, name: ChainName) -> ExecutedBlock:
        """Return the block that would be made now; nothing is stored."""
        timestamp = self.next_timestamp(name)
        candidates = list(self.pools[name].best(self.next_base_fee(name)))
        if name == "l1":
            return self.l1.build(candidates, timestamp).executed
        plan = self.sequencer.plan(None if timestamp == self._declared_time() else timestamp)
        return self.engine.build(self.engine.heads.unsafe, plan.attributes, candidates).executed

    # -- the times of next blocks -----------------------------------------------------

    def _next_l1_time(self) -> int:
        wishes, head = self.timeline.wishes, self.l1.head
        exact = wishes.exact.get("l1")
        if exact is not None and exact > head.timestamp:
            return exact
        apart = wishes.apart.get("l1")
        if apart is not None:
            return max(head.timestamp + apart, self._floor())
        return max(self._standard_l1_time(), self._floor() or self._clock_if_behind())

    def _standard_l1_time(self) -> int:
        return max(self.l1.head.timestamp + 1, self.engine.heads.unsafe.timestamp)

    def _next_l2_time(self) -> int:
        wished, declared = self._wished_l2_time(), self._declared_time()
        if wished is not None and (wished == declared or self._obstacle() is None):
            return wished
        return max(declared, self._floor() or self._clock_if_behind())

    def _wished_l2_time(self) -> int | None:
        """Return the time that users want of the next L2 block, whatever the clock says."""
        wishes = self.timeline.wishes
        exact, apart = wishes.exact.get("l2"), wishes.apart.get("l2")
        if exact is not None and exact >= self._earliest_l2_time():
            return exact
        if apart is None:
            return None
        return max(self.engine.heads.unsafe.timestamp + apart, self._floor())

    def _floor(self) -> int:
        """Return the least time that users want of the next block, or 0.

        It is the one that they named, exactly, unless they waited long since then.
        """
        floor = self.timeline.wishes.floor
        if floor is None or self._obstacle() is not None:
            return 0
        now = self.clock.now()
        return floor if now - floor <= LAG_BEFORE_JUMP else now

    def _clock_if_behind(self) -> int:
        """Return the clock's time if the L2 lags behind it and may jump there, else 0."""
        now = self.clock.now()
        behind = now - self._declared_time() > LAG_BEFORE_JUMP
        return now if behind and self._catches_up() else 0

    def _declared_time(self) -> int:
        """Return the time of the next L2 block as a verifier would know it."""
        return self.sequencer.schedule.next_timestamp(self.engine.heads.unsafe)

    def _earliest_l2_time(self) -> int:
        return self.engine.heads.unsafe.timestamp + self.engine.config.block_time

    def _newest_time(self) -> int:
        return max(self.l1.head.timestamp, self.engine.heads.unsafe.timestamp)

    def _go_on_from(self, timestamp: int) -> None:
        """Let the clock go on from a block whose time was told, and from no earlier block."""
        now = max(timestamp, self._newest_time())
        if self.mining.strict or now == self.clock.now():
            return
        floor = self.timeline.wishes.floor
        self.timeline.set_clock(now if floor is None else max(now, floor))

    def _check_l1_time(self, timestamp: int, far: bool = False) -> None:
        check_time(timestamp)
        head = self.l1.head.timestamp
        if timestamp <= head:
            raise Refused(f"timestamp {timestamp} is not after the head's, {head}")
        obstacle = self._obstacle() if far else None
        reach = MOST_EMPTY_BLOCKS * self.engine.config.block_time // 2
        if obstacle is not None and timestamp - self.engine.heads.unsafe.timestamp > reach:
            raise Refused(f"timestamp {timestamp} is over {reach} s after the L2's: {obstacle}")

    def _check_l2_time(self, timestamp: int) -> None:
        check_time(timestamp)
        earliest = self._earliest_l2_time()
        if timestamp < earliest:
            raise Refused(f"timestamp {timestamp} is before the next block's earliest, {earliest}")
        if timestamp != self._declared_time():
            self._check_jumps()

    def _check_jumps(self) -> None:
        obstacle = self._obstacle()
        if obstacle is not None:
            raise Refused(obstacle)

    def _obstacle(self) -> str | None:
        """Return why the clock cannot be told to jump, if so."""
        address = self.engine.config.dev_control
        if self.mining.strict:
            return "the clock does not jump in strict mode: start without --strict"
        if address is None:
            return "the clock does not jump: the rollup config names no DevControl contract"
        machine = self.l1.chain.machine(self.l1.head)
        owner = self.owner.address
        if not machine.code(address) and machine.nonce(owner):
            return f"DevControl cannot be created: 0x{owner.hex()} has sent L1 transactions"
        if machine.balance(owner) < dev_control.LEAST_BUDGET and self._funder() is None:
            return (
                "the clock does not jump: no development account has a balance on the L1; "
                f"send {dev_control.BUDGET} wei to 0x{owner.hex()}"
            )
        return None

    def _catches_up(self) -> bool:
        """Tell whether the L2 may jump to the clock by itself.

        It may where DevControl is there: else stock verifiers still follow, and go on so
        until a user travels in time.
        """
        address = self.engine.config.dev_control
        if self.mining.strict or address is None:
            return False
        return bool(self.l1.chain.machine(self.l1.head).code(address))

    def _following_time(self, l1_time: int) -> int | None:
        """Return what an L1 block of `l1_time` has to tell of the L2's next block, if anything."""
        declared, found = self._declared_time(), None
        wished = self._wished_l2_time()
        if wished is not None:
            found = wished if wished != declared else None
        elif l1_time > self._standard_l1_time():
            found = l1_time if l1_time > declared else None
        elif l1_time > declared + LAG_BEFORE_JUMP and self._catches_up():
            found = l1_time
        return found if found is not None and self._obstacle() is None else None

    def _clock_transactions(self, timestamp: int) -> Sequence[Transaction]:
        """Return what moves the L2 clock: the event, and before it what that needs."""
        unsafe, address = self.engine.heads.unsafe, self.engine.config.dev_control
        assert address is not None, "a clock jump without DevControl"
        if self.first_jump is None:
            self.first_jump = unsafe.number + 1
            LOG.info("clock jumps from L2 block %d on: stock verifiers stop here", self.first_jump)
        machine = self.l1.chain.machine(self.l1.head)
        made: list[Transaction] = []
        if machine.balance(self.owner.address) < dev_control.LEAST_BUDGET:
            funder = self._funder()
            assert funder is not None, "checked before"
            made.append(self._sign_l1(funder, self.owner.address, b"", 21_000, dev_control.BUDGET))
        own: list[Transaction] = []
        if not machine.code(address):
            LOG.info("DevControl is created on the L1, at 0x%s", address.hex())
            code = dev_control.creation_code()
            own.append(self._sign_l1(self.owner, None, code, dev_control.CREATION_GAS))
        data = dev_control.set_clock_call(unsafe.number + 1, timestamp)
        own.append(
            self._sign_l1(
                self.owner, address, data, dev_control.SET_CLOCK_GAS, nonce_ahead=len(own)
            )
        )
        return [*made, *own]

    def _find_first_jump(self) -> int | None:
        """Return the first L2 block later than the block time alone would make it, if any.

        Jumps go forward only, so all blocks after it are later, too.
        """
        chain, genesis = self.engine.chain, self.engine.config.genesis

        def is_late(number: int) -> bool:
            header = chain.canonical(number)
            assert header is not None, "a canonical block is stored"
            blocks = number - genesis.l2.number
            return header.timestamp > genesis.l2_time + blocks * self.engine.config.block_time

        first, end = genesis.l2.number, self.engine.heads.unsafe.number + 1
        found = bisect_left(range(first, end), True, key=is_late) + first
        return found if found < end else None

    def forget_lost_jump(self) -> None:
        """After blocks were taken back: perhaps stock verifiers follow again."""
        if self.first_jump is not None and self.first_jump > self.engine.heads.unsafe.number:
            self.first_jump = None

    def _funder(self) -> DevAccount | None:
        machine = self.l1.chain.machine(self.l1.head)
        busy = {tx.sender for tx in self.pools["l1"].transactions()}
        busy.add(self.batch_account.address)
        return dev_control.funder(machine, self.engine.config.l2_chain_id, busy)

    def _sign_l1(
        self,
        account: DevAccount,
        to: bytes | None,
        data: bytes,
        gas: int,
        value: int = 0,
        nonce_ahead: int = 0,
    ) -> Transaction:
        chain = self.l1.chain
        nonce = chain.machine(chain.head).nonce(account.address) + nonce_ahead
        return sign_dynamic_fee(
            account,
            chain_id=chain.chain_id,
            nonce=nonce + self.pools["l1"].count(account.address),
            gas=gas,
            to=to,
            max_fee=2 * self.next_base_fee("l1") + OPERATOR_TIP,
            tip=OPERATOR_TIP,
            value=value,
            data=data,
        )


def check_time(timestamp: int | None) -> None:
    """Refuse a time that clock events cannot declare, or that leaves no room after it."""
    if timestamp is not None and timestamp > LATEST_TIME:
        raise Refused(f"timestamp {timestamp} is too late: want at most {LATEST_TIME}")
