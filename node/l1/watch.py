"""What goes on at an L1's dispute games and withdrawals, followed block by block.

Blocks are only noted as they come; their logs are read when somebody asks.  Nothing is known
that the L1 does not say: after a start, and where the L1 goes back behind something that
counted, the newest games and proofs are read again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from byline.derivation.header import Header
from byline.derivation.kernels.bloom import bloom_of
from byline.derivation.receipt import Log
from byline.derivation.types import L1Block
from byline.node.l1.games import (
    DEFENDER_WINS,
    GAME_BLACKLISTED,
    GAME_CREATED,
    GAME_RESOLVED,
    IN_PROGRESS,
    RESPECTED_TYPE_SET,
    RETIREMENT_SET,
    WITHDRAWAL_PROVEN,
    Disputes,
    Game,
    LocalView,
    Unanswered,
)
from byline.node.l1.ripening import Ripening

LOG = logging.getLogger("byline.keeper")

MOST_GAMES: Final = 64
"""Games that are looked at after a start, the newest first."""
MOST_PROOF_BLOCKS: Final = 2_048
"""L1 blocks that are searched for proofs after a start, the newest first."""
GUARDIAN_TOPICS: Final = frozenset({RESPECTED_TYPE_SET, GAME_BLACKLISTED, RETIREMENT_SET})
"""After which other games count."""
TOPICS: Final = GUARDIAN_TOPICS | {GAME_CREATED, GAME_RESOLVED, WITHDRAWAL_PROVEN}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a game says of the L2."""

    created_at: int
    """Time of the L1 block that holds it, seconds since 1970."""
    root: bytes
    """The output root."""
    number: int
    """Of the L2 block."""


class Watch:
    """The games and proofs of one L2 on one L1.  Not thread-safe: one thread calls it."""

    def __init__(self) -> None:
        self.ripening = Ripening()
        self.factory: bytes | None = None
        """Of dispute games; `None` where there is none, or the L1 has not been read."""
        self.game_type = 0
        """Of the games that count."""
        self.newest: Claim | None = None
        """Of the last game that counts."""
        self._stale = True
        """Whether the L1 has to be read anew."""
        self._changed_at = 0
        """Height of the L1 where it was read, or of the last event that counts."""
        self._news: list[tuple[int, Log]] = []
        self._said: set[str] = set()

    @property
    def unread(self) -> bool:
        """Whether the L1 says what has not been read."""
        return self._stale or bool(self._news)

    def see(self, block: L1Block, now: int) -> None:
        """Take note of a new L1 block at wall-clock time `now`, seconds since 1970."""
        self.ripening.head(block.header.timestamp, now)
        for receipt in block.receipts:
            for log in receipt.logs:
                if log.topics and log.topics[0] in TOPICS:
                    self._news.append((block.header.timestamp, log))
                    self._changed_at = block.header.number

    def go_back(self, head: Header, now: int) -> None:
        """Take note that the L1 went back to `head`."""
        self.ripening.head(head.timestamp, now)
        if head.number < self._changed_at:
            self._stale = True

    def read(self, disputes: Disputes, now: int) -> bool:
        """Read what is unread; tells whether it was the L1 as a whole.

        Raises `Unanswered` where the contracts do not answer, and stands still then.
        """
        try:
            self._read_news(disputes)
            if not self._stale:
                return False
            self._read_all(disputes, now)
            self._read_news(disputes)
        except Unanswered:
            self.factory = None
            raise
        return True

    def _read_all(self, disputes: Disputes, now: int) -> None:
        self._stale = False
        self._news.clear()
        self.read_games(disputes, now)
        if self.factory is not None and isinstance(disputes.view, LocalView):
            self._changed_at = disputes.view.header.number
            self._read_proofs(disputes, disputes.view)

    def read_games(self, disputes: Disputes, now: int) -> None:
        """Read the newest games, whatever was known; raises `Unanswered`."""
        self.newest = None
        self.ripening.begin(disputes.view.timestamp, now)
        self.factory = disputes.factory()
        if self.factory is None:
            self._say("the L1 has no DisputeGameFactory: nothing is proposed")
            return
        self.game_type = disputes.respected_type()
        for game in disputes.newest_first(self.factory, MOST_GAMES):
            if self._take_up(disputes, game) and self.newest is not None:
                break

    def _take_up(self, disputes: Disputes, game: Game) -> bool:
        """Take note of a game; tells whether nobody waits for it, and for older ones, any more.

        A game that does not answer is left alone.
        """
        # In the block of its creation nothing can be proven against a game.
        self.ripening.moment(game.created_at + 1)
        try:
            if game.type == self.game_type and disputes.counts(game.address):
                self._take_claim(disputes, game)
            if disputes.status(game.address) == IN_PROGRESS:
                self.ripening.clock(game.address, game.created_at + disputes.clock(game.address))
                return False
            usable = disputes.resolved_at(game.address) + disputes.finality() + 1
        except Unanswered as exc:
            self._say(f"a game is left alone: {exc}")
            return False
        self.ripening.moment(usable)
        return usable <= disputes.view.timestamp

    def _take_claim(self, disputes: Disputes, game: Game) -> None:
        if self.newest is None or self.newest.created_at <= game.created_at:
            root, number = disputes.root(game.address), disputes.block_number(game.address)
            self.newest = Claim(game.created_at, root, number)

    def _read_proofs(self, disputes: Disputes, view: LocalView) -> None:
        """Find the proofs that are not mature in the newest L1 blocks."""
        wanted = int.from_bytes(bloom_of([disputes.portal, WITHDRAWAL_PROVEN]), "big")
        maturity, store = disputes.maturity(), view.chain.store
        for at in view.newest_first(MOST_PROOF_BLOCKS):
            if at.timestamp + maturity < view.timestamp:
                return
            if int.from_bytes(at.bloom, "big") & wanted == wanted:
                for receipt in store.receipts(at.hash) or ():
                    self._news += [(at.timestamp, log) for log in receipt.logs if _is_proof(log)]

    def _read_news(self, disputes: Disputes) -> None:
        """Take note of what the logs of new L1 blocks say."""
        news, self._news = self._news, []
        for timestamp, log in news if self.factory is not None else ():
            topic = log.topics[0]
            if topic == WITHDRAWAL_PROVEN and log.address == disputes.portal:
                self.ripening.moment(timestamp + disputes.maturity() + 1)
            elif topic in GUARDIAN_TOPICS:
                self._stale = True
            elif topic == GAME_CREATED and log.address == self.factory and len(log.topics) > 2:
                kind = int.from_bytes(log.topics[2], "big")
                self._take_up(disputes, Game(log.topics[1][12:], kind, timestamp))
            elif topic == GAME_RESOLVED and self.ripening.stop(log.address):
                LOG.info("game 0x%s is resolved", log.address.hex())
                if log.topics[1:] == (DEFENDER_WINS.to_bytes(32, "big"),):
                    self.ripening.moment(timestamp + disputes.finality() + 1)
                else:
                    self._stale = True

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            LOG.warning("%s", text)


def _is_proof(log: Log) -> bool:
    return log.topics[:1] == (WITHDRAWAL_PROVEN,)
