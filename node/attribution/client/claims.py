"""Claims behind the root of a settled batch: found, proven, sent, and signed for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node import eip712
from byline.node.attribution.client.calls import Contracts, interface, unhexed, word
from byline.node.attribution.client.values import Claim, ClaimPermit, Mode, Settlement
from byline.node.attribution.encoding import Points, decode_packed
from byline.node.eip712 import Domain
from byline.node.errors import NodeError
from byline.node.keys import address_of
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import SumTree

MOST_CLAIMS: Final = 16
"""Of one transaction."""

VAULT: Final = "PayoutVault"
_PERMIT_TYPE: Final = keccak256(
    b"ClaimPermit(address who,bytes32 leavesHash,uint256 maxFee,uint256 nonce,uint256 deadline)"
)


async def payouts(contracts: Contracts, batch: int) -> Points:
    """Return the list behind a batch's payout root, as it was sent to settle or published.

    Raises `NodeError` where it stands in no transaction of the chain: sent by a contract, or
    not yet.
    """
    shown = await contracts.logs("InferenceLedger", "PayoutsPublished", word(batch))
    if shown:
        return decode_packed(shown[-1].fields["packed"])
    parts = await contracts.logs(VAULT, "ChunkSettled", word(batch))
    if not parts:
        parts = await contracts.logs(VAULT, "Settled", word(batch))
    packed = [await _packed_of(contracts, part.transaction, batch) for part in parts]
    if not packed:
        raise NodeError(f"batch {batch} is not settled, and nobody published its payouts")
    return decode_packed(b"".join(packed))


async def _packed_of(contracts: Contracts, transaction: str, batch: int) -> bytes:
    sent = await contracts.client.call("eth_getTransactionByHash", transaction)
    found = interface(VAULT).arguments(bytes.fromhex(sent["input"][2:]))
    if found is None or found[0] not in ("settle", "settleChunk") or found[1][0] != batch:
        raise NodeError(
            f"batch {batch} was settled through {sent['to']} by transaction {transaction}, "
            "whose input does not show the list"
        )
    packed: bytes = found[1][1]
    return packed


def leaves_of(settlement: Settlement, weights: Points) -> tuple[tuple[bytes, int], ...]:
    """Return who may claim how much behind the root of a batch; `NodeError` for another list."""
    method, pot = settlement.method, settlement.pot
    amounts = apportion(method, pot, [weight for _, weight in weights])
    leaves = tuple((owner, amount) for (owner, _), amount in zip(weights, amounts, strict=True))
    if SumTree(leaves).root.root != settlement.root:
        raise NodeError(f"the payouts shown for batch {settlement.batch} are not behind its root")
    return leaves


async def unclaimed(contracts: Contracts, settlement: Settlement, who: bytes) -> tuple[Claim, ...]:
    """Return what `who` can claim of a batch: one claim or none."""
    if settlement.mode is not Mode.ROOT or not settlement.settled:
        return ()
    leaves = leaves_of(settlement, await payouts(contracts, settlement.batch))
    owners = [owner for owner, _ in leaves]
    if who not in owners:
        return ()
    index = owners.index(who)
    if await contracts.read(VAULT, "claimed", settlement.batch, index):
        return ()
    proof = SumTree(leaves).proof(index)
    return (Claim(settlement.batch, index, leaves[index][1], proof),)


async def claim(contracts: Contracts, claims: Sequence[Claim]) -> int:
    """Send claims of the signing account, 16 at once; return the wei, before any penalty."""
    total = 0
    for at in range(0, len(claims), MOST_CLAIMS):
        some = claims[at : at + MOST_CLAIMS]
        await contracts.send(VAULT, "claimMany", [one.words for one in some])
        total += sum(one.amount for one in some)
    return total


async def permit(
    contracts: Contracts,
    chain_id: int,
    key: bytes,
    claims: Sequence[Claim],
    max_fee: int,
    deadline: int,
) -> ClaimPermit:
    """Sign for the sending of claims by anyone (EIP-712).

    Raises `ValueError` for no claims or more than 16.
    """
    if not 1 <= len(claims) <= MOST_CLAIMS:
        raise ValueError(f"{len(claims)} claims: want 1 to {MOST_CLAIMS}")
    who = address_of(key)
    nonce = await contracts.read(VAULT, "nonces", who)
    domain = Domain("Byline Payout Vault", "1", chain_id, contracts.addresses[VAULT])
    digest = permit_digest(domain.separator(), who, claims, max_fee, nonce, deadline)
    return ClaimPermit(who, tuple(claims), max_fee, deadline, eip712.signature(key, digest))


def permit_digest(
    separator: bytes,
    who: bytes,
    claims: Sequence[Claim],
    max_fee: int,
    nonce: int,
    deadline: int,
) -> bytes:
    """Return what `who` signs so that anyone may send its claims (EIP-712).

    separator: of the vault's domain.  Other figures as in `ClaimPermit`.
    """
    hashed = bytes(32)
    for one in claims:
        packed = one.batch.to_bytes(8) + one.index.to_bytes(4) + one.amount.to_bytes(16)
        hashed = keccak256(hashed + packed)
    return eip712.digest(
        separator, eip712.struct_hash(_PERMIT_TYPE, who, hashed, max_fee, nonce, deadline)
    )


async def claim_for(contracts: Contracts, permitted: ClaimPermit) -> int:
    """Send the claims that somebody signed for; return the wei that this account is paid."""
    receipt = await contracts.send(
        VAULT,
        "claimFor",
        permitted.who,
        [one.words for one in permitted.claims],
        permitted.max_fee,
        permitted.deadline,
        permitted.signature,
    )
    event = contracts.event(receipt, VAULT, "Sponsored")
    assert unhexed(event["sponsor"]) == contracts.address
    return int(event["fee"])
