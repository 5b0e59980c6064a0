"""From signed answers to settled batches: record, publish, finalize, settle, release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.node.attribution.encoding import Points, encode_evidence, encode_packed, out_hash
from byline.node.attribution.receipts import encode_receipts
from byline.node.attribution.tokens import encode_tokens
from byline.node.attribution.weights import payout_root, weights_root
from byline.node.demo.chain import Chain, Cost
from byline.node.demo.desk import Answer, Batch, Desk, request_hash
from byline.node.demo.people import Cast

LEDGER: Final = "InferenceLedger"
VAULT: Final = "PayoutVault"
WINDOW: Final = 601
"""Seconds to wait until nobody can challenge a batch any more."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch that the ledger has."""

    id: int
    model: int
    answers: int
    payouts: Points
    cost: Cost


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch whose fees have been divided."""

    recorded: Recorded
    pot: int
    """Wei for its contributors."""
    cost: Cost
    """Of finalizing and settling it, and of releasing its bond."""


async def record(chain: Chain, cast: Cast, batch: Batch) -> Recorded:
    """Let the operator record a batch of receipts."""
    receipts = encode_receipts(one.receipt for one in batch.signed)
    root = batch.root
    sent = await chain.send(
        cast.operator, LEDGER, "recordBatch", batch.model, receipts, root.root, root.count
    )
    number = sent.one("ReceiptBatch")["batchId"]
    return Recorded(number, batch.model, len(batch.signed), batch.payouts, sent.cost)


async def record_alone(
    chain: Chain, cast: Cast, desk: Desk, model: int, given: Answer, fee: int
) -> Recorded:
    """Let a payer open a request by a transaction, and the operator record its answer."""
    asked = request_hash(given.query.question)
    opened = await chain.send(cast.opener, LEDGER, "open", model, asked, desk.deadline, value=fee)
    owed = desk.attribution(given, fee)
    root = payout_root(owed.points)
    sent = await chain.send(
        cast.operator,
        LEDGER,
        "record",
        opened.one("InferenceOpened")["reqId"],
        out_hash(owed.output),
        owed.evidence.root,
        weights_root(owed.points),
        given.tokens_in,
        given.tokens_out,
        root.root,
        root.count,
    )
    number = sent.one("ReceiptBatch")["batchId"]
    return Recorded(number, model, 1, owed.points, opened.cost + sent.cost)


async def publish(chain: Chain, cast: Cast, number: int, batch: Batch) -> Cost:
    """Let the operator publish the evidence of every record of a batch."""
    cost = Cost()
    for index, one in enumerate(batch.signed):
        sent = await chain.send(
            cast.operator,
            LEDGER,
            "publish",
            number,
            index,
            batch.records[index].encode(),
            batch.tree.proof(index),
            encode_tokens(one.attribution.output),
            encode_evidence(one.attribution.evidence.leaves),
        )
        cost += sent.cost
    return cost


async def refund(chain: Chain, cast: Cast, number: int, batch: Batch) -> int:
    """Give the payers of a void batch their money back; return the wei."""
    total = 0
    for index, one in enumerate(batch.records):
        sent = await chain.send(
            cast.sponsor, LEDGER, "refund", number, index, one.encode(), batch.tree.proof(index)
        )
        total += sent.one("Refunded")["fee"]
    return total


async def settle(chain: Chain, cast: Cast, recorded: Sequence[Recorded]) -> list[Settled]:
    """Wait for the end of the challenge window, then finalize, settle and release each."""
    await chain.travel(WINDOW)
    settled = []
    for one in recorded:
        final = await chain.send(cast.operator, LEDGER, "finalize", one.id)
        cost = final.cost
        if not await chain.view(VAULT, "settled", one.id):
            packed = encode_packed(one.payouts)
            cost += (await chain.send(cast.operator, VAULT, "settle", one.id, packed)).cost
        cost += (await chain.send(cast.operator, LEDGER, "release", one.id)).cost
        settled.append(Settled(one, final.one("Deposited")["pot"], cost))
    return settled


@dataclass(frozen=True, slots=True)
class Books:
    """What was recorded and settled."""

    main: tuple[tuple[Settled, Batch], ...]
    """The adapter's batches."""
    compared: dict[str, Settled]
    """By mode, of the same list."""
    again: Settled
    """The accumulator's list a second time."""
    alone: tuple[Settled, ...]
    """The compared answers, each requested and recorded by itself."""
    base: Settled
