"""Fidelity and loss, on texts small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.evidence import Evidence
from byline.node.attribution.fixed_point import log2_q16
from byline.node.attribution.tokens import tokenize
from byline.node.demo.desk import Answer
from byline.node.demo.desk import answer as ask
from byline.node.demo.infinigram import InfiniGram, Place
from byline.node.demo.loss import loss_q16
from byline.node.demo.people import contributor, payer
from byline.node.demo.plan import Query, Sort
from byline.node.demo.truth import fidelity, owners_of_tokens

ANNA, BERT = contributor("Anna").address, contributor("Bert").address
WORDS = "one two three four five six seven eight"
CORPUS = Corpus(
    (Dataset.build(1, [Document(WORDS, ANNA), Document("nine ten eleven twelve", BERT)]),)
)
QUERY = Query("seven eight?", payer(0), Sort.EXTERNAL)


def honest() -> Answer:
    found = ask(InfiniGram(CORPUS, [["numbers", "more"]]), CORPUS, QUERY)
    assert found.written.tokens == tokenize(WORDS)
    return found


def test_words_of_one_owner_are_all_found() -> None:
    found = fidelity(CORPUS, [honest()])
    assert [found.precision, found.coverage, found.recall] == [1, 1, 1]
    assert (found.tokens, found.spans) == (8, 1)


def test_weight_for_somebody_else_is_not_right() -> None:
    given = honest()
    stolen = Evidence(tuple(replace(leaf, owner=BERT) for leaf in given.evidence.leaves))
    found = fidelity(CORPUS, [replace(given, evidence=stolen)])
    assert [found.precision, found.coverage, found.recall] == [0, 1, 0]


def test_an_owner_of_half_the_tokens_may_have_half_the_weight() -> None:
    given = honest()
    berts = tuple(Place(1, 9 + at % 4) for at in range(4))
    mixed = replace(given.written, sources=given.written.sources[:4] + berts)
    found = fidelity(CORPUS, [replace(given, written=mixed)])
    assert found.precision == Fraction(1, 2)
    assert found.recall == Fraction(1, 2)
    assert owners_of_tokens(CORPUS, replace(given, written=mixed)) == [ANNA] * 4 + [BERT] * 4


def test_no_answers_are_no_division_by_zero() -> None:
    assert fidelity(CORPUS, []).precision == 0


def test_a_corpus_foretells_its_own_texts_best() -> None:
    own = CORPUS.datasets[0]
    other = Dataset.build(2, [Document("alpha beta gamma delta", ANNA)])
    surprise = log2_q16(len(own))
    # Of eleven tokens only the first of the second text follows nothing.
    assert loss_q16(CORPUS, own) == surprise // 11
    assert loss_q16(CORPUS, other) == surprise
