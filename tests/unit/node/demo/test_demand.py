"""Noise in events that are made by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byline.node.attribution.encoding import EvidenceLeaf, encode_evidence
from byline.node.attribution.evidence import Evidence
from byline.node.demo.chain import Event
from byline.node.demo.demand import demand

MODEL = 7
BUILDER, ANNA, BERT, CARL = (bytes([number]) * 20 for number in (9, 1, 2, 3))
LEAF = EvidenceLeaf(0, 5, 1, 0, 1, 0, ANNA, 10, 0)
ROOT = Evidence((LEAF,)).root


def event(name: str, **fields: Any) -> Event:
    return Event("InferenceLedger", name, fields)


def record(batch: int, nonce: int, payer: bytes, request: bytes, fee: int) -> Event:
    return event(
        "InferenceRecorded",
        batchId=batch,
        index=nonce,
        payer=payer,
        reqHash=request,
        evidenceRoot=ROOT,
        fee=fee,
        nonce=nonce,
    )


def history(*records: Event, model: int = MODEL, batches: int = 1) -> list[Event]:
    return [
        event("ModelRegistered", id=MODEL, owner=BUILDER, fallbackTo=bytes(20)),
        *records,
        *(event("ReceiptBatch", batchId=at + 1, modelId=model) for at in range(batches)),
        event("EvidencePublished", batchId=1, index=0, evidence=encode_evidence([LEAF])),
    ]


def test_two_strangers_are_real_demand() -> None:
    found = demand(history(record(1, 1, BERT, b"a", 30), record(1, 2, CARL, b"b", 10)), MODEL)
    assert (found.records, found.fees, found.payers) == (2, 40, 2)
    assert not found.noise
    assert found.concentration == Fraction(9, 16) + Fraction(1, 16)
    assert found.score == Fraction(1, 2) * (1 - Fraction(10, 16))


def test_who_is_paid_by_its_own_question_is_noise() -> None:
    found = demand(history(record(1, 1, ANNA, b"a", 30), record(1, 2, BERT, b"b", 10)), MODEL)
    assert found.linked == {1}
    assert found.circular == 30
    assert found.external_fees == 10


def test_the_builder_who_asks_is_noise() -> None:
    assert demand(history(record(1, 1, BUILDER, b"a", 30)), MODEL).noise == {1}


def test_the_same_question_by_the_same_payer_is_noise_from_the_second_on() -> None:
    found = demand(
        history(
            record(1, 1, BERT, b"a", 1), record(1, 2, BERT, b"a", 1), record(1, 3, CARL, b"a", 1)
        ),
        MODEL,
    )
    assert found.repeated == {2}
    assert found.returning == 0


def test_who_comes_back_with_another_question_raises_the_score() -> None:
    once = history(record(1, 1, BERT, b"a", 1), record(1, 2, CARL, b"b", 1))
    twice = history(
        record(1, 1, BERT, b"a", 1), record(1, 2, CARL, b"b", 1),
        record(1, 3, BERT, b"c", 1), record(1, 4, CARL, b"d", 1),
    )  # fmt: skip
    assert demand(twice, MODEL).returning == 2
    assert demand(twice, MODEL).score == 2 * demand(once, MODEL).score


def test_void_batches_and_other_models_do_not_count() -> None:
    events = history(record(1, 1, BERT, b"a", 1), record(2, 2, BERT, b"b", 5), batches=2)
    void = event("ChallengeResolved", subject=2, kind=3)
    assert demand([*events, void], MODEL).fees == 1
    assert demand(history(record(1, 1, BERT, b"a", 1), model=8), MODEL).records == 0
