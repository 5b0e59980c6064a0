"""From a question to weights and evidence."""

from __future__ import annotations

import dataclasses

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from byline.node.demo.attribution import (
    AttributedAnswer,
    attribute,
    attribute_text,
    model_id,
    request_hash,
)
from byline.node.demo.corpus import contributors, documents, owners
from byline.node.demo.evidence import (
    evidence_leaves,
    evidence_proof,
    evidence_root,
    verify_evidence,
)
from byline.node.demo.questions import QUESTIONS
from byline.precompiles.math import CASCADE, apportion

ANSWERS = [attribute(question) for question in QUESTIONS]


@pytest.fixture(params=ANSWERS, ids=QUESTIONS)
def answer(request: pytest.FixtureRequest) -> AttributedAnswer:
    found: AttributedAnswer = request.param
    return found


def test_the_demo_asks_about_twenty_questions_and_each_pays_somebody() -> None:
    assert len(QUESTIONS) == len(set(QUESTIONS)) >= 20
    assert all(answer.weights for answer in ANSWERS)
    paid = {one.name for answer in ANSWERS for one, _ in answer.weights}
    assert len(paid) >= 8


def test_every_weight_is_a_sum_of_shares_of_spans(answer: AttributedAnswer) -> None:
    for index, span in enumerate(answer.spans):
        parts = [share.weight for share in answer.shares if share.span == index]
        assert sum(parts) == span.weight
        assert max(parts) - min(parts) <= 1
    totals = {one.name: weight for one, weight in answer.weights}
    assert sum(totals.values()) == sum(span.weight for span in answer.spans)
    for one in contributors():
        owed = sum(share.weight for share in answer.shares if share.contributor == one)
        assert totals.get(one.name, 0) == owed


def test_the_weights_are_what_a_payment_takes(answer: AttributedAnswer) -> None:
    addresses = [one.address for one, _ in answer.weights]
    assert addresses == sorted(set(addresses))
    weights = [weight for _, weight in answer.weights]
    assert min(weights) > 0
    assert sum(apportion(CASCADE, 10**18, weights)) == 10**18


def test_a_share_goes_to_the_owner_of_a_text_with_those_words(answer: AttributedAnswer) -> None:
    texts = {document.topic: document for document in documents()}
    for share in answer.shares:
        assert owners()[share.place.topic] == share.contributor
        span = answer.spans[share.span]
        tokens = texts[share.place.topic].tokens
        there = tokens[share.place.position : share.place.position + span.length]
        assert "".join(t.word for t in there) == "".join(span.text.casefold().split())


def test_an_answer_in_nobodys_words_owes_nobody() -> None:
    answer = attribute_text("Who?", "Colourless green ideas sleep furiously.")
    assert not answer.spans
    assert not answer.shares
    assert not answer.weights
    assert len(evidence_root(answer)) == 32


def test_owning_two_texts_with_the_same_words_earns_one_share() -> None:
    """Repeating oneself is no contribution."""
    for answer in ANSWERS:
        for index, span in enumerate(answer.spans):
            who = [share.contributor.name for share in answer.shares if share.span == index]
            assert len(who) == len(set(who))
            assert set(who) == {owners()[place.topic].name for place in span.places}


def test_every_share_can_be_shown_to_belong_to_the_root(answer: AttributedAnswer) -> None:
    root = evidence_root(answer)
    leaves = evidence_leaves(answer)
    for index, leaf in enumerate(leaves):
        proof = evidence_proof(answer, index)
        assert verify_evidence(root, leaf, index, len(leaves), proof)
        assert not verify_evidence(root, leaf, index, len(leaves) + 1, proof)
        assert not verify_evidence(root, bytes(32), index, len(leaves), proof)
        assert not verify_evidence(root, leaf, index, len(leaves), (*proof, bytes(32)))
        if proof:
            assert not verify_evidence(root, leaf, index, len(leaves), proof[1:])
        for other in range(-1, len(leaves) + 1):
            if other != index:
                assert not verify_evidence(root, leaf, other, len(leaves), proof)


def test_the_root_is_made_as_it_is_documented() -> None:
    """Bytes put together by hand, three leaves: a pair, and one that moves up."""
    answer = next(answer for answer in ANSWERS if len(answer.shares) >= 3)
    answer = dataclasses.replace(answer, shares=answer.shares[:3])
    leaves = [
        keccak(
            b"\x00"
            + answer.spans[share.span].start.to_bytes(4, "big")
            + answer.spans[share.span].length.to_bytes(4, "big")
            + keccak(share.place.topic.encode())
            + share.place.position.to_bytes(4, "big")
            + share.contributor.address
            + share.weight.to_bytes(8, "big")
        )
        for share in answer.shares
    ]
    pair = keccak(b"\x01" + leaves[0] + leaves[1])
    top = keccak(b"\x01" + pair + leaves[2])
    assert evidence_root(answer) == keccak(b"\x02\0\0\0\x03" + top)


def test_there_is_no_proof_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError, match=r"no leaf 99: the answer has \d+ shares"):
        evidence_proof(ANSWERS[0], 99)
    with pytest.raises(IndexError, match=r"no leaf -1"):
        evidence_proof(ANSWERS[0], -1)


@given(data=st.data())
def test_whatever_is_changed_in_a_share_changes_the_root(data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(ANSWERS))
    index = data.draw(st.integers(0, len(answer.shares) - 1))
    share = answer.shares[index]
    place = share.place
    span = answer.spans[share.span]
    change = data.draw(st.sampled_from(["weight", "position", "topic", "owner", "span"]))
    spans = answer.spans
    match change:
        case "weight":
            share = dataclasses.replace(share, weight=share.weight + 1)
        case "position":
            moved = dataclasses.replace(place, position=place.position + 1)
            share = dataclasses.replace(share, place=moved)
        case "topic":
            share = dataclasses.replace(share, place=dataclasses.replace(place, topic="x"))
        case "owner":
            other = next(one for one in contributors() if one != share.contributor)
            share = dataclasses.replace(share, contributor=other)
        case _:
            longer = dataclasses.replace(span, length=span.length + 1)
            spans = (*spans[: share.span], longer, *spans[share.span + 1 :])
    shares = (*answer.shares[:index], share, *answer.shares[index + 1 :])
    changed = dataclasses.replace(answer, shares=shares, spans=spans)
    assert evidence_root(changed) != evidence_root(answer)


def test_ids_are_hashes_of_what_they_name() -> None:
    assert len(model_id()) == 32
    hashes = {request_hash(answer) for answer in ANSWERS}
    assert len(hashes) == len(ANSWERS)
    other = dataclasses.replace(ANSWERS[0], answer=ANSWERS[0].answer + " ")
    assert request_hash(other) not in hashes
