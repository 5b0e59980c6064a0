"""Batches as ledger and vault have them, and the records in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from byline.node.attribution.client.calls import Contracts, unhexed, word
from byline.node.attribution.client.values import (
    AnsweredRecord,
    BatchStatus,
    Mode,
    Settlement,
)
from byline.node.attribution.encoding import RecordLeaf, decode_evidence
from byline.node.attribution.onchain import Batch, Model
from byline.node.attribution.states import RegistryStatus
from byline.node.attribution.tokens import decode_tokens
from byline.node.attribution.weights import can_be_divided_by, points
from byline.node.errors import NodeError
from byline.precompiles.evidence.merkle import MerkleTree

LEDGER: Final = "InferenceLedger"
VAULT: Final = "PayoutVault"
REGISTRY: Final = "AttributionRegistry"


async def model_of(contracts: Contracts, model: int) -> Model:
    """Return what the registry says of a model; `NodeError` for one that is unknown."""
    found = await contracts.read(REGISTRY, "model", model)
    owner, operator, fallback, kind, policy, engine, method, mode, tokens, status = found
    if not status:
        raise NodeError(f"model {model} is not registered")
    return Model(
        id=model,
        owner=unhexed(owner),
        operator=unhexed(operator),
        fallback_to=unhexed(fallback),
        kind=kind,
        fee_policy=policy,
        engine_id=engine,
        method=method,
        mode=Mode(mode),
        tokens=tokens,
        status=RegistryStatus(status),
        datasets=tuple(await contracts.read(REGISTRY, "modelDatasets", model)),
    )


async def endpoint_of(contracts: Contracts, model: int) -> str:
    """Return the URI that a model was registered with; `NodeError` where it is no HTTP URL."""
    found = await contracts.logs(REGISTRY, "ModelRegistered", word(model))
    uri = str(found[0].fields["uri"]) if found else ""
    if not uri.startswith(("http://", "https://")):
        raise NodeError(f"model {model} names no endpoint, its URI is {uri!r}: pass the URL")
    return uri


async def batch_of(contracts: Contracts, batch: int) -> Batch:
    """Return what the ledger says of a batch."""
    found = await contracts.read(LEDGER, "batch", batch)
    model, operator, records, payouts, count, n, weight, fee, at, status = found
    _, demands, end, _ = await contracts.read(LEDGER, "batchState", batch)
    return Batch(
        id=batch,
        model=model,
        operator=unhexed(operator),
        records_root=records,
        payout_root=payouts,
        count=count,
        n=n,
        total_w=weight,
        total_fee=fee,
        recorded_at=at,
        status=BatchStatus(status),
        open_demands=demands,
        window_end=end,
    )


async def settlement_of(contracts: Contracts, batch: int) -> Settlement:
    """Return what the vault says of a batch."""
    found = await contracts.read(VAULT, "settlement", batch)
    model, mode, method, pot, root, count, _ = found
    settled = await contracts.read(VAULT, "settled", batch)
    return Settlement(batch, model, Mode(mode), method, pot, root, count, settled)


async def records_of(contracts: Contracts, batch: int) -> tuple[RecordLeaf, ...]:
    """Return the records of a batch in order, as the ledger logged them."""
    found = await contracts.logs(LEDGER, "InferenceRecorded", word(batch))
    ordered = sorted((one.fields for one in found), key=lambda fields: fields["index"])
    return tuple(map(record_in, ordered))


def record_in(fields: Mapping[str, Any]) -> RecordLeaf:
    """Return the record that an InferenceRecorded event tells of."""
    return RecordLeaf(
        payer=unhexed(fields["payer"]),
        req_hash=fields["reqHash"],
        out_hash=fields["outHash"],
        evidence_root=fields["evidenceRoot"],
        weights_root=fields["weightsRoot"],
        fee=fields["fee"],
        tokens_in=fields["tokensIn"],
        tokens_out=fields["tokensOut"],
        nonce=fields["nonce"],
    )


async def proven_record(contracts: Contracts, batch: int, index: int) -> tuple[bytes, bytes]:
    """Return the leaf of a record and its proof; `NodeError` for one that is not there."""
    leaves = [record.encode() for record in await records_of(contracts, batch)]
    if not 0 <= index < len(leaves):
        raise NodeError(f"batch {batch} has {len(leaves)} records: no record {index}")
    return leaves[index], MerkleTree(leaves).proof(index)


async def published(contracts: Contracts, batch: int, index: int) -> AnsweredRecord | None:
    """Return what was published for a record, with the points that its leaves give.

    Raises `NodeError` for leaves that give none: what is published may be anybody's lie.
    """
    found = await contracts.logs(LEDGER, "EvidencePublished", word(batch), word(index))
    if not found:
        return None
    record = (await records_of(contracts, batch))[index]
    output = decode_tokens(found[-1].fields["output"])
    leaves = decode_evidence(found[-1].fields["evidence"])
    if not can_be_divided_by(leaves):
        raise NodeError(
            f"batch {batch}, record {index}: the weights of the published evidence add up to "
            f"{sum(leaf.weight for leaf in leaves)}, want 1 to 2**64-1: a challenge of kind 6 "
            "proves it wrong"
        )
    model = await model_of(contracts, (await batch_of(contracts, batch)).model)
    return AnsweredRecord(record, output, leaves, points(leaves, record.fee, model.fallback_to))
