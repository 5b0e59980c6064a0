"""The attribution loop on real texts: a model answers, and the authors of its words are paid.

    corpus.py        the texts, and who gave them
    questions.py     what is asked
    model.py         answers by retrieval and quotation
    spans.py         finds an answer's words in the texts
    attribution.py   spans to shares to weights
    evidence.py      the root that a payment commits to
    fixed_point.py   logarithms in integers

Everything here computes; nothing here knows a chain.
"""

from byline.node.demo.attribution import (
    AttributedAnswer,
    Share,
    attribute,
    attribute_text,
    model_id,
    request_hash,
)
from byline.node.demo.corpus import Contributor, contributors
from byline.node.demo.evidence import evidence_proof, evidence_root, verify_evidence
from byline.node.demo.questions import QUESTIONS
from byline.node.demo.spans import Place, Span

__all__ = [
    "QUESTIONS",
    "AttributedAnswer",
    "Contributor",
    "Place",
    "Share",
    "Span",
    "attribute",
    "attribute_text",
    "contributors",
    "evidence_proof",
    "evidence_root",
    "model_id",
    "request_hash",
    "verify_evidence",
]
