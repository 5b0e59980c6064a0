"""Which transactions bring claims about an L2 to its L1 and games to their end.

What is the same wherever the L1 is: `keeper` works on an L1 of the node's own,
`remote_keeper` on one that others run.  Nothing is sent here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.types import L2BlockRef
from byline.node.accounts import PROPOSER_INDEX, DevAccount, dev_account, known_account
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


class Proposing:
    """Decides about the proposals and games of one L2.  Not thread-safe: one thread calls it."""

    def __init__(
        self, engine: L2Engine, settings: ProposerSettings, account: DevAccount | None = None
    ) -> None:
        """With an `account` propose as that, else as one whose key everybody has."""
        self.settings = settings
        self._engine = engine
        self._given = account
        self._watch = Watch()
        self._proposer: DevAccount | None = None
        """`None` while the L1 has not been read, or without a key."""
        self._resolver = account or dev_account(PROPOSER_INDEX)
        """The proposer, where that is one; anybody may resolve games."""
        self._said: set[str] = set()

    def _find_accounts(self, disputes: Disputes, factory: bytes) -> None:
        """Find who proposes and resolves."""
        self._proposer = self._find_proposer(disputes, factory)
        self._resolver = self._proposer or self._resolver

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
        given = self._given
        if role is None:
            return given or dev_account(PROPOSER_INDEX)
        account = given or known_account(role, self._engine.config.l2_chain_id)
        if account is None or account.address != role:
            self._say(
                f"nothing is proposed: the proposer is 0x{role.hex()}, whose key "
                + ("is not the one given" if given else "is not one of those that everybody has")
            )
            return None
        return account

    def _head(self) -> L2BlockRef:
        heads = self._engine.heads
        return heads.safe if self.settings.allow_non_finalized else heads.finalized

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

    def _resolutions(
        self, disputes: Disputes, at: int, busy: Collection[bytes]
    ) -> Iterator[L1Call]:
        """Yield what ends the games whose clock has run out when a block is at time `at`.

        Something is on its way to those in `busy` already.
        """
        for game in self._watch.ripening.expired(at):
            if game in busy:
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
                self._say(
                    f"{end.purpose} is given up: resolveClaim would revert with 0x{failure.hex()}"
                )
                self._watch.ripening.stop(game)

    def _attempt(self, disputes: Disputes, call: L1Call, at: int) -> bytes | None:
        return disputes.view.attempt(
            call.account.address, call.to, call.data, value=call.value, gas=call.gas, timestamp=at
        )

    def _say(self, text: str) -> None:
        """Warn once."""
        if text not in self._said:
            self._said.add(text)
            LOG.warning("%s", text)
