"""Decides what the next L2 block is: its L1 origin, its time, and whether users get in.

Source: OP Stack op-node `sequencing/origin_selector.go`; rules of protocol notes 6.7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from byline.derivation.attributes import build_attributes
from byline.derivation.constants import MAX_SEQUENCER_DRIFT
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.transaction import DepositTransaction, Transaction
from byline.derivation.types import L1Block, L2BlockRef, PayloadAttributes
from byline.derivation.upgrades import UPGRADING
from byline.node.l2.engine import L2Engine


@dataclass(frozen=True, slots=True)
class Plan:
    """The next L2 block, before any user transaction."""

    attributes: PayloadAttributes
    origin: L1Block


class Sequencer:
    """Plans L2 blocks on the unsafe head from what it has seen of the L1."""

    def __init__(
        self, engine: L2Engine, l1_block: Callable[[int], L1Block | None], schedule: DevSchedule
    ) -> None:
        self._engine = engine
        self._l1_block = l1_block
        self.active = True
        """False once somebody stopped it: then the node makes no L2 block of its own accord."""
        self.schedule = schedule

    def see(self, block: L1Block) -> None:
        """Take note of a new L1 block (what DevControl declares in it counts from now on)."""
        self.schedule.read(block)

    def plan(
        self, pretended: int | None = None, forced: Sequence[DepositTransaction] = ()
    ) -> Plan:
        """Return the attributes of the block after the unsafe head.

        With `pretended` and `forced` they are those it would have if the L1 had declared that
        time and those deposits for it.
        """
        parent = self._engine.heads.unsafe
        timestamp = self.schedule.next_timestamp(parent) if pretended is None else pretended
        origin = self.origin(parent, timestamp)
        deposits_only = self._deposits_only(parent, origin, timestamp, pretended or 0)
        attributes = self._attributes(
            parent, origin, timestamp, (), no_tx_pool=deposits_only, forced=forced
        )
        return Plan(attributes, origin)

    def still_makes(self, parent: L2BlockRef, ref: L2BlockRef) -> bool:
        """Tell whether the L1 as it was read makes the canonical block `ref` of its parent.

        Its origin is there, and so is what declares its time, its fields and its deposits.
        An origin that is not known any more is believed.
        """
        if self.schedule.next_timestamp(parent) != ref.timestamp:
            return False
        origin = self._l1_block(ref.l1_origin.number)
        if origin is None:
            return True
        if origin.header.hash != ref.l1_origin.hash:
            return False
        signed = [
            tx.raw
            for tx in self._engine.block(ref.hash).transactions
            if isinstance(tx, Transaction)
        ]
        found = self._attributes(parent, origin, ref.timestamp, signed, no_tx_pool=True)
        return self._engine.matches(ref.number, found) is not None

    def _attributes(
        self,
        parent: L2BlockRef,
        origin: L1Block,
        timestamp: int,
        transactions: Sequence[bytes],
        *,
        no_tx_pool: bool,
        forced: Sequence[DepositTransaction] = (),
    ) -> PayloadAttributes:
        return build_attributes(
            self._engine.config,
            parent,
            self._engine.system_config(parent),
            origin,
            timestamp,
            transactions,
            no_tx_pool=no_tx_pool,
            upgrades=self._engine.upgrades,
            dev_deposits=(*self.schedule.deposits(parent), *forced),
            dev_fields=self.schedule.fields(parent),
        )

    def origin(self, parent: L2BlockRef, timestamp: int) -> L1Block:
        """Return the next L1 block once its time has come, else the current origin."""
        following = self._l1_block(parent.l1_origin.number + 1)
        if following is not None and following.header.timestamp <= timestamp:
            return following
        current = self._l1_block(parent.l1_origin.number)
        if current is None:
            raise LookupError(f"L1 origin {parent.l1_origin.number} is not known")
        return current

    def _deposits_only(
        self, parent: L2BlockRef, origin: L1Block, timestamp: int, declared: int
    ) -> bool:
        config = self._engine.config
        if any(config.activates(fork, timestamp, parent.timestamp) for fork in UPGRADING):
            return True
        base = max(declared, self.schedule.drift_base(origin.ref, parent.number + 1))
        return timestamp > base + MAX_SEQUENCER_DRIFT
