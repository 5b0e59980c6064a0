"""Who takes what: claims by every way, and the figures for the tables that come of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from byline.node.accounts import DevAccount
from byline.node.attribution.client.claims import MOST_CLAIMS
from byline.node.attribution.client.values import Claim
from byline.node.demo.chain import Chain, Cost, Event
from byline.node.demo.claims import (
    Taken,
    claim,
    claim_accrued,
    claim_sponsored,
    claimable,
    withdraw,
)
from byline.node.demo.model import Trained
from byline.node.demo.people import Cast, contributor
from byline.node.demo.recording import Books, Settled
from byline.node.demo.screen import Earned, Way
from byline.node.demo.setup import Models

MAX_SPONSOR_FEE: Final = 10**15
"""Wei that the sponsored contributor lets the sponsor keep at most."""

MAIN: Final = "adapter"
PUSH: Final = "push"
CREDIT: Final = "credit"
ACCUMULATOR: Final = "accumulator"
ROOT: Final = "receipts + root"
ALONE: Final = "root, one by one"
BASE: Final = "base"
AGAIN: Final = "accumulator, same list"


class Payday:
    """Lets everybody take what they are owed, and keeps what it cost."""

    def __init__(self, chain: Chain, cast: Cast, trained: Trained, models: Models) -> None:
        self._chain, self._cast, self._models = chain, cast, models
        self._accounts = {
            account.address: account
            for account in (cast.builder, *map(contributor, trained.library.contributors))
        }
        self._names = trained.names | {cast.builder.address: "builder (fallback)"}
        self.taken: defaultdict[str, list[Taken]] = defaultdict(list)
        """By way."""

    async def pay(self, books: Books, sponsored: bytes) -> None:
        """Let all contributors claim everything; the one without gas money by a sponsor."""
        behind = {
            MAIN: claimable(one for one, _ in books.main),
            ROOT: claimable([books.compared["root"]]),
            ALONE: claimable(books.alone),
            BASE: claimable([books.base]),
        }
        listed = {who for leaves in behind.values() for who in leaves}
        listed |= {who for who, _ in books.compared["credit"].recorded.payouts}
        for who in sorted(listed, key=lambda who: (who != sponsored, who)):
            account = self._accounts[who]
            for way, leaves in behind.items():
                await self._claim(way, account, leaves.get(who, []), who == sponsored)
            if who != self._cast.builder.address:
                await self._withdraw(CREDIT, account)
            await self._accrued(account)

    async def _claim(
        self, way: str, account: DevAccount, leaves: Sequence[Claim], sponsored: bool
    ) -> None:
        rest = leaves
        if sponsored and way == MAIN and leaves:
            taken = await claim_sponsored(
                self._chain, self._cast.sponsor, account, leaves[:MOST_CLAIMS], MAX_SPONSOR_FEE
            )
            self.taken[way].append(taken)
            rest = leaves[MOST_CLAIMS:]
        if rest:
            self.taken[way].append(await claim(self._chain, account, rest))

    async def _withdraw(self, way: str, account: DevAccount) -> None:
        if await self._chain.view("PayoutVault", "creditOf", account.address):
            self.taken[way].append(await withdraw(self._chain, account))

    async def _accrued(self, account: DevAccount) -> None:
        model = self._models.by_mode["accumulator"]
        if await self._chain.view("PayoutVault", "accruedOf", model, account.address):
            self.taken[ACCUMULATOR].append(await claim_accrued(self._chain, account, model))

    async def pay_others(self) -> dict[str, int]:
        """Let platform, builder and stakers take theirs; return the wei by who."""
        paid = {}
        for name, account in (("platform", self._cast.treasury), ("builder", self._cast.builder)):
            paid[name] = (await withdraw(self._chain, account)).amount
        sent = await self._chain.send(
            self._cast.staker, "StakePool", "claim", self._models.adapter
        )
        paid["stakers"] = sum(
            event.fields["amount"] for event in sent.events if event.name == "Claimed"
        )
        return paid

    def ways(self, books: Books) -> list[Way]:
        """Return what each way to settle took, for the same answers."""

        def way(name: str, settled: Sequence[Settled], claims: Sequence[Taken]) -> Way:
            return Way(
                name=name,
                answers=sum(one.recorded.answers for one in settled),
                recipients=len({who for one in settled for who, _ in one.recorded.payouts}),
                recording=_sum(one.recorded.cost for one in settled),
                settling=_sum(one.cost for one in settled),
                claiming=_sum(taken.cost for taken in claims),
                pot=sum(one.pot for one in settled),
            )

        compared = books.compared
        return [
            way(PUSH, [compared["push"]], []),
            way(CREDIT, [compared["credit"]], self.taken[CREDIT]),
            way(ACCUMULATOR, [compared["accumulator"]], self.taken[ACCUMULATOR]),
            way(AGAIN, [books.again], []),
            way(ALONE, books.alone, self.taken[ALONE]),
            way(ROOT, [compared["root"]], self.taken[ROOT]),
        ]

    def earned(self, books: Books, events: Sequence[Event]) -> list[Earned]:
        """Return who got what, the most first; what was pushed is read from events."""
        answers = Counter(
            who
            for _, batch in books.main
            for one in batch.signed
            for who, _ in one.attribution.points
        )
        got: dict[str, Counter[bytes]] = {PUSH: Counter()}
        for event in events:
            if event.name == "Pushed":
                got[PUSH][event.fields["who"]] += event.fields["amount"]
        fees: Counter[bytes] = Counter()
        for way, some in self.taken.items():
            got[way] = Counter()
            for taken in some:
                got[way][taken.who] += taken.amount
                fees[taken.who] += taken.fee or taken.cost.fees
        order = (MAIN, PUSH, CREDIT, ACCUMULATOR, ROOT, ALONE, BASE)
        everyone = {who for one in got.values() for who in one}
        rows = [
            Earned(
                self._names[who],
                who,
                answers[who],
                {way: got.get(way, Counter())[who] for way in order},
                fees[who],
            )
            for who in everyone
        ]
        return sorted(rows, key=lambda one: (-one.by_way[MAIN], one.address))


def _sum(costs: Iterable[Cost]) -> Cost:
    return sum(costs, Cost())
