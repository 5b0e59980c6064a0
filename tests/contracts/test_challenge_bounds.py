"""The numbers at which the rule of spans changes its mind, and what an opening has to hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import decode, encode

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import EvidenceLeaf, encode_packed
from byline.node.attribution.proof.challenges import (
    FalseSpan,
    LongerMatch,
    WrongOwner,
    WrongWeights,
)
from byline.node.attribution.weights import leaf_weights
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.challenging import judge, judged, lists, repaid
from tests.contracts.ledger_world import FALLBACK, OWNERS, Answer, World, answer, corpus, world

WORDS = [f"word{number}" for number in range(300)]
LONG = Corpus((Dataset.build(1, [Document(" ".join(WORDS), OWNERS[0])]),), 3, FALLBACK)
"""One document of two chunks."""
SHORT = corpus()


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def chain(request: pytest.FixtureRequest) -> World:
    return world(LONG, request.param)


@pytest.mark.parametrize(("leaves", "proven"), [(240, True), (241, False)])
def test_a_span_is_missing_behind_the_last_unless_there_are_enough(
    leaves: int, proven: bool
) -> None:
    chain = world(SHORT)
    true = answer(SHORT)
    last = true.leaves[3]
    batch = chain.record([replace(true, leaves=true.leaves[:1] * leaves)])
    tokens = SHORT.datasets[1].open_tokens(last.pos, last.length)
    place = (last.out_pos, last.length, last.dataset, last.pos)
    one = batch.answers[0]
    challenge = LongerMatch(batch.shown(), one.tokens, one.leaves, *place, tokens)
    assert judged(chain, batch.id, challenge) is proven


def many_spans(true: Answer, count: int, length: int = 3) -> Answer:
    """Return an answer of so many spans of one leaf each, weighed by the rule."""
    (weight,) = leaf_weights(LONG.total, length, 1, 1)
    leaves = tuple(
        replace(
            true.leaves[0], out_pos=4 * at, length=length, lo=5, hi=6, sa_index=5, weight=weight
        )
        for at in range(count)
    )
    return repaid(replace(true, leaves=leaves))


@pytest.mark.parametrize(
    ("count", "length", "proven"),
    [(241, 3, False), (242, 3, True), (1, 64, False), (1, 65, True), (1, 3, False), (1, 2, True)],
)
def test_spans_are_not_too_many_too_long_or_too_short(
    chain: World, count: int, length: int, proven: bool
) -> None:
    true = answer(LONG, " ".join(WORDS[10:30]))
    batch = chain.record([many_spans(true, count, length)])
    challenge = WrongWeights(batch.shown(), batch.answers[0].leaves)
    assert judged(chain, batch.id, challenge) is proven


@pytest.mark.parametrize(("length", "proven"), [(64, False), (65, True), (3, False), (2, True)])
def test_a_leaf_alone_shows_that_its_length_is_out_of_bounds(
    chain: World, length: int, proven: bool
) -> None:
    true = answer(LONG, " ".join(WORDS[10:30]))
    batch = chain.record([true.changed(0, length=length)])
    challenge = FalseSpan(batch.shown(), batch.answers[0].shown(0))
    assert judged(chain, batch.id, challenge) is proven


def test_an_opening_holds_what_it_is_asked_for(chain: World) -> None:
    dataset = LONG.datasets[0]
    true = answer(LONG, " ".join(WORDS[250:262]))
    assert [(leaf.pos, leaf.length) for leaf in true.leaves] == [(250, 12)]
    batch = chain.record([replace(true, leaves=())])

    def challenge(first: int, count: int) -> LongerMatch:
        tokens = dataset.open_tokens(first, count)
        return LongerMatch(batch.shown(), true.tokens, (), 0, 12, 1, 250, tokens)

    whole = challenge(250, 12)
    assert len(whole.tokens.chunks) == 2
    assert judged(chain, batch.id, whole) is True
    for part in (challenge(0, 1), challenge(299, 1)):
        assert judged(chain, batch.id, part) == "OutsideOpening"
    opening = whole.tokens
    for wrong in (
        replace(opening, first=1),
        replace(opening, proofs=opening.proofs[:1]),
        replace(opening, chunks=(), proofs=()),
        replace(opening, chunks=opening.chunks[::-1]),
    ):
        assert judged(chain, batch.id, replace(whole, tokens=wrong)) == "WrongOpening"


def test_only_the_range_that_holds_the_position_says_whose_it_is() -> None:
    chain = world(SHORT)
    true = answer(SHORT)
    batch = chain.record([true])
    for at, leaf in enumerate(true.leaves):
        dataset = SHORT.datasets[leaf.dataset - 1]
        for index in range(len(dataset.ranges)):
            challenge = WrongOwner(batch.shown(), true.shown(at), dataset.open_range(index))
            assert judged(chain, batch.id, challenge) is False


def test_leaves_that_only_their_number_or_order_gives_away_are_proven() -> None:
    """Weights are those that the rule would give so many leaves, and points follow from them."""
    chain = world(SHORT)
    true = answer(SHORT)
    first, second, third, last = true.leaves

    def weighed(*span: EvidenceLeaf) -> Answer:
        weights = leaf_weights(SHORT.total, first.length, 3, len(span))
        leaves = [replace(leaf, weight=weight) for leaf, weight in zip(span, weights, strict=True)]
        return repaid(replace(true, leaves=(*leaves, last)))

    more = replace(second, sa_index=second.sa_index + 1)
    for lie, proven in (
        (weighed(first, second, third), False),
        (weighed(third, first, second), True),
        (weighed(first, third), True),
        (weighed(first, second, more, third), True),
    ):
        batch = chain.record([lie])
        assert judged(chain, batch.id, WrongWeights(batch.shown(), lie.leaves)) is proven


@pytest.mark.parametrize(("length", "proven"), [(4, False), (5, True)])
def test_spans_do_not_overlap(chain: World, length: int, proven: bool) -> None:
    true = answer(LONG, " ".join(WORDS[10:30]))
    batch = chain.record([many_spans(true, 2, length)])
    challenge = WrongWeights(batch.shown(), batch.answers[0].leaves)
    assert judged(chain, batch.id, challenge) is proven


def test_what_a_challenger_adds_up_for_the_verifier_is_checked() -> None:
    """Owners and sums that the leaves and lists do not have would make any root look wrong."""
    chain = world(SHORT)
    true = answer(SHORT)
    batch = chain.record([true])

    def said(kind: int, kinds: list[str], values: list[object]) -> str:
        data = encode(kinds, values)
        outcome = chain.ledger.send("challenge", batch.id, kind, data)
        assert not outcome.success
        return judge(chain, kind).error(outcome)

    kinds = ["(uint64,bytes,bytes)", "bytes", "bytes"]
    record, leaves, owners = decode(kinds, WrongWeights(batch.shown(), true.leaves).encode())
    for wrong in (owners + b"\xee" * 20, owners[:-20], b"", owners[20:] + owners[:20]):
        assert said(6, kinds, [record, leaves, wrong]) == "WrongOwners"
    kinds = ["bytes"] * 5
    records, counts, packed, places, merged = decode(kinds, lists(batch).encode())
    extra = merged + b"\xee" * 20 + bytes(8)
    assert said(8, kinds, [records, counts, packed, places, extra]) == "WrongMerged"
    doubled = encode_packed(tuple((who, 2 * amount) for who, amount in true.points))
    assert said(8, kinds, [records, counts, doubled, places, doubled]) == "WrongList"
