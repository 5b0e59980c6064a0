"""One payout, from the words of the answer to the wei: what the node's RPC says of a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byline.node.demo.chain import Chain
from byline.node.demo.desk import Batch, Signed
from byline.node.demo.plan import Sort
from byline.node.demo.recording import Books, Settled


async def explanation(chain: Chain, settled: Settled, index: int) -> dict[str, Any]:
    """Return `attribution_explain` of a record."""
    found: dict[str, Any] = await chain.l2.call("attribution_explain", settled.recorded.id, index)
    return found


async def verified(chain: Chain, books: Books) -> tuple[int, list[str]]:
    """Ask `attribution_verify` about every answer of the adapter.

    Returns how many records, batches and settlements it has checked, and what is wrong.
    """
    checked, wrong = 0, []
    for settled, batch in books.main:
        for index in range(len(batch.signed)):
            found = await chain.l2.call("attribution_verify", settled.recorded.id, index)
            parts = (found, found["batch"], found["settlement"])
            checked += all(part["checked"] for part in parts)
            wrong += [str(fault) for part in parts for fault in part["faults"]]
    return checked, wrong


def most_telling(batches: Sequence[tuple[Settled, Batch]]) -> tuple[Settled, Signed, int]:
    """Return which honest payer's record to explain: of most owners, then of most leaves."""
    ranked = [
        (len(one.attribution.points), len(one.attribution.evidence.leaves), -number, -index)
        for number, (_, batch) in enumerate(batches)
        for index, one in enumerate(batch.signed)
        if one.answer.query.sort is not Sort.WASH
    ]
    _, _, number, index = max(ranked)
    settled, batch = batches[-number]
    return settled, batch.signed[-index], -index
