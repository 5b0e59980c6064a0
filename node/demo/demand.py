"""Real demand or noise: what the ledger's events say about who pays for a model's answers.

Rules, each of which marks a record as noise by itself:

    linked     the payer is among those whom the record pays, or registered the model
    repeated   the payer has asked the very same before

A score multiplies what is left: the part of the fees that is external, times one more than
the part of payers who came back (at most 2, halved), times one minus the concentration of
the payers (Herfindahl and Hirschman, by fees).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from byline.node.attribution.encoding import decode_evidence
from byline.node.attribution.evidence import Evidence
from byline.node.demo.chain import Event


@dataclass(frozen=True, slots=True)
class Demand:
    """Of all records of one model in batches that no challenge ended."""

    records: int
    fees: int
    """Wei."""
    payers: int
    returning: int
    """Payers with more than one question, noise left out."""
    linked: frozenset[int]
    """Nonces of the records that the rule marks."""
    repeated: frozenset[int]
    external_fees: int
    """Wei of records without a mark."""
    concentration: Fraction
    """Sum over payers of the square of their part of all fees."""
    circular: int
    """Wei of fees whose payer the record pays."""

    @property
    def noise(self) -> frozenset[int]:
        """Nonces of all marked records."""
        return self.linked | self.repeated

    @property
    def score(self) -> Fraction:
        """From 0, all noise, to 1."""
        external = Fraction(self.external_fees, max(1, self.fees))
        repeat = (1 + Fraction(self.returning, max(1, self.payers))) / 2
        return external * repeat * (1 - self.concentration)


def demand(events: Sequence[Event], model: int) -> Demand:
    """Measure the demand for `model` from events of the attribution contracts."""
    models = {
        event.fields["id"]: event.fields for event in events if event.name == "ModelRegistered"
    }
    void = {event.fields["subject"] for event in events if event.name == "ChallengeResolved"}
    of_model = {
        event.fields["batchId"]
        for event in events
        if event.name == "ReceiptBatch" and event.fields["modelId"] == model
    }
    records = [
        event.fields
        for event in events
        if event.name == "InferenceRecorded" and event.fields["batchId"] in of_model - void
    ]
    owners = {
        Evidence(leaves).root: {leaf.owner for leaf in leaves}
        for event in events
        if event.name == "EvidencePublished"
        for leaves in [decode_evidence(event.fields["evidence"])]
    }
    builder = models[model]["owner"]
    linked, repeated, circular = set(), set(), 0
    asked: set[tuple[bytes, bytes]] = set()
    for one in records:
        paid = owners.get(one["evidenceRoot"], set())
        if one["payer"] in paid or one["payer"] == builder:
            linked.add(one["nonce"])
            circular += one["fee"]
        if (one["payer"], one["reqHash"]) in asked:
            repeated.add(one["nonce"])
        asked.add((one["payer"], one["reqHash"]))
    by_payer: Counter[bytes] = Counter()
    questions: Counter[bytes] = Counter()
    external = 0
    for one in records:
        by_payer[one["payer"]] += one["fee"]
        if one["nonce"] not in linked | repeated:
            external += one["fee"]
            questions[one["payer"]] += 1
    fees = by_payer.total()
    return Demand(
        records=len(records),
        fees=fees,
        payers=len(by_payer),
        returning=sum(count > 1 for count in questions.values()),
        linked=frozenset(linked),
        repeated=frozenset(repeated),
        external_fees=external,
        concentration=sum(
            (Fraction(paid, max(1, fees)) ** 2 for paid in by_payer.values()), Fraction(0)
        ),
        circular=circular,
    )
