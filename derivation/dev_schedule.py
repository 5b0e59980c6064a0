"""What a devnet's L1 declares of single L2 blocks, so that a verifier follows it.

This is an extension of ours, in force only where the rollup config names a DevControl
contract (`RollupConfig.dev_control`).  Its events (`dev_events`) in a successful
transaction of L1 block J say of the L2 block that they name:

- ClockSet: it has that timestamp (seconds since 1970) instead of its parent's plus the
  block time.  So travel the catch-up of a devnet that was idle, and `evm_increaseTime`.
- DevDeposited: it holds that forced deposit, after the users' deposits and the upgrade
  transactions, in the order of the L1's logs.  So travel edits of the state, and
  transactions of impersonated accounts.
- BlockSet: a field of its header has that value (`dev_fields`).

A stock verifier (op-node, kona) can follow the chain up to the first such L2 block and no
further.

An event counts for L2 blocks whose parent's L1 origin is not above J, so that a verifier
which began to read at the origin of a block has seen every event that matters to its
children.  Where several ClockSet name one L2 block, or several BlockSet one field of it, the
last counts.  A time that does not lie after the standard one, or is 2**63 or more, has no
effect: L2 time never stands still, and an event with timestamp 0 takes an earlier one back.
Deposits that are malformed or do not fit into the block are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.dev_events import BlockSet, ClockSet, DevDeposited, DevEvent, read_event
from byline.derivation.dev_fields import BY_THE_RULES, BlockFields, block_fields
from byline.derivation.errors import InvalidData
from byline.derivation.transaction import DepositTransaction
from byline.derivation.types import L1Block, L1BlockRef, L2BlockRef

TIMESTAMP_BOUND: Final = 2**63
"""Declared timestamps at or above it have no effect."""


@dataclass(slots=True)
class DevSchedule:
    """What the L1 has declared of L2 blocks, as far as one reader has read it.

    Sequencer and pipeline each have their own: the sequencer reads ahead of derivation,
    and a reset of the pipeline must not make it forget.
    """

    config: RollupConfig
    _declared: dict[int, dict[int, list[DevEvent]]] = field(default_factory=dict)
    """L2 number -> L1 number -> events in the order of their logs."""
    _named: dict[int, set[int]] = field(default_factory=dict)
    """L1 number -> the L2 numbers that its events name."""
    _timed: dict[int, set[int]] = field(default_factory=dict)
    """The same of those that declare a time."""

    def read(self, block: L1Block) -> tuple[str, ...]:
        """Record the events of `block`; reading it again, or its replacement, is harmless.

        Returns why events were dropped: one reason for each.
        """
        if self.config.dev_control is None:
            return ()
        number = block.header.number
        self._forget(number)
        reasons: list[str] = []
        for receipt in block.receipts:
            for log in receipt.logs if receipt.succeeded else ():
                if log.address != self.config.dev_control:
                    continue
                try:
                    event = read_event(log)
                except InvalidData as exc:
                    reasons.append(str(exc))
                    continue
                if event is not None:
                    blocks = self._declared.setdefault(event.l2_number, {})
                    blocks.setdefault(number, []).append(event)
                    self._named.setdefault(number, set()).add(event.l2_number)
                    if isinstance(event, ClockSet):
                        self._timed.setdefault(number, set()).add(event.l2_number)
        self._forget_before(number - self.config.seq_window_size - CHANNEL_TIMEOUT)
        return tuple(reasons)

    def forget_from(self, l1_number: int) -> None:
        """Forget the events of L1 block `l1_number` and all above: the L1 reorganised."""
        for number in [number for number in self._named if number >= l1_number]:
            self._forget(number)

    def departs(self, parent: L2BlockRef) -> bool:
        """Tell whether the block after `parent` is another than the rules alone would make."""
        if parent.number + 1 not in self._declared:
            return False
        standard = parent.timestamp + self.config.block_time
        return (
            self.next_timestamp(parent) != standard
            or self.fields(parent) != BY_THE_RULES
            or bool(self.deposits(parent))
        )

    def next_timestamp(self, parent: L2BlockRef) -> int:
        """Return the time of the block after `parent`, in seconds since 1970."""
        standard = parent.timestamp + self.config.block_time
        return max(standard, self._target(parent.number + 1, parent.l1_origin.number))

    def deposits(self, parent: L2BlockRef) -> tuple[DepositTransaction, ...]:
        """Return what the L1 forces into the block after `parent`, in the order of its logs.

        How much of it the block holds is for `dev_deposits.fitting` to say.
        """
        if parent.number + 1 not in self._declared:
            return ()
        events = self._events(parent.number + 1, parent.l1_origin.number)
        return tuple(event.deposit for event in events if isinstance(event, DevDeposited))

    def fields(self, parent: L2BlockRef) -> BlockFields:
        """Return the header fields that are declared of the block after `parent`."""
        if parent.number + 1 not in self._declared:
            return BY_THE_RULES
        declared = self._fields(parent)
        return block_fields(declared) if declared else BY_THE_RULES

    def declared_field(self, parent: L2BlockRef, field: int) -> int | None:
        """Return the value declared of one field of that block, by its number, if any."""
        return self._fields(parent).get(field)

    def _fields(self, parent: L2BlockRef) -> dict[int, int]:
        events = self._events(parent.number + 1, parent.l1_origin.number)
        return {event.field: event.value for event in events if isinstance(event, BlockSet)}

    def drift_base(self, origin: L1BlockRef, l2_number: int) -> int:
        """Return the time from which the drift of block `l2_number` on `origin` is measured.

        That is the origin's, or the latest that the L1 has declared for a block up to
        `l2_number`: a jump that the L1 announced is not the sequencer running away.
        """
        base = origin.timestamp
        for l1_number, timed in self._timed.items():
            for number in timed if l1_number >= origin.number else ():
                if number <= l2_number:
                    base = max(base, self._target(number, origin.number))
        return base

    def _target(self, l2_number: int, l1_number: int) -> int:
        """Return the last time declared for `l2_number` in L1 blocks from `l1_number` on.

        0 when there is none, or none that may have an effect.
        """
        if l2_number not in self._declared:
            return 0
        times = [
            event.timestamp
            for event in self._events(l2_number, l1_number)
            if isinstance(event, ClockSet)
        ]
        return times[-1] if times and times[-1] < TIMESTAMP_BOUND else 0

    def _events(self, l2_number: int, l1_number: int) -> Iterator[DevEvent]:
        """Yield what L1 blocks from `l1_number` on declare of a block, in their order."""
        declared = self._declared.get(l2_number)
        for number in sorted(declared) if declared else ():
            if declared and number >= l1_number:
                # Readers on other threads may be here while the L1 reorganises.
                yield from declared.get(number, ())

    def _forget(self, l1_number: int) -> None:
        self._timed.pop(l1_number, None)
        for l2_number in self._named.pop(l1_number, ()):
            declared = self._declared[l2_number]
            del declared[l1_number]
            if not declared:
                del self._declared[l2_number]

    def _forget_before(self, l1_number: int) -> None:
        """Keep memory bounded: no derivable block has an origin below the sequencing window."""
        while self._named and (oldest := min(self._named)) < l1_number:
            self._forget(oldest)
