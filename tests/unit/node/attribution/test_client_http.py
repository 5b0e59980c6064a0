"""What a payer's client does not sign, and what it does not take for an answer."""

from __future__ import annotations

import pytest

from byline.node.attribution.client.http import check_offer, read_answer
from byline.node.attribution.encoding import encode_evidence
from byline.node.errors import NodeError
from tests.paid_answers import QUESTIONS, offer, payment

OFFER = offer(QUESTIONS[0])
SENT = payment(OFFER.terms)
BODY = {
    "answer": OFFER.answer,
    "evidence": "0x" + encode_evidence(OFFER.leaves).hex(),
    "evidenceRoot": "0x" + OFFER.evidence_root.hex(),
    "weightsRoot": "0x" + OFFER.weights_root.hex(),
}


def test_the_answer_that_was_signed_for_is_taken() -> None:
    found = read_answer(BODY, SENT, OFFER.terms)
    assert (found.answer, found.evidence) == (OFFER.answer, OFFER.leaves)
    assert found.receipt.record.evidence_root == OFFER.evidence_root


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": "something else"}, "not the one that was paid"),
        ({"answer": ""}, "not the one that was paid"),
        ({"evidence": "0x"}, "not behind its root"),
        ({"evidence": "0x00"}, "cannot be read"),
        ({"evidence": None}, "cannot be read"),
        ({"weightsRoot": 5}, "cannot be read"),
        ({"weightsRoot": "0x05"}, "cannot be read"),
    ],
)
def test_another_answer_is_noticed(changes: dict[str, object], words: str) -> None:
    with pytest.raises(NodeError, match=words):
        read_answer({**BODY, **changes}, SENT, OFFER.terms)


@pytest.mark.parametrize("name", BODY)
def test_an_answer_with_a_part_missing_is_noticed(name: str) -> None:
    with pytest.raises(NodeError, match="cannot be read"):
        read_answer({key: BODY[key] for key in BODY if key != name}, SENT, OFFER.terms)


def test_an_offer_above_what_is_to_be_paid_is_not_signed() -> None:
    check_offer(OFFER.terms, QUESTIONS[0], OFFER.terms.fee)
    with pytest.raises(NodeError, match=f"at most {OFFER.terms.fee - 1}"):
        check_offer(OFFER.terms, QUESTIONS[0], OFFER.terms.fee - 1)


def test_an_offer_for_another_prompt_is_not_signed() -> None:
    with pytest.raises(NodeError, match="not for the prompt"):
        check_offer(OFFER.terms, QUESTIONS[1], None)
