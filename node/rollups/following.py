"""The L2 on an L1 that others run: anvil, geth, a public network.

The L1 comes block by block from a follower; the L2's blocks are made on the wall clock, as
the L1's are, so no clock ever jumps.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from byline.derivation.constants import CHANNEL_TIMEOUT
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.l1.mirror import L1Mirror
from byline.node.l2.inbox_transaction import InboxTransaction
from byline.node.rollups.rollup import Rollup

LOG = logging.getLogger("byline.rollup")

KEPT: Final = 2 * CHANNEL_TIMEOUT
"""L1 blocks that are kept below the safe head's origin, to start derivation again there."""


@dataclass(slots=True, kw_only=True)
class FollowingRollup(Rollup):
    """An L2 that follows a foreign L1.  Not thread-safe: one thread calls it."""

    l1: L1Mirror

    def see_l1(self, block: L1Block) -> None:
        """Take the next L1 block and derive from it.

        Raises `Reset` when it does not follow: then `l1_reorganised` is to be called.
        """
        self.l1.add(block)
        self.sequencer.see(block)
        self.derive()
        self.l1.forget_below(self.engine.heads.safe.l1_origin.number - KEPT)

    def l1_reorganised(self, last: int) -> None:
        """See `Rollup.l1_reorganised`."""
        self.l1.drop_above(last)
        Rollup.l1_reorganised(self, last)

    def finalize_l1(self, ref: L1BlockRef) -> None:
        """Take note of the L1's finality."""
        self.l1.set_finalized(ref)
        self.driver.finalize(self.l1.finalized)

    def posts(self, nonce: int) -> list[InboxTransaction]:
        """Return the inbox transactions that bring the L1 up to the unsafe head, in order.

        The first has `nonce`.  The blocks count as submitted from now on; `batcher.rewind`
        takes that back.
        """
        conditions = self.l1_conditions()
        made: list[InboxTransaction] = []
        for posting in self.batcher.postings(conditions):
            made += self.batcher.send(posting, nonce + len(made), conditions)
        return made

    def replacements(self, nonce: int) -> list[InboxTransaction]:
        """Return what to send again with higher fees; `nonce` is the next one on the L1."""
        return list(self.batcher.resend(nonce, self.l1_conditions()))

    def give_up_posting(self) -> None:
        """Forget what is on its way and begin again after the safe head."""
        self.batcher.in_flight.clear()
        self.batcher.rewind()
