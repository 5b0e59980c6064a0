"""Dispute games and withdrawals, as the contracts of an L1 have them after one block.

Calls on an immutable state: nothing is sent, remembered or waited for.  Both our contracts
and those of the OP Stack answer them.
Sources: ethereum-optimism/specs, fault-proof/stage-one/{dispute-game-interface,
anchor-state-registry}.md, protocol/withdrawals.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from byline.derivation.hashing import ZERO_ADDRESS, keccak256
from byline.derivation.header import Header
from byline.node.chain.calls import call
from byline.node.chain.chain import Chain
from byline.rpc.backend import BackendError, CallRequest, Reverted

GAME_CREATED: Final = keccak256(b"DisputeGameCreated(address,uint32,bytes32)")
GAME_RESOLVED: Final = keccak256(b"Resolved(uint8)")
WITHDRAWAL_PROVEN: Final = keccak256(b"WithdrawalProven(bytes32,address,address)")
RESPECTED_TYPE_SET: Final = keccak256(b"RespectedGameTypeSet(uint32)")
GAME_BLACKLISTED: Final = keccak256(b"DisputeGameBlacklisted(address)")
RETIREMENT_SET: Final = keccak256(b"RetirementTimestampSet(uint256)")
"""Topic 0 of the events that change what is due."""

IN_PROGRESS: Final = 0
CHALLENGER_WINS: Final = 1
DEFENDER_WINS: Final = 2
"""States of a game (GameStatus)."""

ARGUMENTS_PROPOSER: Final = {100: 28, 164: 124}
"""Where the proposer stands in what a factory appends to games of a type, by its length.

The first is that of DevnetDisputeGame, the second that of PermissionedDisputeGameV2.
"""
_WORD: Final = 32


class Unanswered(Exception):
    """A contract does not answer a call; the text names both and says why."""


@dataclass(frozen=True, slots=True)
class Game:
    """One dispute game of the factory's list."""

    address: bytes
    type: int
    created_at: int
    """Time of the L1 block that holds it, seconds since 1970."""


class L1View(Protocol):
    """An L1 after one of its blocks, as somebody who calls its contracts sees it."""

    @property
    def timestamp(self) -> int:
        """Of the block, seconds since 1970."""

    def ask(self, to: bytes, data: bytes) -> bytes:
        """Return what a view answers; raises `Unanswered`."""

    def attempt(
        self, sender: bytes, to: bytes, data: bytes, *, value: int, gas: int, timestamp: int
    ) -> bytes | None:
        """Run a transaction as if the next block had `timestamp`; return why it would fail.

        The answer is what it reverts with, perhaps nothing; `None` when it succeeds.  Raises
        `Unanswered` when it cannot even be tried.
        """


@dataclass(frozen=True, slots=True)
class LocalView:
    """A chain of the node's own after the block of `header`."""

    chain: Chain
    header: Header

    @property
    def timestamp(self) -> int:
        """See `L1View`."""
        return self.header.timestamp

    def ask(self, to: bytes, data: bytes) -> bytes:
        """See `L1View`."""
        try:
            return call(self.chain, self.header, CallRequest(to=to, data=data), {})
        except BackendError as exc:
            raise Unanswered(str(exc)) from exc

    def attempt(
        self, sender: bytes, to: bytes, data: bytes, *, value: int, gas: int, timestamp: int
    ) -> bytes | None:
        """See `L1View`."""
        header = self.header.with_(
            parent_hash=self.header.hash, number=self.header.number + 1, timestamp=timestamp
        )
        request = CallRequest(sender, to, gas, value=value, data=data)
        # The header names the state before its block: nothing has changed it yet.
        try:
            call(self.chain, header, request, {})
        except Reverted as exc:
            return exc.output
        except BackendError as exc:
            raise Unanswered(f"0x{to.hex()}: {exc}") from exc
        return None

    def newest_first(self, most: int) -> Iterator[Header]:
        """Yield the headers of the last blocks, `most` at most."""
        at: Header | None = self.header
        for _ in range(most):
            if at is None:
                return
            yield at
            at = self.chain.store.header(at.parent_hash)


@dataclass(frozen=True, slots=True)
class Disputes:
    """What the L1's contracts say."""

    view: L1View
    system_config: bytes
    portal: bytes

    # -- the factory ------------------------------------------------------------------

    def factory(self) -> bytes | None:
        """Return the address of the DisputeGameFactory; `None` where there is none."""
        try:
            found = self._address(self.system_config, "disputeGameFactory()")
        except Unanswered:
            return None
        return None if found == ZERO_ADDRESS else found

    def bond(self, factory: bytes, game_type: int) -> int:
        """Return the wei that creating a game of a type takes."""
        return self._number(factory, "initBonds(uint32)", game_type)

    def count(self, factory: bytes) -> int:
        """Return how many games there are."""
        return self._number(factory, "gameCount()")

    def newest_first(self, factory: bytes, most: int) -> Iterator[Game]:
        """Yield the last games of the factory's list, `most` at most, from its end on."""
        count = self.count(factory)
        for index in range(count - 1, max(-1, count - 1 - most), -1):
            answer = self._call(factory, "gameAtIndex(uint256)", index, words=3)
            kind, created_at, address = (
                answer[at : at + _WORD] for at in range(0, 3 * _WORD, _WORD)
            )
            yield Game(
                address[12:], int.from_bytes(kind, "big"), int.from_bytes(created_at, "big")
            )

    def proposer(self, factory: bytes, game_type: int) -> bytes | None:
        """Return the one account that may create games of a type; `None` for anybody.

        Raises `Unanswered` where the factory has no games of that type.
        """
        implementation = self._address(factory, "gameImpls(uint32)", game_type)
        if implementation == ZERO_ADDRESS:
            raise Unanswered(f"0x{factory.hex()}: has no games of type {game_type}")
        try:
            arguments = self._bytes(factory, "gameArgs(uint32)", game_type)
        except Unanswered:
            # Factories before 1.3 keep none: what is particular is in the implementation.
            arguments = b""
        try:
            if arguments:
                at = ARGUMENTS_PROPOSER[len(arguments)]
                found = arguments[at : at + 20]
            else:
                found = self._address(implementation, "proposer()")
        except (KeyError, Unanswered):
            return None
        return None if found == ZERO_ADDRESS else found

    # -- a game -----------------------------------------------------------------------

    def root(self, game: bytes) -> bytes:
        """Return the output root that a game claims."""
        return self._call(game, "rootClaim()")

    def block_number(self, game: bytes) -> int:
        """Return the L2 block that a game is about."""
        try:
            return self._number(game, "l2SequenceNumber()")
        except Unanswered:
            # Games before 1.5 call it so.
            return self._number(game, "l2BlockNumber()")

    def status(self, game: bytes) -> int:
        """Return who has won a game, if anybody."""
        return self._number(game, "status()")

    def resolved_at(self, game: bytes) -> int:
        """Return when a game was won, seconds since 1970; 0 while it goes on."""
        return self._number(game, "resolvedAt()")

    def counts(self, game: bytes) -> bool:
        """Tell whether withdrawals may be proven against a game, as far as it is to blame."""
        registry = self._address(self.portal, "anchorStateRegistry()")
        who = int.from_bytes(game, "big")
        return (
            self.status(game) != CHALLENGER_WINS
            and not self._number(registry, "isGameBlacklisted(address)", who)
            and not self._number(registry, "isGameRetired(address)", who)
        )

    def clock(self, game: bytes) -> int:
        """Return the seconds after its creation at which a game may be resolved."""
        return self._number(game, "maxClockDuration()")

    # -- the portal -------------------------------------------------------------------

    def respected_type(self) -> int:
        """Return the type of game that withdrawals are proven against."""
        return self._number(self.portal, "respectedGameType()")

    def maturity(self) -> int:
        """Return the seconds that have to be over since a proof."""
        return self._number(self.portal, "proofMaturityDelaySeconds()")

    def finality(self) -> int:
        """Return the seconds that have to be over since a game was resolved."""
        return self._number(self.portal, "disputeGameFinalityDelaySeconds()")

    # -- calls ------------------------------------------------------------------------

    def _call(self, to: bytes, function: str, *arguments: int, words: int = 1) -> bytes:
        """Return at least `words` words that a view answers; raises `Unanswered`."""
        data = keccak256(function.encode())[:4]
        data += b"".join(argument.to_bytes(_WORD, "big") for argument in arguments)
        try:
            answer = self.view.ask(to, data)
        except Unanswered as exc:
            raise Unanswered(f"0x{to.hex()}: {function}: {exc}") from exc
        if len(answer) < words * _WORD:
            raise Unanswered(
                f"0x{to.hex()}: {function}: answers {len(answer)} bytes, want {words * _WORD}"
            )
        return answer

    def _number(self, to: bytes, function: str, *arguments: int) -> int:
        return int.from_bytes(self._call(to, function, *arguments)[:_WORD], "big")

    def _address(self, to: bytes, function: str, *arguments: int) -> bytes:
        return self._call(to, function, *arguments)[12:_WORD]

    def _bytes(self, to: bytes, function: str, *arguments: int) -> bytes:
        answer = self._call(to, function, *arguments, words=2)
        size = int.from_bytes(answer[_WORD : 2 * _WORD], "big")
        return answer[2 * _WORD : 2 * _WORD + size]
