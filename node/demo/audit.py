"""From events alone to every root: what anybody can recompute who has derived the chain.

Records give the root of their batch, published evidence the root of each record and its
points, points the payouts, payouts and pot the root that claims are made against.  Nothing
is taken from the demo's own books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from byline.node.attribution.encoding import Points, RecordLeaf, decode_evidence
from byline.node.attribution.evidence import Evidence
from byline.node.attribution.states import MODES
from byline.node.attribution.weights import batch_payouts, payout_root, points, weights_root
from byline.node.demo.chain import Event
from byline.precompiles.evidence.merkle import merkle_root
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import sum_tree_root


@dataclass(slots=True)
class _Batch:
    """What events say of a batch."""

    head: dict[str, Any]
    records: list[dict[str, Any]] = field(default_factory=list)
    void: bool = False
    deposited: dict[str, Any] | None = None
    settled: dict[str, Any] | None = None
    paid: dict[bytes, int] = field(default_factory=dict)
    """Pushed or credited, with what was withheld."""
    units: dict[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out."""

    batches: int
    """Batches whose every root was recomputed."""
    settlements: int
    """Of those, the ones that were settled."""
    void: int
    """Batches that a challenge ended; their evidence is not honest, and nothing is paid."""
    roots: int
    """Roots that were recomputed and are equal."""
    wei: int
    """Of all pots that were divided anew."""
    faults: tuple[str, ...]
    """What differs, in words."""


def audit(events: Sequence[Event]) -> Audit:
    """Recompute everything that the events of the attribution contracts commit to."""
    batches, published, fallbacks = _gather(events)
    faults: list[str] = []
    roots = settlements = wei = 0
    for number, batch in sorted(batches.items()):
        checks = list(_checks(batch, published, fallbacks[batch.head["modelId"]]))
        faults += [f"batch {number}: {name}" for name, same in checks if not same]
        roots += sum(same for _, same in checks)
        if batch.settled is not None:
            settlements += 1
            wei += int(batch.settled["pot"])
    void = sum(batch.void for batch in batches.values())
    return Audit(len(batches) - void, settlements, void, roots, wei, tuple(faults))


def _gather(
    events: Sequence[Event],
) -> tuple[dict[int, _Batch], dict[bytes, bytes], dict[int, bytes]]:
    """Return the batches, published evidence by its root, and the fallback of each model."""
    batches: dict[int, _Batch] = {}
    opening: dict[int, int] = {}
    waiting: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    published: dict[bytes, bytes] = {}
    fallbacks: dict[int, bytes] = {}
    for event in events:
        fields = dict(event.fields)
        match event.name:
            case "ModelRegistered":
                owner, to = fields["owner"], fields["fallbackTo"]
                fallbacks[fields["id"]] = to if any(to) else owner
            case "InferenceRecorded":
                waiting[fields["batchId"]].append(fields)
            case "ReceiptBatch":
                batches[fields["batchId"]] = _Batch(fields)
            case "EvidencePublished":
                leaves = decode_evidence(fields["evidence"])
                published[Evidence(leaves).root] = fields["evidence"]
            case "ChallengeResolved" if fields["kind"] != 5:
                batches[fields["subject"]].void = True
            case "Deposited":
                batches[fields["batchId"]].deposited = fields
            case "Settled":
                batches[fields["batchId"]].settled = fields
            case "Pushed" | "Credited" | "Withheld" if fields["batchId"] in batches:
                paid = batches[fields["batchId"]].paid
                paid[fields["who"]] = paid.get(fields["who"], 0) + fields["amount"]
            case "EpochOpened":
                opening[fields["modelId"]] = fields["batchId"]
            case "UnitsEntered":
                units = batches[opening[fields["modelId"]]].units
                units[fields["who"]] = fields["units"]
    for number, batch in batches.items():
        batch.records = sorted(waiting[number], key=lambda one: int(one["index"]))
    return batches, published, fallbacks


def _checks(
    batch: _Batch, published: dict[bytes, bytes], fallback: bytes
) -> Iterator[tuple[str, bool]]:
    """Yield what was recomputed and whether it is the same."""
    records = [record_of(one) for one in batch.records]
    yield (
        "records root",
        (merkle_root([one.encode() for one in records]) == batch.head["recordsRoot"]),
    )
    if batch.void:
        return
    lists: list[Points] = []
    for at, record in enumerate(records):
        evidence = published.get(record.evidence_root)
        if evidence is None and record.evidence_root != Evidence(()).root:
            yield f"evidence of record {at} is not published", False
            return
        owed = points(decode_evidence(evidence or b""), record.fee, fallback)
        yield f"weights root of record {at}", weights_root(owed) == record.weights_root
        lists.append(owed)
    payouts = batch_payouts(lists)
    root = payout_root(payouts)
    head = batch.head
    yield (
        "payout root",
        (root.root, root.count, root.total)
        == (
            head["payoutRoot"],
            head["n"],
            head["totalW"],
        ),
    )
    if batch.deposited is not None:
        yield "division of the fees", _divided(batch.deposited)
    if batch.settled is not None:
        yield f"settlement by {MODES[batch.settled['mode']]}", _settled(batch, payouts)


def _divided(deposited: dict[str, Any]) -> bool:
    """Return whether a deposit is all given to somebody."""
    parts = ("platform", "toOwner", "toStakers", "toAncestors", "pot")
    given: int = sum(deposited[part] for part in parts) - deposited["carried"]
    return given == int(deposited["amount"])


def _settled(batch: _Batch, payouts: Points) -> bool:
    """Return whether a settlement paid, or committed to, what payouts and pot give."""
    settled = batch.settled
    assert settled is not None
    weights = [weight for _, weight in payouts]
    amounts = apportion(settled["method"], settled["pot"], weights)
    owed = tuple(zip([who for who, _ in payouts], amounts, strict=True))
    match MODES[settled["mode"]]:
        case "root":
            found = sum_tree_root(owed)
            return bool(found.root == settled["root"] and found.total == settled["pot"])
        case "accumulator":
            # A batch with the list of the one before enters no units again.
            return not batch.units or batch.units == dict(payouts)
        case _:
            return batch.paid == {who: amount for who, amount in owed if amount}


def record_of(fields: Mapping[str, Any]) -> RecordLeaf:
    """Return the leaf that an `InferenceRecorded` event tells."""
    return RecordLeaf(
        payer=fields["payer"],
        req_hash=fields["reqHash"],
        out_hash=fields["outHash"],
        evidence_root=fields["evidenceRoot"],
        weights_root=fields["weightsRoot"],
        fee=fields["fee"],
        tokens_in=fields["tokensIn"],
        tokens_out=fields["tokensOut"],
        nonce=fields["nonce"],
    )
