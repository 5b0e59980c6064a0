"""The watcher: recomputes what was published and proves what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byline.node.attribution.challenges import Challenge, Shown
from byline.node.attribution.check import verify_record
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import RecordLeaf, decode_evidence
from byline.node.attribution.faults import Fault
from byline.node.attribution.proving import RecordCase, challenge_of
from byline.node.attribution.tokens import decode_tokens
from byline.node.demo.audit import record_of
from byline.node.demo.chain import Chain, Cost, Event
from byline.node.demo.people import Cast
from byline.precompiles.evidence.merkle import MerkleTree


@dataclass(frozen=True, slots=True)
class Finding:
    """A record that is not the honest one."""

    batch: int
    index: int
    fault: Fault
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Slashed:
    """What a challenge brought about."""

    finding: Finding
    amount: int
    """Wei of the operator's bond."""
    reward: int
    """Wei of them that are the watcher's."""
    cost: Cost


def watch(events: Sequence[Event], model: int, corpus: Corpus) -> tuple[int, list[Finding]]:
    """Check every record of `model` whose evidence is published, in events alone.

    Returns how many were checked, and the first fault of each that is wrong.
    """
    batches = {
        event.fields["batchId"]
        for event in events
        if event.name == "ReceiptBatch" and event.fields["modelId"] == model
    }
    records: dict[int, dict[int, RecordLeaf]] = {number: {} for number in batches}
    shown: list[Event] = []
    for event in events:
        if event.name == "InferenceRecorded" and event.fields["batchId"] in batches:
            records[event.fields["batchId"]][event.fields["index"]] = record_of(event.fields)
        if event.name == "EvidencePublished" and event.fields["batchId"] in batches:
            shown.append(event)
    found = []
    for event in shown:
        number, index = event.fields["batchId"], event.fields["index"]
        output = decode_tokens(event.fields["output"])
        leaves = decode_evidence(event.fields["evidence"])
        in_order = [records[number][at] for at in range(len(records[number]))]
        faults = verify_record(corpus, in_order[index], output, leaves)
        if faults:
            proof = MerkleTree([one.encode() for one in in_order]).proof(index)
            case = RecordCase(corpus, Shown(index, in_order[index], proof), output, leaves)
            found.append(Finding(number, index, faults[0], challenge_of(faults[0], case)))
    return len(shown), found


async def challenge(chain: Chain, cast: Cast, finding: Finding) -> Slashed:
    """Let the watcher prove a finding to the ledger."""
    sent = await chain.send(
        cast.watcher,
        "InferenceLedger",
        "challenge",
        finding.batch,
        finding.challenge.kind,
        finding.challenge.encode(),
    )
    slashed = sent.one("Slashed")
    reward = slashed["toChallenger"]
    return Slashed(finding, reward + slashed["toTreasury"], reward, sent.cost)
