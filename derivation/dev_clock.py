"""Clock jumps of a devnet, declared on the L1 so that a verifier follows them.

This is an extension of ours, in force only where the rollup config names a DevControl
contract (`RollupConfig.dev_control`).  Its event

    ClockSet(uint256 indexed l2Number, uint64 timestamp)

in a successful transaction of L1 block J says: the L2 block `l2Number` has `timestamp`
(seconds since 1970) instead of its parent's plus the block time.  So travel the catch-up of
a devnet that was idle, and `evm_increaseTime`.  A stock verifier (op-node, kona) can follow
the chain up to the first such L2 block and no further.

An event counts for L2 blocks whose L1 origin is not above J, so that a verifier which began
to read at the origin of a block has seen every event that matters to its children.  Where
several name one L2 block, the last counts.  If that one does not lie after the standard
time, or is 2**63 or more, the standard time holds: L2 time never stands still, and an event
with timestamp 0 takes an earlier one back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef

CLOCK_SET: Final = keccak256(b"ClockSet(uint256,uint64)")
"""Topic 0 of the event."""

TIMESTAMP_BOUND: Final = 2**63
"""Declared timestamps at or above it have no effect."""


@dataclass(slots=True)
class ClockSchedule:
    """The L2 times that the L1 has declared, as far as one reader has read it.

    Sequencer and pipeline each have their own: the sequencer reads ahead of derivation,
    and a reset of the pipeline must not make it forget.
    """

    config: RollupConfig
    _targets: dict[int, dict[int, int]] = field(default_factory=dict)
    """L2 number -> L1 number -> timestamp."""
    _named: dict[int, set[int]] = field(default_factory=dict)
    """L1 number -> the L2 numbers that its events name."""

    def read(self, block: L1Block) -> None:
        """Record the events of `block`; reading it again, or its replacement, is harmless."""
        if self.config.dev_control is None:
            return
        number = block.header.number
        self._forget(number)
        for receipt in block.receipts:
            for log in receipt.logs if receipt.succeeded else ():
                event = self._event(log)
                if event is not None:
                    self._targets.setdefault(event[0], {})[number] = event[1]
                    self._named.setdefault(number, set()).add(event[0])
        self._forget_before(number - self.config.seq_window_size - CHANNEL_TIMEOUT)

    def forget_from(self, l1_number: int) -> None:
        """Forget the events of L1 block `l1_number` and all above: the L1 reorganised."""
        for number in [number for number in self._named if number >= l1_number]:
            self._forget(number)

    def next_timestamp(self, parent: L2BlockRef) -> int:
        """Return the time of the block after `parent`, in seconds since 1970."""
        standard = parent.timestamp + self.config.block_time
        return max(standard, self._target(parent.number + 1, parent.l1_origin.number))

    def drift_base(self, origin: L1BlockRef, l2_number: int) -> int:
        """Return the time from which the drift of block `l2_number` on `origin` is measured.

        That is the origin's, or the latest that the L1 has declared for a block up to
        `l2_number`: a jump that the L1 announced is not the sequencer running away.
        """
        base = origin.timestamp
        for l1_number, named in self._named.items():
            for number in named if l1_number >= origin.number else ():
                if number <= l2_number:
                    base = max(base, self._target(number, origin.number))
        return base

    def _target(self, l2_number: int, l1_number: int) -> int:
        """Return the last time declared for `l2_number` in L1 blocks from `l1_number` on.

        0 when there is none, or none that may have an effect.
        """
        declared = self._targets.get(l2_number)
        if not declared:
            return 0
        last = max(declared)
        timestamp = declared[last]
        return timestamp if last >= l1_number and timestamp < TIMESTAMP_BOUND else 0

    def _event(self, log: Log) -> tuple[int, int] | None:
        if log.address != self.config.dev_control or log.topics[:1] != (CLOCK_SET,):
            return None
        if len(log.topics) != 2 or len(log.data) != 32:
            return None
        return int.from_bytes(log.topics[1], "big"), int.from_bytes(log.data, "big")

    def _forget(self, l1_number: int) -> None:
        for l2_number in self._named.pop(l1_number, ()):
            declared = self._targets[l2_number]
            del declared[l1_number]
            if not declared:
                del self._targets[l2_number]

    def _forget_before(self, l1_number: int) -> None:
        """Keep memory bounded: no derivable block has an origin below the sequencing window."""
        while self._named and (oldest := min(self._named)) < l1_number:
            self._forget(oldest)
