"""What time the next blocks of a local L1 and its L2 have, and how users move it.

Both chains share one clock (`timeline`).  An L2 block has its parent's time and the block
time unless the L1 declares another by an event of DevControl; where the rules allow it, that
is how the L2 follows users, the L1 and, after idle time, the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.dev_schedule import TIMESTAMP_BOUND
from byline.node.chain.block import ExecutedBlock
from byline.node.rollups.declaring import DeclaringRollup
from byline.node.rollups.rollup import ChainName, Rollup
from byline.node.rollups.timeline import Timeline
from byline.rpc.backend import Refused

LAG_BEFORE_JUMP: Final = 12
"""Seconds by which the L2 may be behind the clock before it jumps there by itself."""
LATEST_TIME: Final = TIMESTAMP_BOUND // 2
"""Seconds since 1970 that a block may be told to have."""
MOST_EMPTY_BLOCKS: Final = 1_024
"""L2 blocks made in a row until their time is an L1 block's; for more, the L2 jumps."""


@dataclass(slots=True, kw_only=True)
class TravellingRollup(DeclaringRollup):
    """A rollup on an L1 of its own, on a clock that users move.  It decides times only."""

    timeline: Timeline
    """The devnet's clock, which is `clock`, and what users want of it."""

    def start(self) -> None:
        """See `Rollup.start`; a clock that may not catch up goes on from the chains."""
        if self.timeline.is_new:
            self.begin_clock()
        self.first_jump = self.find_first_jump()
        Rollup.start(self)

    def begin_clock(self) -> None:
        """Let a clock that may not catch up go on from the chains."""
        if not self._catches_up():
            self.timeline.begin_at(self._newest_time())

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
        self.check_declares()
        self.timeline.set_floor(timestamp)

    def set_next_timestamp(self, name: ChainName, timestamp: int) -> None:
        """Let the next block of a chain have exactly `timestamp`; the other chain follows.

        Raises `Refused` for a time that the block cannot have.
        """
        if name == "l1":
            self._check_l1_time(timestamp)
            self.check_declares()
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
            self.check_declares()
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
            return self.l1.build(candidates, timestamp, wanted=self.next_l1).executed
        pretended = None if timestamp == self._declared_time() else timestamp
        plan = self.sequencer.plan(pretended, self.forced("l2"))
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
        if wished is not None and (wished == declared or self.obstacle() is None):
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
        if floor is None or self.obstacle() is not None:
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
        obstacle = self.obstacle() if far else None
        reach = MOST_EMPTY_BLOCKS * self.engine.config.block_time // 2
        if obstacle is not None and timestamp - self.engine.heads.unsafe.timestamp > reach:
            raise Refused(f"timestamp {timestamp} is over {reach} s after the L2's: {obstacle}")

    def _check_l2_time(self, timestamp: int) -> None:
        check_time(timestamp)
        earliest = self._earliest_l2_time()
        if timestamp < earliest:
            raise Refused(f"timestamp {timestamp} is before the next block's earliest, {earliest}")
        if timestamp != self._declared_time():
            self.check_declares()

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
        return found if found is not None and self.obstacle() is None else None


def check_time(timestamp: int | None) -> None:
    """Refuse a time that clock events cannot declare, or that leaves no room after it."""
    if timestamp is not None and timestamp > LATEST_TIME:
        raise Refused(f"timestamp {timestamp} is too late: want at most {LATEST_TIME}")
