"""What the `attribution_` methods answer, as JSON.

Ids, counts, positions and seconds are numbers; wei, weights, points and nonces are quantities
in hex; ratios, exact until here, become floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import EvidenceLeaf, Points
from byline.node.attribution.index.funding import Link
from byline.node.attribution.index.metrics import Badge, Metrics, Noise, Paid
from byline.node.attribution.index.rows import (
    BatchRow,
    ChallengeRow,
    DatasetRow,
    GivenRow,
    ModelRow,
    PolicyRow,
    RecordRow,
    SettlementRow,
    StepRow,
)
from byline.node.attribution.passages import passage
from byline.node.attribution.proof.faults import ChallengeKind, Fault
from byline.precompiles.math import METHODS
from byline.rpc.quantities import as_hex

Json = dict[str, Any]

MOST_NOISE: Final = 1_000
"""Answers that look like noise and are listed one by one."""
METHOD_NAMES: Final = tuple(METHODS)
"""In the order of their numbers."""


def ratio(value: Fraction | None) -> float | None:
    """Return a ratio for people; `None` stays `None`."""
    return None if value is None else float(value)


def spans(
    leaves: Sequence[EvidenceLeaf], datasets: Mapping[int, Dataset], check: Callable[[], None]
) -> list[Json]:
    """Return the leaves by spans, with the words where the dataset is among `datasets`.

    check: called for each leaf; raises where it takes too long.
    """
    found = []
    numbered = enumerate(leaves)
    for (start, length), group in groupby(numbered, key=lambda one: _span_of(one[1])):
        members = list(group)
        shown = []
        for at, one in members:
            check()
            shown.append(_leaf(at, one, datasets))
        ranges = {(one.dataset, one.lo, one.hi) for _, one in members}
        text = next((one["text"] for one in shown if one["text"] is not None), None)
        found.append(
            {
                "start": start,
                "length": length,
                "text": text,
                "count": sum(hi - lo for _, lo, hi in ranges),
                "weight": hex(sum(one.weight for _, one in members)),
                "leaves": shown,
            }
        )
    return found


def _span_of(leaf: EvidenceLeaf) -> tuple[int, int]:
    return leaf.out_pos, leaf.length


def _leaf(at: int, leaf: EvidenceLeaf, datasets: Mapping[int, Dataset]) -> Json:
    document, text = _words(leaf, datasets.get(leaf.dataset))
    return {
        "leaf": at,
        "dataset": leaf.dataset,
        "lo": leaf.lo,
        "hi": leaf.hi,
        "pos": leaf.pos,
        "saIndex": leaf.sa_index,
        "owner": as_hex(leaf.owner),
        "weight": hex(leaf.weight),
        "document": document,
        "text": text,
    }


def _words(leaf: EvidenceLeaf, dataset: Dataset | None) -> tuple[int | None, str | None]:
    """Return document and words of a place; `None` also for a place that does not exist."""
    if dataset is None:
        return None, None
    try:
        found = passage(dataset, leaf.pos, leaf.length)
    except IndexError:
        return None, None
    return found.document, found.text


def points(entries: Points | None) -> list[Json] | None:
    """Return a list of owners and points."""
    if entries is None:
        return None
    return [{"owner": as_hex(owner), "points": hex(amount)} for owner, amount in entries]


def owners(leaves: Sequence[EvidenceLeaf]) -> list[Json]:
    """Return the weight of each owner, ascending by address."""
    sums: dict[bytes, int] = {}
    for leaf in leaves:
        sums[leaf.owner] = sums.get(leaf.owner, 0) + leaf.weight
    return [{"owner": as_hex(who), "weight": hex(sums[who])} for who in sorted(sums)]


def batch(row: BatchRow) -> Json:
    """Return a batch of the ledger."""
    return {
        "id": row.id,
        "model": row.model,
        "operator": as_hex(row.operator),
        "status": row.status.name.lower(),
        "recordedAt": row.recorded_at,
        "windowEnd": row.window_end,
        "finalizedAt": row.finalized_at or None,
        "openDemands": row.open_demands,
        "count": row.count,
        "n": row.n,
        "totalW": hex(row.total_w),
        "totalFee": hex(row.total_fee),
        "bond": hex(row.bond),
        "recordsRoot": as_hex(row.records_root),
        "payoutRoot": as_hex(row.payout_root),
        "block": row.place.block,
    }


def record(row: RecordRow, *, refunded: bool) -> Json:
    """Return a recorded answer."""
    leaf = row.leaf
    return {
        "payer": as_hex(leaf.payer),
        "reqHash": as_hex(leaf.req_hash),
        "outHash": as_hex(leaf.out_hash),
        "evidenceRoot": as_hex(leaf.evidence_root),
        "weightsRoot": as_hex(leaf.weights_root),
        "fee": hex(leaf.fee),
        "tokensIn": leaf.tokens_in,
        "tokensOut": leaf.tokens_out,
        "nonce": hex(leaf.nonce),
        "transaction": as_hex(row.place.transaction),
        "block": row.place.block,
        "refunded": refunded,
    }


def settlement(row: SettlementRow | None) -> Json | None:
    """Return how a batch's fees were divided; `None` before the ledger deposited them."""
    if row is None:
        return None
    return {
        "mode": row.mode.name.lower(),
        "method": METHOD_NAMES[row.method],
        "status": row.status.name.lower(),
        "amount": hex(row.amount),
        "platform": hex(row.platform),
        "treasury": as_hex(row.treasury),
        "owner": as_hex(row.owner),
        "toOwner": hex(row.to_owner),
        "toStakers": hex(row.to_stakers),
        "toAncestors": hex(row.to_ancestors),
        "carried": hex(row.carried),
        "pot": hex(row.pot),
        "left": hex(row.left),
        "listRoot": as_hex(row.list_root),
        "root": as_hex(row.root),
        "settledAt": row.settled_at or None,
    }


def given(row: GivenRow) -> Json:
    """Return what a batch gave to somebody, in wei."""
    return {
        "paid": hex(row.pushed),
        "credited": hex(row.credited),
        "withheld": hex(row.withheld),
        "claimed": hex(row.claimed),
    }


def challenge(row: ChallengeRow) -> Json:
    """Return a challenge that was proven."""
    return {
        "kind": row.kind,
        "name": ChallengeKind(row.kind).name.lower().replace("_", " "),
        "challenger": as_hex(row.challenger),
        "slashed": as_hex(row.slashed),
        "amount": hex(row.amount),
        "block": row.place.block,
    }


def fault(one: Fault) -> Json:
    """Return what is wrong, where, and which challenge proves it."""
    places = {
        "leaf": one.leaf,
        "start": one.start,
        "length": one.length,
        "dataset": one.dataset,
        "pos": one.pos,
        "entry": one.entry,
        "owner": None if one.owner is None else as_hex(one.owner),
    }
    return {
        "kind": int(one.kind),
        "name": one.kind.name,
        "reason": one.reason.name,
        "words": str(one),
        **{name: value for name, value in places.items() if value is not None},
    }


def model(row: ModelRow) -> Json:
    """Return a model of the registry."""
    return {
        "id": row.id,
        "kind": "adapter" if row.kind else "model",
        "status": row.status.name.lower(),
        "owner": as_hex(row.owner),
        "operator": as_hex(row.operator),
        "fallback": as_hex(row.fallback_to),
        "engineId": as_hex(row.engine_id),
        "feePolicy": row.fee_policy,
        "method": METHOD_NAMES[row.method],
        "mode": row.mode.name.lower(),
        "tokens": row.tokens,
        "uri": row.uri,
    }


def dataset(row: DatasetRow) -> Json:
    """Return a dataset of the registry."""
    return {
        "id": row.id,
        "status": row.status.name.lower(),
        "registrant": as_hex(row.registrant),
        "tokens": row.tokens,
        "owners": row.owners,
        "docRoot": as_hex(row.doc_root),
        "tokRoot": as_hex(row.tok_root),
        "saRoot": as_hex(row.sa_root),
        "ownerRoot": as_hex(row.owner_root),
        "version": row.version,
        "previous": row.previous or None,
        "uri": row.uri,
        "license": row.license,
    }


def policy(row: PolicyRow) -> Json:
    """Return a fee policy."""
    return {
        "id": row.id,
        "treasury": as_hex(row.treasury),
        "rateIn": hex(row.rate_in),
        "rateOut": hex(row.rate_out),
        "platformFee": hex(row.platform_fee),
        "platformBps": row.platform_bps,
        "modelBps": row.model_bps,
        "stakerBps": row.staker_bps,
        "contributorBps": row.contributor_bps,
    }


def training(row: StepRow | None) -> Json | None:
    """Return a step of a model's training."""
    if row is None:
        return None
    return {
        "step": row.step,
        "checkpointRoot": as_hex(row.checkpoint_root),
        "batchRoot": as_hex(row.batch_root),
        "loss": row.loss_q16 / 65_536,
    }


def metrics(found: Metrics) -> Json:
    """Return the metrics of a model, each term by its name."""
    source = found.main_source
    return {
        "answers": found.answers,
        "fees": hex(found.fees),
        "payers": {
            "unique": found.payers,
            "new": found.new_payers,
            "returning": found.payers - found.new_payers,
            "repeatShare": ratio(found.repeat_share),
            "againWithin7Days": ratio(found.within_7_days),
            "againWithin30Days": ratio(found.within_30_days),
        },
        "concentration": {
            "hhi": ratio(found.hhi),
            "gini": ratio(found.gini),
            "top1": ratio(found.top_1),
            "top5": ratio(found.top_5),
        },
        "linkage": {
            "payers": [_link(who, link) for who, link in sorted(found.links.items())][:MOST_NOISE],
            "linkedPayers": len(found.links),
            "linkedFees": hex(found.linked_fees),
            "externalFees": hex(found.external_fees),
            "externalShare": ratio(found.external_share),
        },
        "circularity": {"wei": hex(found.circular), "ratio": ratio(found.circularity)},
        "duplicates": {
            "answers": found.duplicates,
            "share": found.duplicates / found.answers if found.answers else None,
        },
        "leastFeeShare": ratio(found.least_fee_share),
        "batchMatesShare": ratio(found.batch_mates),
        "gaps": {
            "meanSeconds": ratio(found.gap_mean),
            "squaredVariation": ratio(found.gap_variation),
        },
        "mainSource": None
        if source is None
        else {"account": as_hex(source[0]), "payers": source[1]},
        "demand": {
            "score": ratio(found.demand),
            "externalShare": ratio(found.external_share),
            "repeatFactor": ratio(found.repeat_factor),
            "hhi": ratio(found.hhi),
            "rule": "externalShare * repeatFactor * (1 - hhi)",
        },
        "noise": {
            "rules": {one.name.lower(): one.value for one in Noise},
            "answers": len(found.noise),
            "fees": hex(sum(one.fee for one, _ in found.noise)),
            "listed": list(_noise(found.noise[:MOST_NOISE])),
            "badges": [_badge(one) for one in found.badges],
        },
    }


def _link(who: bytes, link: Link) -> Json:
    return {"payer": as_hex(who), "insider": as_hex(link.insider), "transfers": link.hops}


def _noise(found: Sequence[tuple[Paid, tuple[Noise, ...]]]) -> Iterator[Json]:
    for one, rules in found:
        yield {
            "batch": one.batch,
            "index": one.index,
            "payer": as_hex(one.payer),
            "fee": hex(one.fee),
            "rules": [rule.name.lower() for rule in rules],
        }


def _badge(one: Badge) -> Json:
    return {
        "name": one.name,
        "rule": f"{one.words} {float(one.bound):g}",
        "value": ratio(one.value),
        "bound": float(one.bound),
        "noisy": one.noisy,
    }
