"""Settling a batch: at once where the list is short, else in chunks."""

from __future__ import annotations

from typing import Final

from byline.node.attribution.client_calls import Contracts
from byline.node.attribution.encoding import Points, encode_packed
from byline.node.errors import NodeError
from byline.precompiles.math.sum_tree import SumTree

MOST_AT_ONCE: Final = 256
"""Owners up to whom a batch fits one transaction in every mode."""

VAULT: Final = "PayoutVault"


async def settle(contracts: Contracts, batch: int, payouts: Points) -> int:
    """Settle `batch` by the list behind its payout root, and return the transactions needed.

    A batch that was begun in chunks goes on where it stopped; one that is settled needs none.
    Raises `ContractRefused` where the vault does not take it.
    """
    if await contracts.read(VAULT, "settled", batch):
        return 0
    reached, *_ = await contracts.read(VAULT, "progress", batch)
    if not reached and len(payouts) <= MOST_AT_ONCE:
        await contracts.send(VAULT, "settle", batch, encode_packed(payouts))
        return 1
    tree, size, sent = SumTree(payouts), MOST_AT_ONCE, 0
    if reached % size:
        raise NodeError(
            f"batch {batch} was begun in chunks that are no multiple of {size}: whoever began "
            f"it has {reached} of {len(payouts)} owners settled"
        )
    for start in range(reached, len(payouts), size):
        chunk = payouts[start : start + size]
        # The last one is as large a chunk as it needs to be.
        width = min(size, 1 << (len(chunk) - 1).bit_length())
        proof = tree.chunk_proof(start, width)
        await contracts.send(VAULT, "settleChunk", batch, encode_packed(chunk), proof)
        sent += 1
    return sent
