"""Settling a batch: at once where the list is short, else in chunks, whoever else settles it."""

from __future__ import annotations

from typing import Final

from byline.node.attribution.client.calls import ContractRefused, Contracts
from byline.node.attribution.encoding import Points, encode_packed
from byline.precompiles.math.sum_tree import SumTree

MOST_AT_ONCE: Final = 128
"""Owners up to whom a batch fits one transaction in every mode, even if each refuses its money
after having burnt all the gas that its payment may use."""
CASCADE: Final = 0
"""The method whose batches can be settled in chunks; those of others are short enough."""

VAULT: Final = "PayoutVault"


async def settle(contracts: Contracts, batch: int, payouts: Points) -> int:
    """Settle `batch` by the list behind its payout root, and return the transactions needed.

    A batch that was begun in chunks, of any sizes and by anyone, goes on where it stopped; one
    that is settled needs none.  Raises `ContractRefused` where the vault does not take it, and
    has not been taken further by others meanwhile.
    """
    tree, sent = SumTree(payouts), 0
    _, _, method, *_ = await contracts.read(VAULT, "settlement", batch)
    while not await contracts.read(VAULT, "settled", batch):
        reached = await _reached(contracts, batch)
        try:
            if not reached and (method != CASCADE or len(payouts) <= MOST_AT_ONCE):
                await contracts.send(VAULT, "settle", batch, encode_packed(payouts))
            else:
                width = chunk_width(reached, len(payouts))
                packed = encode_packed(payouts[reached : reached + width])
                proof = tree.chunk_proof(reached, width)
                await contracts.send(VAULT, "settleChunk", batch, packed, proof)
        except ContractRefused:
            # Anyone may settle: it is no failure if somebody was faster.
            settled = await contracts.read(VAULT, "settled", batch)
            if not settled and await _reached(contracts, batch) == reached:
                raise
        else:
            sent += 1
    return sent


def chunk_width(reached: int, count: int) -> int:
    """Return how many owners the next chunk of a list has room for: a power of two.

    reached: of the `count` owners, those that are settled.  Chunks begin at a multiple of their
    size; the last one may have fewer owners than it has room for.
    """
    most = min(MOST_AT_ONCE, reached & -reached) if reached else MOST_AT_ONCE
    return min(most, 1 << (count - reached - 1).bit_length())


async def _reached(contracts: Contracts, batch: int) -> int:
    reached, *_ = await contracts.read(VAULT, "progress", batch)
    return int(reached)
