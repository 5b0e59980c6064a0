"""Models of random texts, honest answers of theirs, and one lie of each kind about them.

A lie is told as well as it can be: whoever changes a span changes its leaves with it, and
whoever changes leaves makes weights and points fit, unless the lie is about these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus, SuffixRange
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf, out_hash
from byline.node.attribution.evidence import attribution
from byline.node.attribution.spans import Span, find_spans, sampled
from byline.node.attribution.tokens import token_id
from byline.node.attribution.weights import leaf_weights, points, weights_root
from tests.contracts.ledger_world import FALLBACK, Answer

ALPHABET: Final = ("x", "y", "z")
"""So few that runs, repeats and ties are everywhere."""
PEOPLE: Final = tuple(bytes([number]) * 20 for number in (0x11, 0x12, 0xC0, 0xFE))
THIEF: Final = b"\xad" * 20
UNHEARD: Final = token_id("unheard")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of a model, true or not."""

    corpus: Corpus
    answer: Answer

    @property
    def record(self) -> RecordLeaf:
        """What a batch would commit to for it, but for payer, request and nonce."""
        one = self.answer
        return RecordLeaf(
            payer=bytes(20),
            req_hash=bytes(32),
            out_hash=out_hash(one.output),
            evidence_root=one.tree.root,
            weights_root=weights_root(one.points),
            fee=one.fee,
            tokens_in=0,
            tokens_out=len(one.output),
            nonce=0,
        )

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the answer is truly made of."""
        return find_spans(self.corpus, self.answer.output)

    def by_spans(self, spans: Sequence[Span]) -> Told:
        """Return what an operator would say if `spans` were the truth."""
        return self.by_leaves([leaf for span in spans for leaf in leaves_of(self.corpus, span)])

    def by_leaves(self, leaves: Sequence[EvidenceLeaf]) -> Told:
        """Return what an operator would say if `leaves` were the truth."""
        given = points(leaves, self.answer.fee, self.corpus.fallback)
        return replace(self, answer=replace(self.answer, leaves=tuple(leaves), points=given))


def truth(corpus: Corpus, output: Sequence[int], fee: int) -> Told:
    """Return the honest answer."""
    made = attribution(corpus, output, fee)
    return Told(corpus, Answer(made.output, made.evidence.leaves, made.points, fee))


def leaves_of(corpus: Corpus, span: Span) -> list[EvidenceLeaf]:
    """Return the leaves that the rule makes of a span, whether there is such a span or not."""
    weights = iter(leaf_weights(corpus.total, span.length, span.count, span.leaves))
    leaves = []
    for one in span.ranges:
        dataset = held(corpus, one.dataset)
        for entry in sampled(one.lo, one.hi):
            pos = int(dataset.suffix_array[entry])
            owner = dataset.owner_at(pos)
            bounds = (one.dataset, one.lo, one.hi)
            leaves.append(
                EvidenceLeaf(span.start, span.length, *bounds, pos, owner, next(weights), entry)
            )
    return leaves


def held(corpus: Corpus, number: int) -> Dataset:
    """Return a dataset that the model has."""
    found = corpus.dataset(number)
    assert found is not None
    return found


lines = st.lists(st.sampled_from(ALPHABET), min_size=3, max_size=14).map(" ".join)
texts = st.lists(st.builds(Document, lines, st.sampled_from(PEOPLE)), min_size=1, max_size=5)


@st.composite
def models(draw: st.DrawFn) -> Corpus:
    """Return models of one to four datasets, numbered as a new registry numbers them."""
    count = draw(st.integers(1, 4))
    # Twenty times the same lies across the chunks of the commitments, and is counted often.
    times = draw(st.sampled_from([1, 1, 1, 20]))
    datasets = tuple(Dataset.build(number + 1, times * draw(texts)) for number in range(count))
    return Corpus(datasets, draw(st.integers(1, 3)), FALLBACK)


@st.composite
def answers(draw: st.DrawFn, corpus: Corpus) -> Told:
    """Return honest answers that have at least one span: pieces of texts, and noise between."""
    output: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        document = draw(st.sampled_from(draw(st.sampled_from(corpus.datasets)).documents))
        words = [token_id(word) for word in document.text.split()]
        start = draw(st.integers(0, len(words) - 3))
        output += words[start : start + draw(st.integers(3, len(words)))]
        output += draw(st.lists(st.sampled_from([UNHEARD, *map(token_id, ALPHABET)]), max_size=3))
    fee = draw(st.sampled_from([1, 10**9, 10**15]) | st.integers(1, 10**17))
    return truth(corpus, output, fee)


Lie = Callable[[st.DataObject, Told], Told]
"""Makes an honest answer a wrong one."""


def another_place(data: st.DataObject, told: Told) -> Told:
    """Say that a place, an entry or a dataset is another."""
    at, leaf = _a_leaf(data, told)
    name = data.draw(st.sampled_from(["pos", "sa_index", "dataset"]))
    most = 9 if name == "dataset" else len(held(told.corpus, leaf.dataset)) + 1
    others = [value for value in range(most + 1) if value != getattr(leaf, name)]
    if name == "dataset":
        others = [value for value in others if told.corpus.dataset(value) is None]
    change: dict[str, Any] = {name: data.draw(st.sampled_from(others))}
    return _changed(told, at, replace(leaf, **change))


def another_length(data: st.DataObject, told: Told) -> Told:
    """Say of all leaves of a span that it is longer than the datasets have it."""
    span = data.draw(st.sampled_from(told.spans))
    by = data.draw(st.sampled_from([1, 2, 64]))
    wrong = replace(span, length=span.length + by)
    later = [one for one in told.spans if one.start >= span.start + wrong.length]
    earlier = [one for one in told.spans if one.start < span.start]
    return told.by_spans([*earlier, wrong, *later])


def span_left_out(data: st.DataObject, told: Told) -> Told:
    """Keep quiet about a span."""
    gone = data.draw(st.sampled_from(told.spans))
    return told.by_spans([span for span in told.spans if span != gone])


def span_cut_short(data: st.DataObject, told: Told) -> Told:
    """Say that a span ends early, where more people have it, or begins late."""
    shortest = told.corpus.min_length
    long = [span for span in told.spans if span.length > shortest]
    assume(long)
    span = data.draw(st.sampled_from(long))
    length = data.draw(st.integers(shortest, span.length - 1))
    start = span.start + (span.length - length if data.draw(st.booleans()) else 0)
    ranges = told.corpus.ranges(told.answer.output[start : start + length])
    cut = Span(start, length, ranges)
    return told.by_spans([cut if one == span else one for one in told.spans])


def another_owner(data: st.DataObject, told: Told) -> Told:
    """Give a place to somebody else, who is paid for it."""
    at, leaf = _a_leaf(data, told)
    thief = data.draw(
        st.sampled_from([one for one in (*PEOPLE, THIEF, bytes(20)) if one != leaf.owner])
    )
    leaves = list(told.answer.leaves)
    leaves[at] = replace(leaf, owner=thief)
    return told.by_leaves(leaves)


def another_count(data: st.DataObject, told: Told) -> Told:
    """Say that a dataset has a span more or less often, or elsewhere."""
    span = data.draw(st.sampled_from(told.spans))
    one = data.draw(st.sampled_from(span.ranges))
    size = len(held(told.corpus, one.dataset))
    lo = data.draw(st.integers(0, size - 1) | st.integers(max(one.lo - 1, 0), one.hi - 1))
    hi = data.draw(st.integers(lo + 1, size) | st.integers(lo + 1, max(lo + 1, one.hi)))
    assume((lo, hi) != (one.lo, one.hi))
    ranges = tuple(
        SuffixRange(one.dataset, lo, hi) if each == one else each for each in span.ranges
    )
    return told.by_spans(
        [replace(each, ranges=ranges) if each == span else each for each in told.spans]
    )


def dataset_left_out(data: st.DataObject, told: Told) -> Told:
    """Keep quiet about a dataset that has a span too."""
    shared = [span for span in told.spans if len(span.ranges) > 1]
    assume(shared)
    span = data.draw(st.sampled_from(shared))
    gone = data.draw(st.sampled_from(span.ranges))
    fewer = replace(span, ranges=tuple(one for one in span.ranges if one != gone))
    return told.by_spans([fewer if one == span else one for one in told.spans])


def another_weight(data: st.DataObject, told: Told) -> Told:
    """Weigh one place otherwise, and pay by that."""
    at, leaf = _a_leaf(data, told)
    weights = st.sampled_from([leaf.weight + 1, max(leaf.weight - 1, 0), 0, 1, 2**40])
    weight = data.draw(weights.filter(lambda value: value != leaf.weight))
    leaves = list(told.answer.leaves)
    leaves[at] = replace(leaf, weight=weight)
    assume(sum(one.weight for one in leaves) > 0)
    return told.by_leaves(leaves)


def another_order(data: st.DataObject, told: Told) -> Told:
    """Let leaves stand in another order, twice, or not at all though their range says so."""
    leaves = list(told.answer.leaves)
    at = data.draw(st.integers(0, len(leaves) - 1))
    if data.draw(st.booleans()):
        leaves.insert(at, leaves[at])
    elif len(leaves) > 1:
        other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda value: value != at))
        leaves[at], leaves[other] = leaves[other], leaves[at]
    else:
        leaves.append(leaves[0])
    return told.by_leaves(leaves)


def other_points(data: st.DataObject, told: Told) -> Told:
    """Tell the truth about everything but who is to be paid."""
    given = list(told.answer.points)
    at = data.draw(st.integers(0, len(given) - 1))
    owner, amount = given[at]
    if data.draw(st.booleans()):
        given[at] = (owner, amount + data.draw(st.sampled_from([1, 10**9])))
    else:
        given[at] = (THIEF, amount)
    return replace(told, answer=replace(told.answer, points=tuple(sorted(given))))


LIES: Final[Mapping[str, tuple[int, Lie]]] = {
    "another place": (1, another_place),
    "another length": (1, another_length),
    "span left out": (2, span_left_out),
    "span cut short": (2, span_cut_short),
    "another owner": (3, another_owner),
    "another count": (4, another_count),
    "dataset left out": (4, dataset_left_out),
    "another weight": (6, another_weight),
    "another order": (6, another_order),
    "other points": (6, other_points),
}
"""Of a record, each with the kind of challenge that is for it."""


@st.composite
def wrong_payouts(draw: st.DrawFn, honest: Points) -> Points:
    """Return other payouts of a batch: taken from one, and given to another or to nobody."""
    given = dict(honest)
    victim = draw(st.sampled_from(sorted(given)))
    taken = draw(st.integers(0, given[victim]))
    given[victim] -= taken
    if draw(st.booleans()):
        thief = draw(st.sampled_from((*PEOPLE, THIEF)))
        given[thief] = given.get(thief, 0) + taken + draw(st.integers(0, 1))
    if len(given) > 1 and given[victim] == 0 and draw(st.booleans()):
        del given[victim]
    payouts = tuple(sorted(given.items()))
    assume(payouts != honest)
    return payouts


@st.composite
def wrong_datasets(draw: st.DrawFn, honest: Dataset) -> Dataset:
    """Return what a registrant passes for the dataset: in another order, or owned otherwise."""
    size = len(honest)
    if draw(st.booleans()):
        order = honest.suffix_array.copy()
        at = draw(st.integers(0, size - 1))
        other = draw(st.integers(0, size + 3).filter(lambda value: value != order[at]))
        if draw(st.booleans()):
            order[order == other] = order[at]
        order[at] = other
        return replace(honest, suffix_array=order)
    ranges = list(honest.ranges)
    at = draw(st.integers(0, len(ranges) - 1))
    name = draw(st.sampled_from(["start", "end"]))
    value = getattr(ranges[at], name) + draw(st.sampled_from([-1, 1]))
    ranges[at] = replace(ranges[at], **{name: abs(value)})
    return replace(honest, ranges=tuple(ranges))


def _a_leaf(data: st.DataObject, told: Told) -> tuple[int, EvidenceLeaf]:
    at = data.draw(st.integers(0, len(told.answer.leaves) - 1))
    return at, told.answer.leaves[at]


def _changed(told: Told, at: int, leaf: EvidenceLeaf) -> Told:
    leaves = list(told.answer.leaves)
    leaves[at] = leaf
    return told.by_leaves(leaves)
