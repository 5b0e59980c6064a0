"""Texts, a corpus and offers for tests of paid answers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from byline.node.accounts import dev_account
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import out_hash
from byline.node.attribution.evidence import attribution
from byline.node.attribution.receipts import InferenceReceipt, ReceiptDomain
from byline.node.attribution.serving.book import Offer
from byline.node.attribution.serving.payments import Payment, Terms, request_hash
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import weights_root

OPERATOR, PAYER, ANNE, BEN = (dev_account(index) for index in range(4))
DOMAIN = ReceiptDomain(901, b"open" + bytes(15) + b"\x08")

DOCUMENTS = (
    Document(
        "The heron stands in shallow water at dawn and waits for small fish. "
        "It strikes faster than the eye can follow.",
        ANNE.address,
    ),
    Document(
        "Peat forms where dead moss is kept wet and cold for thousands of years. "
        "A metre of it takes a millennium to grow.",
        BEN.address,
    ),
    Document(
        "A mill pond stores the night's flow of a brook so that the wheel can turn by day. "
        "Herons like it, too.",
        ANNE.address,
    ),
)
QUESTIONS = (
    "How does a heron catch fish?",
    "How fast does peat grow where moss is wet?",
    "What is a mill pond for?",
    "Why is the wheel of a mill turned by day?",
    "What grows by a metre in a millennium?",
)


@cache
def corpus() -> Corpus:
    return Corpus((Dataset.build(1, DOCUMENTS),), fallback=OPERATOR.address)


def offer(
    prompt: str = QUESTIONS[0],
    answer: str = DOCUMENTS[0].text,
    *,
    fee: int = 10**12,
    now: int = 1_000,
    client: str = "here",
) -> Offer:
    """Return an offer as an endpoint of model 1 makes it: stands 120 s, 900 s to record."""
    found = attribution(corpus(), tokenize(answer), fee)
    terms = Terms(
        model_id=1,
        req_hash=request_hash(prompt),
        out_hash=out_hash(found.output),
        fee=fee,
        deadline=now + 1_020,
        expires=now + 120,
        tokens_in=len(tokenize(prompt)),
        tokens_out=len(found.output),
    )
    return Offer(
        terms=terms,
        client=client,
        answer=answer,
        output=found.output,
        leaves=found.evidence.leaves,
        points=found.points,
        evidence_root=found.evidence.root,
        weights_root=weights_root(found.points),
    )


def payment(terms: Terms, nonce: int = 7, key: bytes = PAYER.key, **changes: Any) -> Payment:
    """Sign for an offer; `changes` are made to the receipt before it is signed."""
    receipt = InferenceReceipt(
        payer=PAYER.address,
        model_id=terms.model_id,
        nonce=nonce,
        req_hash=terms.req_hash,
        out_hash=terms.out_hash,
        fee=terms.fee,
        deadline=terms.deadline,
    )
    receipt = replace(receipt, **changes)
    return Payment(receipt, receipt.sign(DOMAIN, key))
