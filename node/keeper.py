"""Keeps the L1 side of withdrawals going: proposes outputs, resolves games, asks for blocks.

What op-proposer and op-challenger do for a public chain, on an L1 of the node's own.  The
keeper decides and says what to send; the rollup signs, sends and makes the blocks
(`local.LocalRollup.keep`).  What the L1 says is read by `l1.watch`; the keeper itself
remembers only what is on its way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block, L2BlockRef
from byline.node.accounts import PROPOSER_INDEX, DevAccount, dev_account, known_account
from byline.node.chain.chain import Chain
from byline.node.l1.games import Disputes, Unanswered
from byline.node.l1.watch import Claim, Watch
from byline.node.l2.engine import L2Engine
from byline.node.l2.outputs import output_of
from byline.node.l2.proposer import (
    CREATE_SELECTOR,
    OUTPUT_ROOT_GAMES,
    Decision,
    NotYet,
    Proposal,
    Proposed,
    ProposerSettings,
    decide,
)

LOG = logging.getLogger("byline.keeper")

MOST_WAIT_BLOCKS: Final = 32
"""L1 blocks that may pass over a transaction before it is given up."""
CREATE_GAS: Final = 3_000_000
RESOLVE_GAS: Final = 1_000_000
"""Gas limits of the transactions; what is not used is not paid."""
RESOLVE_CLAIM: Final = keccak256(b"resolveClaim(uint256,uint256)")[:4] + bytes(64)
RESOLVE: Final = keccak256(b"resolve()")[:4]
GAME_ALREADY_EXISTS: Final = keccak256(b"GameAlreadyExists(bytes32)")[:4]
SELECTORS: Final = frozenset({CREATE_SELECTOR, RESOLVE_CLAIM[:4], RESOLVE})


@dataclass(frozen=True, slots=True)
class L1Call:
    """A transaction that the keeper wants on the L1."""

    account: DevAccount
    to: bytes
    data: bytes
    gas: int
    purpose: str
    key: bytes
    """What it is for: a proposal's identity, or a game's address and what is called."""
    value: int = 0


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


class Keeper:
    """Proposer and resolver of one L2 on one local L1.  Not thread-safe: one thread calls it.

    Only `next_time` and `busy` may be read from another.
    """

    def __init__(
        self, l1: Chain, engine: L2Engine, settings: ProposerSettings | None = None
    ) -> None:
        """By default the safe head is proposed as soon as it has new withdrawals.

        On an L1 of one's own what is safe goes only where the game about it goes, too.
        """
        self._l1 = l1
        self._engine = engine
        self.settings = settings or ProposerSettings(prompt=True, allow_non_finalized=True)
        self._watch = Watch()
        self._proposer: DevAccount | None = None
        """`None` while the L1 has not been read, or without a key."""
        self._resolver = dev_account(PROPOSER_INDEX)
        """The proposer, where that is one; anybody may resolve games."""
        self._decided: tuple[bytes, Claim | None] | None = None
        """The L2 block about which nothing is to be proposed after that claim."""
        self._sent: dict[bytes, _Sent] = {}
        self._said: set[str] = set()
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
        self, now: int, earliest: int, most: int | None, waits: Callable[[bytes], bool]
    ) -> Wanted | None:
        """Return what the L1 should have now; `None` for nothing.

        `now` is the wall clock's time, `earliest` the first that the next L1 block may have,
        `most` the last, where it is bounded (see `Ripening.reached`); `waits` tells whether
        a transaction is in the pool.
        """
        try:
            return self._look(now, earliest, most, waits)
        except Unanswered as exc:
            self._say(f"withdrawals stand still: {exc}")
            return None

    def _look(
        self, now: int, earliest: int, most: int | None, waits: Callable[[bytes], bool]
    ) -> Wanted | None:
        disputes, watch = self._disputes(), self._watch
        if watch.read(disputes, now) and watch.factory is not None:
            self._proposer = self._find_proposer(disputes, watch.factory)
            self._resolver = self._proposer or self._resolver
        if watch.factory is None:
            return None
        waiting = self._follow_sent(waits)
        ripe = watch.ripening.ripe(watch.ripening.reached(now, most))
        at = max(earliest, ripe or 0)
        calls = [
            *self._proposal(disputes, watch.factory, now, at),
            *self._resolutions(disputes, at),
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
                if receipts is not None and not receipts[index].succeeded:
                    self._give_up(sent.call, "it failed in a block")
            elif not waits(sent.tx_hash):
                del self._sent[key]
                self._decided = None
            elif self._l1.head.number - sent.height > MOST_WAIT_BLOCKS:
                self._give_up(sent.call, f"{MOST_WAIT_BLOCKS} blocks have passed it over")
        return bool(self._sent)

    def _give_up(self, call: L1Call, reason: str) -> None:
        self._say(f"{call.purpose} is given up: {reason}")
        self._sent.pop(call.key, None)
        if call.data[:4] == CREATE_SELECTOR:
            self._decided = self._head().hash, self._watch.newest
        else:
            self._watch.ripening.stop(call.to)

    # -- proposals --------------------------------------------------------------------

    def _head(self) -> L2BlockRef:
        heads = self._engine.heads
        return heads.safe if self.settings.allow_non_finalized else heads.finalized

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

    def _decide(self, now: int) -> Decision:
        head, engine = self._head(), self._engine
        output = output_of(engine, engine.header_of(head))
        newest = self._watch.newest or self._beginning()
        claimed = engine.chain.canonical(newest.number)
        withdrawals = True
        if claimed is not None:
            known = output_of(engine, claimed)
            if known.root == newest.root:
                if newest.number >= head.number:
                    return NotYet(f"the last game is about L2 block {newest.number} already")
                withdrawals = known.withdrawals != output.withdrawals
        settings = replace(self.settings, game_type=self._watch.game_type)
        last = Proposed(newest.created_at, newest.root)
        return decide(settings, now, last, head.number, output.root, withdrawals=withdrawals)

    def _beginning(self) -> Claim:
        """Return what stands for the last game before there is any: the L2's first block."""
        genesis = self._engine.config.genesis
        header = self._engine.header_of(self._engine.ref(genesis.l2.hash))
        return Claim(genesis.l2_time, output_of(self._engine, header).root, genesis.l2.number)

    def _creation(
        self, disputes: Disputes, factory: bytes, proposal: Proposal, at: int
    ) -> L1Call | None:
        """Return the transaction that makes a proposal; `None`, and why in the log, for none."""
        if self._proposer is None:
            return None
        call = L1Call(
            account=self._proposer,
            to=factory,
            data=proposal.calldata(),
            gas=CREATE_GAS,
            purpose=f"game about L2 block {proposal.block_number}",
            key=proposal.identity,
            value=disputes.bond(factory, proposal.game_type),
        )
        failure = self._attempt(disputes, call, at)
        if failure is None:
            return call
        if failure[:4] != GAME_ALREADY_EXISTS:
            self._say(f"{call.purpose} is not proposed: it would revert with 0x{failure.hex()}")
        return None

    # -- resolutions ------------------------------------------------------------------

    def _resolutions(self, disputes: Disputes, at: int) -> Iterator[L1Call]:
        """Yield what ends the games whose clock has run out when a block is at time `at`."""
        for game in self._watch.ripening.expired(at):
            if any(one.call.to == game for one in self._sent.values()):
                continue
            claim, end = (
                L1Call(self._resolver, game, data, RESOLVE_GAS, purpose, game + data[:4])
                for data, purpose in (
                    (RESOLVE_CLAIM, f"root claim of game 0x{game.hex()}"),
                    (RESOLVE, f"resolution of game 0x{game.hex()}"),
                )
            )
            failure = self._attempt(disputes, claim, at)
            if failure is None:
                yield from (claim, end)
            elif self._attempt(disputes, end, at) is None:
                yield end
            else:
                self._give_up(end, f"resolveClaim would revert with 0x{failure.hex()}")

    # -- reading the L1 ---------------------------------------------------------------

    def _disputes(self) -> Disputes:
        config = self._engine.config
        return Disputes(self._l1, self._l1.head, config.l1_system_config, config.deposit_contract)

    def _find_proposer(self, disputes: Disputes, factory: bytes) -> DevAccount | None:
        """Return who may propose; `None`, and why in the log, if the node cannot."""
        kind = self._watch.game_type
        if kind not in OUTPUT_ROOT_GAMES:
            self._say(
                f"nothing is proposed: games of type {kind}, which the portal respects, are not "
                "about the output root of an L2 block"
            )
            return None
        try:
            role = disputes.proposer(factory, kind)
        except Unanswered as exc:
            self._say(f"nothing is proposed: {exc}")
            return None
        if role is None:
            return dev_account(PROPOSER_INDEX)
        account = known_account(role, self._engine.config.l2_chain_id)
        if account is None:
            self._say(
                f"nothing is proposed: the key of the proposer, 0x{role.hex()}, is not one of "
                "those that everybody has"
            )
        return account

    # -- help -------------------------------------------------------------------------

    def _is_sent(self, selector: bytes) -> bool:
        return any(sent.call.data[:4] == selector for sent in self._sent.values())

    def _attempt(self, disputes: Disputes, call: L1Call, at: int) -> bytes | None:
        return disputes.attempt(
            call.account.address, call.to, call.data, value=call.value, gas=call.gas, timestamp=at
        )

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

    def _say(self, text: str) -> None:
        """Warn once."""
        if text not in self._said:
            self._said.add(text)
            LOG.warning("%s", text)
