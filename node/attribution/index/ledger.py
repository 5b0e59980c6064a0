"""Requests, batches, evidence and challenges, from the events of the inference ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from byline.node.attribution.encoding import (
    Points,
    RecordLeaf,
    decode_evidence,
    decode_packed,
)
from byline.node.attribution.index.events import Event
from byline.node.attribution.index.rows import (
    BatchRow,
    BatchStatus,
    ChallengeRow,
    DemandRow,
    PublishedRow,
    RecordRow,
    RequestRow,
)
from byline.node.attribution.tokens import decode_tokens
from byline.node.attribution.weights import batch_payouts, can_be_divided_by, payout_root, points

BAD_DATASET: Final = 5
PAYOUTS_INDEX: Final = 2**64 - 1
"""Stands for the list of payouts where a record's index is asked for."""


@dataclass(frozen=True, slots=True)
class LedgerBook:
    """What the ledger holds.  Only `enter` writes, into a copy that nobody else has yet."""

    prepaid: dict[bytes, int] = field(default_factory=dict)
    paid_for: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    """By who paid in and for whom: wei that others than the payer paid in."""
    withdrawals: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Amount, and the second from which on it may be withdrawn."""
    requests: dict[bytes, RequestRow] = field(default_factory=dict)
    """That are open, by id."""
    batches: dict[int, BatchRow] = field(default_factory=dict)
    records: dict[tuple[int, int], RecordRow] = field(default_factory=dict)
    """By batch and index; so are the next three."""
    published: dict[tuple[int, int], PublishedRow] = field(default_factory=dict)
    demands: dict[tuple[int, int], DemandRow] = field(default_factory=dict)
    """That are open.  `PAYOUTS_INDEX` is for the list of payouts."""
    refunds: dict[tuple[int, int], int] = field(default_factory=dict)
    """Fees that were given back."""
    lists: dict[int, Points] = field(default_factory=dict)
    """Lists of payouts that were published, by batch."""
    challenges: dict[int, ChallengeRow] = field(default_factory=dict)
    """By their number, from 1."""

    def enter(self, event: Event, challenge_window: int) -> None:
        """Take in an event of the ledger; the window is in seconds."""
        if event.name == "ReceiptBatch":
            _receipt_batch(self, event, challenge_window)
        else:
            _ENTRIES[event.name](self, event)

    def records_of(self, batch: int) -> tuple[RecordRow, ...]:
        """Return the records of a batch in order."""
        count = self.batches[batch].count
        return tuple(self.records[batch, index] for index in range(count))

    def points_of(self, batch: int, index: int, fallback: bytes) -> Points | None:
        """Return the points that a record's evidence gives; `None` while it is not public.

        `None` also for evidence that gives nobody anything: anyone may commit to leaves whose
        weights cannot be divided by, and publish them.
        """
        shown = self.published.get((batch, index))
        if shown is None or not can_be_divided_by(shown.leaves):
            return None
        return points(shown.leaves, self.records[batch, index].leaf.fee, fallback)

    def payouts_of(self, batch: int, fallback: bytes) -> Points | None:
        """Return the list behind a batch's payout root, where events give it.

        That is where somebody published it, or where all evidence is public and its points
        add up to the root.
        """
        if batch in self.lists:
            return self.lists[batch]
        row = self.batches[batch]
        parts = [self.points_of(batch, index, fallback) for index in range(row.count)]
        known = [part for part in parts if part is not None]
        if len(known) < row.count:
            return None
        summed = batch_payouts(known)
        found = payout_root(summed)
        same = (found.root, found.total, found.count) == (row.payout_root, row.total_w, row.n)
        return summed if same else None

    def challenges_of(self, batch: int) -> Iterable[ChallengeRow]:
        """Yield what was proven against a batch."""
        return (
            one
            for one in self.challenges.values()
            if one.subject == batch and one.kind != BAD_DATASET
        )


def _add(book: LedgerBook, who: bytes, amount: int) -> None:
    book.prepaid[who] = book.prepaid.get(who, 0) + amount


def _paid_in(book: LedgerBook, e: Event) -> None:
    _add(book, e["payer"], e["amount"])
    if e["by"] != e["payer"]:
        key = (e["by"], e["payer"])
        book.paid_for[key] = book.paid_for.get(key, 0) + e["amount"]


def _withdrawal_requested(book: LedgerBook, e: Event) -> None:
    book.withdrawals[e["payer"]] = (e["amount"], e["readyAt"])


def _withdrawn(book: LedgerBook, e: Event) -> None:
    book.withdrawals.pop(e["payer"])
    _add(book, e["payer"], -e["amount"])


def _opened(book: LedgerBook, e: Event) -> None:
    book.requests[e["reqId"]] = RequestRow(
        e["payer"], e["modelId"], e["reqHash"], e["fee"], e["deadline"], e["nonce"]
    )


def _closed(book: LedgerBook, e: Event) -> None:
    book.requests.pop(e["reqId"])


def _recorded(book: LedgerBook, e: Event) -> None:
    leaf = RecordLeaf(
        e["payer"],
        e["reqHash"],
        e["outHash"],
        e["evidenceRoot"],
        e["weightsRoot"],
        e["fee"],
        e["tokensIn"],
        e["tokensOut"],
        e["nonce"],
    )
    book.records[e["batchId"], e["index"]] = RecordRow(e["batchId"], e["index"], leaf, e.place)


def _receipt_batch(book: LedgerBook, e: Event, window: int) -> None:
    book.batches[e["batchId"]] = BatchRow(
        id=e["batchId"],
        model=e["modelId"],
        operator=e["operator"],
        records_root=e["recordsRoot"],
        payout_root=e["payoutRoot"],
        count=e["count"],
        n=e["n"],
        total_w=e["totalW"],
        total_fee=e["totalFee"],
        bond=e["bond"],
        recorded_at=e.place.timestamp,
        window_end=e.place.timestamp + window,
        place=e.place,
    )


def _published(book: LedgerBook, e: Event) -> None:
    shown = PublishedRow(decode_tokens(e["output"]), decode_evidence(e["evidence"]))
    book.published[e["batchId"], e["index"]] = shown


def _payouts_published(book: LedgerBook, e: Event) -> None:
    book.lists[e["batchId"]] = decode_packed(e["packed"])


def _demanded(book: LedgerBook, e: Event) -> None:
    row = book.batches[e["batchId"]]
    book.batches[row.id] = replace(row, open_demands=row.open_demands + 1)
    book.demands[row.id, e["index"]] = DemandRow(e["by"], e["fee"], e["deadline"])


def _demand_answered(book: LedgerBook, e: Event) -> None:
    row = book.batches[e["batchId"]]
    fewer = row.open_demands - 1
    book.batches[row.id] = replace(row, open_demands=fewer, window_end=e["windowEnd"])
    book.demands.pop((row.id, e["index"]))
    _add(book, e["to"], e["fee"])


def _demand_returned(book: LedgerBook, e: Event) -> None:
    row = book.batches[e["batchId"]]
    book.batches[row.id] = replace(row, open_demands=row.open_demands - 1)
    book.demands.pop((row.id, e["index"]))
    _add(book, e["to"], e["fee"])


def _challenged(book: LedgerBook, e: Event) -> None:
    number = len(book.challenges) + 1
    book.challenges[number] = ChallengeRow(
        e["subject"], e["kind"], e["challenger"], bytes(20), 0, e.place
    )


def _challenge_resolved(book: LedgerBook, e: Event) -> None:
    """Enter the outcome; the contract tells it right after `Challenged`."""
    number = len(book.challenges)
    told = book.challenges[number]
    book.challenges[number] = replace(told, slashed=e["slashed"], amount=e["amount"])
    if e["kind"] != BAD_DATASET:
        row = book.batches[e["subject"]]
        final = row.status is BatchStatus.FINALIZED
        status = BatchStatus.DEFAULTED if final else BatchStatus.VOID
        book.batches[row.id] = replace(row, status=status)


def _finalized(book: LedgerBook, e: Event) -> None:
    row = book.batches[e["batchId"]]
    book.batches[row.id] = replace(
        row, status=BatchStatus.FINALIZED, finalized_at=e.place.timestamp
    )


def _released(book: LedgerBook, e: Event) -> None:
    row = book.batches[e["batchId"]]
    book.batches[row.id] = replace(row, status=BatchStatus.RELEASED)


def _refunded(book: LedgerBook, e: Event) -> None:
    book.refunds[e["batchId"], e["index"]] = e["fee"]
    _add(book, e["payer"], e["fee"])


_ENTRIES: Final[Mapping[str, Callable[[LedgerBook, Event], None]]] = MappingProxyType(
    {
        "PrepaidDeposited": _paid_in,
        "PrepaidDebited": lambda book, e: _add(book, e["payer"], -e["amount"]),
        "WithdrawalRequested": _withdrawal_requested,
        "Withdrawn": _withdrawn,
        "InferenceOpened": _opened,
        "InferenceCancelled": _closed,
        "InferenceAnswered": _closed,
        "InferenceRecorded": _recorded,
        "EvidencePublished": _published,
        "PayoutsPublished": _payouts_published,
        "EvidenceDemanded": _demanded,
        "DemandAnswered": _demand_answered,
        "DemandReturned": _demand_returned,
        "Challenged": _challenged,
        "ChallengeResolved": _challenge_resolved,
        "Finalized": _finalized,
        "Released": _released,
        "Refunded": _refunded,
    }
)
