"""Every wei accounted for: what came in, what went out, what is still there and for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from byline.node.demo.chain import Chain, Event


@dataclass(frozen=True, slots=True)
class Line:
    """Two sums that must be equal, in wei."""

    words: str
    left: int
    right: int

    @property
    def whole(self) -> bool:
        """Whether they are."""
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Owed:
    """What the contracts say they owe, in wei, over all models and people."""

    prepaid: int
    credits: int
    accrued: int
    """By the units of accumulators."""
    remainders: int
    """Of accumulators: too little for a wei a unit."""
    carries: int
    bonds: int
    treasury: int
    """Penalties of bonds."""


async def balance(
    chain: Chain,
    events: Sequence[Event],
    models: Collection[int],
    people: Collection[bytes],
) -> list[Line]:
    """Return the balances of ledger, vault, bonds and stakes.

    models: all that are registered.  people: everybody who may be owed something.
    """
    told = _told(events)
    owed = await _owed(chain, models, people)
    ledger, vault, bonds, stakes = [
        await chain.balance(name)
        for name in ("InferenceLedger", "PayoutVault", "ContributorBond", "StakePool")
    ]
    came = (
        told["InferenceLedger.PrepaidDeposited.amount"]
        + told["InferenceLedger.InferenceOpened.fee"]
    )
    out = ("Claimed", "Withdrawn", "AccruedClaimed", "Pushed")
    left = sum(told[f"PayoutVault.{name}.amount"] for name in out)
    deposited = told["PayoutVault.Deposited.amount"]
    return [
        Line(
            "refunds = fees of the void batches",
            told["InferenceLedger.Refunded.fee"],
            _void_fees(events),
        ),
        Line("prepaid and opened = fees divided + still prepaid", came, deposited + owed.prepaid),
        Line("ledger's balance = still prepaid", ledger, owed.prepaid),
        Line(
            "fees divided = paid out + to stakers + vault's balance",
            deposited,
            left + told["PayoutVault.Deposited.toStakers"] + vault,
        ),
        Line(
            "vault's balance = credits + accrued + remainders + carries",
            vault,
            owed.credits + owed.accrued + owed.remainders + owed.carries,
        ),
        Line("bonds' balance = bonds + penalties", bonds, owed.bonds + owed.treasury),
        Line(
            "stake pool's balance = stakes + fees not taken",
            stakes,
            told["StakePool.Staked.amount"]
            - told["StakePool.Unstaked.amount"]
            + told["StakePool.Funded.amount"]
            - told["StakePool.Claimed.amount"],
        ),
    ]


def _told(events: Sequence[Event]) -> Counter[str]:
    """Return the sums of all amounts that events tell, by contract, event and field."""
    sums: Counter[str] = Counter()
    for event in events:
        for field in ("amount", "fee", "toStakers"):
            if field in event.fields:
                sums[f"{event.contract}.{event.name}.{field}"] += int(event.fields[field])
    return sums


def _void_fees(events: Sequence[Event]) -> int:
    """Return the fees of all batches against which a challenge was proven."""
    void = {event.fields["subject"] for event in events if event.name == "ChallengeResolved"}
    return sum(
        int(event.fields["totalFee"])
        for event in events
        if event.name == "ReceiptBatch" and event.fields["batchId"] in void
    )


async def _owed(chain: Chain, models: Collection[int], people: Collection[bytes]) -> Owed:
    """Ask ledger, vault and bonds."""
    pools = {model: await chain.view("PayoutVault", "pool", model) for model in models}
    accrued = [
        await chain.view("PayoutVault", "accruedOf", model, who)
        for model, (epoch, *_) in pools.items()
        if epoch
        for who in people
    ]
    return Owed(
        prepaid=sum([await chain.view("InferenceLedger", "prepaid", who) for who in people]),
        credits=sum([await chain.view("PayoutVault", "creditOf", who) for who in people]),
        accrued=sum(accrued),
        remainders=sum(remainder for _, _, _, remainder, _ in pools.values()),
        carries=sum([await chain.view("PayoutVault", "carryOf", model) for model in models]),
        bonds=sum([(await chain.view("ContributorBond", "bondOf", who))[0] for who in people]),
        treasury=await chain.view("ContributorBond", "treasury"),
    )
