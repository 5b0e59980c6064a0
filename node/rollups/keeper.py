"""Keeps the L1 side of withdrawals going: proposes outputs, resolves games, asks for blocks.

What op-proposer and op-challenger do for a public chain, on an L1 of the node's own.  The
keeper decides and says what to send; the rollup signs, sends and makes the blocks
(`local.LocalRollup.keep`).  What the L1 says is read by `l1.watch`; the keeper itself
remembers only what is on its way.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block
from byline.node.accounts import DevAccount
from byline.node.chain.chain import Chain
from byline.node.l1.games import Disputes, LocalView, Unanswered
from byline.node.l1.watch import Claim
from byline.node.l2.engine import L2Engine
from byline.node.l2.proposer import CREATE_SELECTOR, Proposal, ProposerSettings
from byline.node.rollups.proposing import SELECTORS, L1Call, Proposing

LOG = logging.getLogger("byline.keeper")

MOST_ATTEMPTS: Final = 3
"""Blocks in which a transaction may fail before it is given up."""
MOST_WAIT_BLOCKS: Final = 32
"""L1 blocks that may pass over a transaction before it is given up."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The next L1 block, as the keeper would have it."""

    timestamp: int
    calls: tuple[L1Call, ...]


@dataclass(frozen=True, slots=True)
class _Sent:
    tx_hash: bytes
    height: int
    """Of the L1 when it was sent."""
    call: L1Call


class Keeper(Proposing):
    """Proposer and resolver of one L2 on one local L1.  Not thread-safe: one thread calls it.

    Only `next_time` and `busy` may be read from another.
    """

    def __init__(
        self,
        l1: Chain,
        engine: L2Engine,
        settings: ProposerSettings | None = None,
        account: DevAccount | None = None,
    ) -> None:
        """By default the safe head is proposed as soon as it has new withdrawals.

        On an L1 of one's own what is safe goes only where the game about it goes, too.
        """
        chosen = settings or ProposerSettings(prompt=True, allow_non_finalized=True)
        super().__init__(engine, chosen, account)
        self._l1 = l1
        self._decided: tuple[bytes, Claim | None] | None = None
        """The L2 block about which nothing is to be proposed after that claim."""
        self._sent: dict[bytes, _Sent] = {}
        self._failures: Counter[bytes] = Counter()
        """How often what has a key has failed in a block."""
        self._warned_of = 0

    @property
    def next_time(self) -> int | None:
        """L1 time at which something is due next, seconds since 1970."""
        return self._watch.ripening.next_time

    @property
    def busy(self) -> bool:
        """Whether something is on its way to the L1, or has come from there unread."""
        return self._watch.unread or bool(self._sent)

    # -- what happens on the L1 -------------------------------------------------------

    def see(self, block: L1Block, now: int) -> None:
        """Take note of a new L1 block at wall-clock time `now`; it is not looked into yet."""
        self._watch.see(block, now)

    def go_back(self, head: Header, now: int) -> None:
        """Take note that the L1 went back to `head`, and what waited for it is gone."""
        self._sent.clear()
        self._failures.clear()
        self._decided = None
        self._watch.go_back(head, now)

    def is_own(self, tx: Transaction) -> bool:
        """Tell whether a transaction is like those that the keeper sends.

        After a reorganisation they are made anew: their L2 blocks may be no more.
        """
        return tx.sender == self._resolver.address and tx.data[:4] in SELECTORS

    def sent(self, call: L1Call, tx_hash: bytes) -> None:
        """Take note that a call waits in the pool."""
        LOG.info("%s: 0x%s", call.purpose, tx_hash.hex())
        self._sent[call.key] = _Sent(tx_hash, self._l1.head.number, call)

    def refused(self, call: L1Call, reason: str) -> None:
        """Take note that the pool does not take a call: it is given up."""
        self._give_up(call, reason)

    # -- what to do -------------------------------------------------------------------

    def idle(self, now: int, earliest: int, most: int | None) -> bool:
        """Tell, at almost no cost, that `look` would find nothing to do."""
        if self.busy:
            return False
        if self._watch.factory is None:
            return True
        due = self.next_time
        if due is not None and due <= max(earliest, self._watch.ripening.reached(now, most)):
            return False
        if due is not None and most is not None and due > most:
            self._warn_of(due)
        return self._decided == (self._head().hash, self._watch.newest)

    def look(
        self,
        now: int,
        earliest: int,
        most: int | None,
        waits: Callable[[bytes], bool],
        *,
        makes: bool = True,
    ) -> Wanted | None:
        """Return what the L1 should have now; `None` for nothing.

        `now` is the wall clock's time, `earliest` the first that the next L1 block may have,
        `most` the last, where it is bounded (see `Ripening.reached`); `waits` tells whether
        a transaction is in the pool.  `makes`: the block is made at the time that is returned;
        else it comes by itself, perhaps at once, and nothing is asked of it that is due later.
        """
        try:
            return self._look(now, earliest, most, waits, makes)
        except Unanswered as exc:
            self._say(f"withdrawals stand still: {exc}")
            return None

    def _look(
        self,
        now: int,
        earliest: int,
        most: int | None,
        waits: Callable[[bytes], bool],
        makes: bool,
    ) -> Wanted | None:
        disputes, watch = self._disputes(), self._watch
        if watch.read(disputes, now) and watch.factory is not None:
            self._find_accounts(disputes, watch.factory)
        if watch.factory is None:
            return None
        waiting = self._follow_sent(waits)
        ripe = watch.ripening.ripe(watch.ripening.reached(now, most))
        at = max(earliest, ripe or 0) if makes else earliest
        calls = [
            *self._proposal(disputes, watch.factory, now, at),
            *self._resolutions(disputes, at, {sent.call.to for sent in self._sent.values()}),
        ]
        if not calls and not waiting and ripe is None:
            return None
        return Wanted(at, tuple(calls))

    def _follow_sent(self, waits: Callable[[bytes], bool]) -> bool:
        """Forget what is in a block or was dropped; tell whether anything waits still."""
        for key, sent in list(self._sent.items()):
            location = self._l1.store.transaction_location(sent.tx_hash)
            if location is not None:
                del self._sent[key]
                block_hash, index = location
                receipts = self._l1.store.receipts(block_hash)
                failed = receipts is not None and not receipts[index].succeeded
                # Who else has resolved a game in that block was only faster.
                if failed and self._is_open(sent.call):
                    self._failed(sent.call)
            elif not waits(sent.tx_hash):
                del self._sent[key]
                self._decided = None
            elif self._l1.head.number - sent.height > MOST_WAIT_BLOCKS:
                self._give_up(sent.call, f"{MOST_WAIT_BLOCKS} blocks have passed it over")
        return bool(self._sent)

    def _failed(self, call: L1Call) -> None:
        """Try again what failed in a block, which may have had another time than was wanted."""
        self._failures[call.key] += 1
        if self._failures[call.key] < MOST_ATTEMPTS:
            LOG.info("%s failed in a block and is tried again", call.purpose)
            self._decided = None
        else:
            self._give_up(call, f"it failed in {MOST_ATTEMPTS} blocks")

    def _is_open(self, call: L1Call) -> bool:
        """Tell whether what a call was for has not come about in another way."""
        return call.data[:4] == CREATE_SELECTOR or self._watch.ripening.runs(call.to)

    def _give_up(self, call: L1Call, reason: str) -> None:
        self._say(f"{call.purpose} is given up: {reason}")
        self._sent.pop(call.key, None)
        if call.data[:4] == CREATE_SELECTOR:
            self._decided = self._head().hash, self._watch.newest
        else:
            self._watch.ripening.stop(call.to)

    def _proposal(self, disputes: Disputes, factory: bytes, now: int, at: int) -> Iterator[L1Call]:
        """Yield the creation of a game about the settled head, if it is time for one."""
        about = self._head().hash, self._watch.newest
        if about == self._decided or self._is_sent(CREATE_SELECTOR):
            return
        decision = self._decide(min(now, at))
        call = None
        if isinstance(decision, Proposal):
            call = self._creation(disputes, factory, decision, at)
        else:
            LOG.debug("nothing is proposed: %s", decision.reason)
        if call is None:
            self._decided = about
        else:
            yield call

    # -- help -------------------------------------------------------------------------

    def _disputes(self) -> Disputes:
        config, view = self._engine.config, LocalView(self._l1, self._l1.head)
        return Disputes(view, config.l1_system_config, config.deposit_contract)

    def _is_sent(self, selector: bytes) -> bool:
        return any(sent.call.data[:4] == selector for sent in self._sent.values())

    def _warn_of(self, due: int) -> None:
        """Say, once for each time, that waiting for it is in vain."""
        if due > self._warned_of:
            self._warned_of = due
            LOG.warning(
                "what waits for %d on the L1's clock does not come about by waiting: the L2 "
                "would need too many empty blocks; move time (evm_increaseTime), or start with "
                "--block-time",
                due,
            )
