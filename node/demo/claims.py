"""Contributors take what they are owed, by every way that there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.node.accounts import DevAccount
from byline.node.demo.chain import Chain, Cost, Sent
from byline.node.demo.recording import VAULT, Settled
from byline.node.keys import sign
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumTree

MOST_AT_ONCE: Final = 16
"""Claims of one transaction."""
PERMIT: Final = keccak256(
    b"ClaimPermit(address who,bytes32 leavesHash,uint256 maxFee,uint256 nonce,uint256 deadline)"
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What somebody can claim behind the root of a batch."""

    batch: int
    index: int
    amount: int
    proof: bytes

    @property
    def arguments(self) -> tuple[int, int, int, bytes]:
        """The leaf as the vault takes it."""
        return self.batch, self.index, self.amount, self.proof


@dataclass(frozen=True, slots=True)
class Taken:
    """Money that left the vault to a contributor."""

    who: bytes
    amount: int
    """Wei that it was owed, the sponsor's fee included."""
    cost: Cost
    fee: int = 0
    """Wei of it that a sponsor kept for its gas."""


def claimable(settled: Iterable[Settled]) -> dict[bytes, list[Leaf]]:
    """Return everybody's leaves behind the roots of batches settled by root."""
    found: dict[bytes, list[Leaf]] = {}
    for one in settled:
        payouts = one.recorded.payouts
        amounts = apportion(CASCADE, one.pot, [weight for _, weight in payouts])
        owed = [(who, amount) for (who, _), amount in zip(payouts, amounts, strict=True)]
        tree = SumTree(owed)
        for index, (who, amount) in enumerate(owed):
            leaf = Leaf(one.recorded.id, index, amount, tree.proof(index))
            found.setdefault(who, []).append(leaf)
    return found


async def claim(chain: Chain, account: DevAccount, leaves: Sequence[Leaf]) -> Taken:
    """Claim leaves, 16 at once."""
    taken = Taken(account.address, 0, Cost())
    for at in range(0, len(leaves), MOST_AT_ONCE):
        some = [leaf.arguments for leaf in leaves[at : at + MOST_AT_ONCE]]
        if len(some) == 1:
            sent = await chain.send(account, VAULT, "claim", *some[0])
        else:
            sent = await chain.send(account, VAULT, "claimMany", some)
        amount = taken.amount + _amount(sent, "Claimed")
        taken = Taken(account.address, amount, taken.cost + sent.cost)
    return taken


async def claim_sponsored(
    chain: Chain, sponsor: DevAccount, account: DevAccount, leaves: Sequence[Leaf], max_fee: int
) -> Taken:
    """Let a sponsor send up to 16 claims of `account`, which only signs (EIP-712)."""
    hashed = bytes(32)
    for leaf in leaves:
        packed = (
            leaf.batch.to_bytes(8, "big")
            + leaf.index.to_bytes(4, "big")
            + leaf.amount.to_bytes(16, "big")
        )
        hashed = keccak256(hashed + packed)
    deadline = await chain.now() + 3600
    nonce = await chain.view(VAULT, "nonces", account.address)
    words = [int.from_bytes(hashed, "big"), max_fee, nonce, deadline]
    permit = keccak256(
        PERMIT + bytes(12) + account.address + b"".join(word.to_bytes(32, "big") for word in words)
    )
    domain = await chain.view(VAULT, "DOMAIN_SEPARATOR")
    parity, r, s = sign(account.key, keccak256(b"\x19\x01" + domain + permit))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
    arguments: list[Any] = [leaf.arguments for leaf in leaves]
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
