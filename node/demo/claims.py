"""Contributors take what they are owed, by every way that there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from byline.node import eip712
from byline.node.accounts import DevAccount
from byline.node.attribution.client.claims import MOST_CLAIMS, permit_digest
from byline.node.attribution.client.values import Claim
from byline.node.demo.chain import Chain, Cost, Sent
from byline.node.demo.recording import VAULT, Settled
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumTree


@dataclass(frozen=True, slots=True)
class Taken:
    """Money that left the vault to a contributor."""

    who: bytes
    amount: int
    """Wei that it was owed, the sponsor's fee included."""
    cost: Cost
    fee: int = 0
    """Wei of it that a sponsor kept for its gas."""


def claimable(settled: Iterable[Settled]) -> dict[bytes, list[Claim]]:
    """Return everybody's leaves behind the roots of batches settled by root."""
    found: dict[bytes, list[Claim]] = {}
    for one in settled:
        payouts = one.recorded.payouts
        amounts = apportion(CASCADE, one.pot, [weight for _, weight in payouts])
        owed = [(who, amount) for (who, _), amount in zip(payouts, amounts, strict=True)]
        tree = SumTree(owed)
        for index, (who, amount) in enumerate(owed):
            leaf = Claim(one.recorded.id, index, amount, tree.proof(index))
            found.setdefault(who, []).append(leaf)
    return found


async def claim(chain: Chain, account: DevAccount, leaves: Sequence[Claim]) -> Taken:
    """Claim leaves, 16 at once."""
    taken = Taken(account.address, 0, Cost())
    for at in range(0, len(leaves), MOST_CLAIMS):
        some = [leaf.words for leaf in leaves[at : at + MOST_CLAIMS]]
        if len(some) == 1:
            sent = await chain.send(account, VAULT, "claim", *some[0])
        else:
            sent = await chain.send(account, VAULT, "claimMany", some)
        amount = taken.amount + _amount(sent, "Claimed")
        taken = Taken(account.address, amount, taken.cost + sent.cost)
    return taken


async def claim_sponsored(
    chain: Chain, sponsor: DevAccount, account: DevAccount, leaves: Sequence[Claim], max_fee: int
) -> Taken:
    """Let a sponsor send up to 16 claims of `account`, which only signs (EIP-712)."""
    deadline = await chain.now() + 3600
    nonce = await chain.view(VAULT, "nonces", account.address)
    separator = await chain.view(VAULT, "DOMAIN_SEPARATOR")
    digest = permit_digest(separator, account.address, leaves, max_fee, nonce, deadline)
    signature = eip712.signature(account.key, digest)
    arguments: list[Any] = [leaf.words for leaf in leaves]
    sent = await chain.send(
        sponsor, VAULT, "claimFor", account.address, arguments, max_fee, deadline, signature
    )
    fee = sent.one("Sponsored")["fee"]
    return Taken(account.address, _amount(sent, "Claimed"), sent.cost, fee)


async def withdraw(chain: Chain, account: DevAccount) -> Taken:
    """Withdraw everything credited to an account."""
    sent = await chain.send(account, VAULT, "withdraw")
    return Taken(account.address, _amount(sent, "Withdrawn"), sent.cost)


async def claim_accrued(chain: Chain, account: DevAccount, model: int) -> Taken:
    """Claim what an account's units of a model have earned."""
    sent = await chain.send(account, VAULT, "claimAccrued", model)
    return Taken(account.address, _amount(sent, "AccruedClaimed"), sent.cost)


def _amount(sent: Sent, event: str) -> int:
    return sum(one.fields["amount"] for one in sent.events if one.name == event)
