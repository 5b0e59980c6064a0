"""The operator's desk: honest records are honest, the forged one is a lie that is provable."""

from __future__ import annotations

import pytest

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.receipts import ReceiptDomain
from byline.node.demo.desk import Answer, Batch, Desk, answer, in_batches
from byline.node.demo.infinigram import InfiniGram
from byline.node.demo.people import contributor, payer
from byline.node.demo.plan import Query, Sort

ANNA, BERT, FRIEND = (contributor(name).address for name in ("Anna", "Bert", "Friend"))
TEXTS = (
    ("eight", "one two three four five six seven eight", ANNA),
    ("more", "three four five six seven nine ten eleven twelve", BERT),
)
CORPUS = Corpus(
    (Dataset.build(1, [Document(text, owner) for _, text, owner in TEXTS]),), fallback=BERT
)
DOMAIN = ReceiptDomain(901, b"\x08" * 20)
FEE = 10**15 + 7


@pytest.fixture(scope="module")
def given() -> Answer:
    model = InfiniGram(CORPUS, [[title for title, _, _ in TEXTS]])
    return answer(model, CORPUS, Query("one two eight?", payer(0), Sort.EXTERNAL))


def desk() -> Desk:
    return Desk(DOMAIN, BERT, 2**40)


def test_an_honest_record_has_no_fault_and_its_payers_signature(given: Answer) -> None:
    signed = desk().sign(3, given, FEE)
    receipt = signed.receipt.receipt
    assert receipt.signer(DOMAIN, signed.receipt.signature) == payer(0).address
    assert receipt.fee == FEE
    leaves = signed.attribution.evidence.leaves
    assert verify_record(CORPUS, signed.receipt.record, given.written.tokens, leaves) == []


def test_a_forged_record_has_one_wrong_owner_and_is_consistent_otherwise(given: Answer) -> None:
    one = desk()
    signed = one.sign(3, given, FEE, one.forge(given, FEE, FRIEND))
    leaves = signed.attribution.evidence.leaves
    faults = verify_record(CORPUS, signed.receipt.record, given.written.tokens, leaves)
    assert [fault.reason for fault in faults] == [Reason.OTHER_OWNER]
    assert FRIEND in dict(signed.attribution.points)


def test_every_receipt_has_another_nonce(given: Answer) -> None:
    one = desk()
    nonces = [one.sign(3, given, FEE).receipt.receipt.nonce for _ in range(3)]
    assert len(set(nonces)) == 3


def test_a_batch_adds_up_what_its_answers_give(given: Answer) -> None:
    one = desk()
    signed = [one.sign(3, given, FEE) for _ in range(5)]
    batches = in_batches(signed, 3, 2)
    assert [len(batch.signed) for batch in batches] == [2, 2, 1]
    whole = Batch(3, tuple(signed))
    assert whole.root.total == 5 * (FEE // 10**9)
    assert {who for who, _ in whole.payouts} == set(dict(signed[0].attribution.points))
