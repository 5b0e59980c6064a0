"""What a node sends to its own L1: batches, and what withdrawals need there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from byline.derivation.transaction import Transaction
from byline.node.l1 import dev_control
from byline.node.l2.data_availability import L1Conditions
from byline.node.rollups.keeper import Keeper
from byline.node.rollups.proposing import L1Call
from byline.node.rollups.rollup import Rollup
from byline.node.rollups.time_travel import MOST_EMPTY_BLOCKS, TravellingRollup
from byline.rpc.backend import Refused

LOG = logging.getLogger("byline.rollup")

MOST_KEPT_BLOCKS: Final = 8
"""L1 blocks that `keep` makes at once; more are made when it is called again."""


@dataclass(slots=True, kw_only=True)
class PostingRollup(TravellingRollup):
    """A rollup that posts to an L1 of its own; subclasses make the L1 blocks."""

    keeper: Keeper
    """Says what the node itself has to do on the L1 for withdrawals."""

    def is_own(self, tx: Transaction) -> bool:
        """Tell whether the node made this L1 transaction, for an L2 that may be no more."""
        moves_clock = dev_control.is_ours(tx, self.engine.config.dev_control)
        return self.batcher.is_inbox(tx) or self.keeper.is_own(tx) or moves_clock

    def l1_conditions(self) -> L1Conditions:
        """See `Rollup.l1_conditions`; here it is exact, as the L1's forks are known."""
        head = self.l1.head
        blob_fee = self.l1.chain.rules.next_blob_base_fee(head)
        return L1Conditions(head.number, Rollup.next_base_fee(self, "l1"), blob_fee)

    def mine_own_l1(self) -> None:
        """Make an L1 block that the node needs, which leaves to users' blocks what is wished."""
        raise NotImplementedError

    def mine_kept(self, timestamp: int) -> None:
        """Make an L1 block at a time at which something that waits there is ready."""
        raise NotImplementedError

    # -- batches -------------------------------------------------------

    def flush(self) -> int:
        """Post all unsafe blocks to the L1; return how many there were.

        What the L1 does not take (its price was set too high, the batcher is out of money) is
        tried again with the next blocks, and said in the log.
        """
        pending = self.batcher.pending
        try:
            self._post()
        except Refused as exc:
            LOG.warning("batcher: the L1 does not take L2 blocks: %s", exc)
            self.withdraw_postings()
            self.batcher.rewind()
            return pending
        if pending and self.mining.makes_l1_blocks:
            self._mine_until_posted()
        return pending

    def _post(self) -> None:
        conditions = self.l1_conditions()
        for posting in self.batcher.postings(conditions):
            LOG.debug(
                "batcher: L2 blocks %d to %d in %d frames by %s",
                posting.first,
                posting.last,
                len(posting.items),
                posting.carrier,
            )
            nonce = self._batcher_nonce() + self.pools["l1"].count(self.batch_account.address)
            for sent in self.batcher.send(posting, nonce, conditions):
                self._take("l1", sent.network)

    def withdraw_postings(self) -> None:
        """Take batches out of the L1's pool, and forget that they are on their way."""
        waiting = self.pools["l1"].transactions()
        self.drop("l1", [tx.hash for tx in waiting if self.batcher.is_inbox(tx)])
        self.batcher.in_flight.clear()

    def _mine_until_posted(self) -> None:
        """Make L1 blocks until they hold all inbox transactions, or take no more of them."""
        left = len(self.batcher.in_flight) + 1
        while 0 < len(self.batcher.in_flight) < left:
            left = len(self.batcher.in_flight)
            self.mine_own_l1()

    def _batcher_nonce(self) -> int:
        chain = self.l1.chain
        return chain.machine(chain.head).nonce(self.batch_account.address)

    def resend(self) -> None:
        """Raise the fees of inbox transactions that L1 blocks keep passing over."""
        for sent in self.batcher.resend(self._batcher_nonce(), self.l1_conditions()):
            LOG.info("batcher: nonce %d again with higher fees", sent.transaction.nonce)
            try:
                self._take("l1", sent.network)
            except Refused as exc:
                LOG.warning("batcher: the L1 does not take the higher fees: %s", exc)

    # -- withdrawals ------------------------------------------------------------------

    def keep(self) -> None:
        """Propose, resolve games, and make the L1 blocks in which something has ripened.

        To be called when blocks were made, and when time has passed (`keeper.next_time`).
        Where L1 blocks come by the wall clock, transactions wait for the next of them.
        """
        for _ in range(MOST_KEPT_BLOCKS):
            now, earliest = self.clock.now(), self._standard_l1_time()
            most = self._most_kept_time()
            if self.keeper.idle(now, earliest, most):
                return
            makes = self.mining.makes_l1_blocks
            wanted = self.keeper.look(now, earliest, most, self._still_waits, makes=makes)
            if wanted is None:
                return
            for call in wanted.calls:
                self._send_kept(call)
            if not makes:
                return
            self.mine_kept(wanted.timestamp)

    def _most_kept_time(self) -> int | None:
        """Return the last time of an L1 block that the L2 can follow, if it does not jump."""
        if self.keeper.next_time is None or self._catches_up():
            return None
        unsafe = self.engine.heads.unsafe
        return unsafe.timestamp + MOST_EMPTY_BLOCKS * self.engine.config.block_time // 2

    def _send_kept(self, call: L1Call) -> None:
        tx = self._sign_l1(call.account, call.to, call.data, call.gas, call.value)
        try:
            self._take("l1", tx.raw)
        except Refused as exc:
            self.keeper.refused(call, str(exc))
        else:
            self.keeper.sent(call, tx.hash)

    def _still_waits(self, tx_hash: bytes) -> bool:
        """Tell whether an L1 transaction waits and pays enough; one that does not is dropped."""
        tx = self.pools["l1"].get(tx_hash)
        if tx is not None and tx.max_fee_per_gas < Rollup.next_base_fee(self, "l1"):
            self.pools["l1"].remove(tx_hash)
            return False
        return tx is not None
