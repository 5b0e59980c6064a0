"""Random datasets, outputs made of them, and honest records: what attribution is tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf
from byline.node.attribution.evidence import Evidence, attribution
from byline.node.attribution.proof.structure import expected_weights, structure
from byline.node.attribution.tokens import token_id
from byline.node.attribution.weights import points, weights_root

WORDS = ("a", "b", "c", "d")
"""Few, so that much repeats."""
OWNERS = tuple(bytes([number]) * 20 for number in (1, 2, 3, 250))
FALLBACK = b"\xfb" * 20


@dataclass(frozen=True, slots=True)
class Case:
    """A record and everything behind it."""

    corpus: Corpus
    output: tuple[int, ...]
    leaves: tuple[EvidenceLeaf, ...]
    points: Points
    record: RecordLeaf

    def with_leaves(self, leaves: Sequence[EvidenceLeaf]) -> Case:
        """Return the case of an operator who commits to other leaves, points as they were."""
        root = Evidence(tuple(leaves)).root
        return replace(self, leaves=tuple(leaves), record=replace(self.record, evidence_root=root))

    def with_points(self, others: Points) -> Case:
        """Return the case of an operator who commits to other points."""
        root = weights_root(others)
        return replace(self, points=others, record=replace(self.record, weights_root=root))


def honest_case(corpus: Corpus, output: Sequence[int], fee: int = 10**15 + 1) -> Case:
    made = attribution(corpus, output, fee)
    record = made.record(payer=b"\x09" * 20, req_hash=b"\x05" * 32, fee=fee, tokens_in=3, nonce=7)
    return Case(corpus, made.output, made.evidence.leaves, made.points, record)


texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
documents = st.lists(st.builds(Document, texts, st.sampled_from(OWNERS)), min_size=1, max_size=4)


@st.composite
def corpora(draw: st.DrawFn, *, in_a_row: bool = False) -> Corpus:
    """Models of up to three datasets; their ids have gaps or, `in_a_row`, are 1, 2, 3."""
    ids = sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
    if in_a_row:
        ids = list(range(1, len(ids) + 1))
    datasets = tuple(Dataset.build(number, draw(documents)) for number in ids)
    return Corpus(datasets, draw(st.integers(1, 6)), FALLBACK)


outputs = st.lists(
    st.sampled_from([*map(token_id, WORDS), token_id("unheard")]), min_size=1, max_size=50
).map(tuple)


@st.composite
def cases(draw: st.DrawFn, *, in_a_row: bool = False) -> Case:
    """Honest cases; parts of the output are copied from a dataset."""
    corpus = draw(corpora(in_a_row=in_a_row))
    output: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        dataset = draw(st.sampled_from(corpus.datasets))
        at = draw(st.integers(0, len(dataset) - 1))
        copied = dataset.tokens[at : at + draw(st.integers(0, 20))].tolist()
        output += [token for token in copied if token] + list(draw(outputs))[:5]
    return honest_case(corpus, output, draw(st.integers(1, 10**17)))


u32 = st.integers(0, 2**32 - 1)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "out_pos": u32, "length": u32, "dataset": u32, "lo": u32, "hi": u32, "pos": u32,
    "owner": st.binary(min_size=20, max_size=20), "weight": st.integers(0, 2**64 - 1),
    "sa_index": u32,
}  # fmt: skip


@st.composite
def other_leaves(draw: st.DrawFn, case: Case) -> list[EvidenceLeaf]:
    """Return leaves changed once or a few times: a field, the order, a leaf more or less."""
    leaves = list(case.leaves)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(leaves) - 1, 0)))
        action = draw(st.sampled_from(["near", "far", "drop", "repeat", "swap", "borrow", "cut"]))
        if not leaves:
            leaves = list(case.leaves) or [EvidenceLeaf(0, 1, 1, 0, 1, 0, OWNERS[0], 1, 0)]
        elif action == "drop":
            del leaves[at]
        elif action == "repeat":
            leaves.insert(at, leaves[at])
        elif action == "swap":
            leaves[at], leaves[-1] = leaves[-1], leaves[at]
        elif action == "cut":
            leaves = leaves[:at]
        elif action == "borrow":
            name = draw(st.sampled_from(list(FIELDS)))
            other = draw(st.sampled_from(leaves))
            leaves[at] = replace(leaves[at], **{name: getattr(other, name)})
        else:
            name = draw(st.sampled_from([*FIELDS]))
            value = draw(FIELDS[name])
            if action == "near" and name != "owner":
                value = max(getattr(leaves[at], name) + draw(st.sampled_from([-1, 1])), 0)
            leaves[at] = replace(leaves[at], **{name: value})
    return leaves


def fit(case: Case, leaves: list[EvidenceLeaf]) -> Case:
    """Return the case with weights and points made to fit `leaves`, as a cunning liar would."""
    found = structure(leaves)
    if found.broken is None:
        weights = expected_weights(case.corpus.total, found.spans)
        leaves = [replace(leaf, weight=w) for leaf, w in zip(leaves, weights, strict=True)]
        case = case.with_points(points(leaves, case.record.fee, case.corpus.fallback))
    return case.with_leaves(leaves)
