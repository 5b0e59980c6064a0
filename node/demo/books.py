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


async def balance(
    chain: Chain,
    events: Sequence[Event],
    models: Collection[int],
    people: Collection[bytes],
) -> list[Line]:
    """Return the balances of ledger, vault, bonds and stakes.

    models: all that are registered.  people: everybody who may be owed something.
    """
    sums: Counter[str] = Counter()
    for event in events:
        for field in ("amount", "fee", "platform", "toOwner", "toStakers"):
            if field in event.fields:
                sums[f"{event.contract}.{event.name}.{field}"] += int(event.fields[field])
    void = {event.fields["subject"] for event in events if event.name == "ChallengeResolved"}
    lost = sum(
        event.fields["totalFee"]
        for event in events
        if event.name == "ReceiptBatch" and event.fields["batchId"] in void
    )
    ledger, vault, bonds, stakes = [
        await chain.balance(name)
        for name in ("InferenceLedger", "PayoutVault", "ContributorBond", "StakePool")
    ]
    prepaid = [await chain.view("InferenceLedger", "prepaid", who) for who in people]
    credit = [await chain.view("PayoutVault", "creditOf", who) for who in people]
    pools = {model: await chain.view("PayoutVault", "pool", model) for model in models}
    accrued = [
        await chain.view("PayoutVault", "accruedOf", model, who)
        for model, (epoch, *_) in pools.items()
        if epoch
        for who in people
    ]
    carries = [await chain.view("PayoutVault", "carryOf", model) for model in models]
    remainders = [remainder for _, _, _, remainder, _ in pools.values()]
    bonded = [(await chain.view("ContributorBond", "bondOf", who))[0] for who in people]
    treasury = await chain.view("ContributorBond", "treasury")
    came = (
        sums["InferenceLedger.PrepaidDeposited.amount"]
        + sums["InferenceLedger.InferenceOpened.fee"]
    )
    out = ("Claimed", "Withdrawn", "AccruedClaimed", "Pushed")
    left = sum(sums[f"PayoutVault.{name}.amount"] for name in out)
    deposited = sums["PayoutVault.Deposited.amount"]
    return [
        Line("refunds = fees of the void batches", sums["InferenceLedger.Refunded.fee"], lost),
        Line("prepaid and opened = fees divided + still prepaid", came, deposited + sum(prepaid)),
        Line("ledger's balance = still prepaid", ledger, sum(prepaid)),
        Line(
            "fees divided = paid out + to stakers + vault's balance",
            deposited,
            left + sums["PayoutVault.Deposited.toStakers"] + vault,
        ),
        Line(
            "vault's balance = credits + accrued + remainders + carries",
            vault,
            sum(credit) + sum(accrued) + sum(remainders) + sum(carries),
        ),
        Line("bonds' balance = bonds + penalties", bonds, sum(bonded) + treasury),
        Line(
            "stake pool's balance = stakes + fees not taken",
            stakes,
            sums["StakePool.Staked.amount"]
            - sums["StakePool.Unstaked.amount"]
            + sums["StakePool.Funded.amount"]
            - sums["StakePool.Claimed.amount"],
        ),
    ]
