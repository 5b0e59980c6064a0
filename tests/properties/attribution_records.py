"""Random datasets, outputs made of them, and honest records: what attribution is tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf
from byline.node.attribution.evidence import Evidence, attribution
from byline.node.attribution.tokens import token_id
from byline.node.attribution.weights import weights_root

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

    def with_points(self, points: Points) -> Case:
        """Return the case of an operator who commits to other points."""
        root = weights_root(points)
        return replace(self, points=points, record=replace(self.record, weights_root=root))


def honest_case(corpus: Corpus, output: Sequence[int], fee: int = 10**15 + 1) -> Case:
    made = attribution(corpus, output, fee)
    record = made.record(payer=b"\x09" * 20, req_hash=b"\x05" * 32, fee=fee, tokens_in=3, nonce=7)
    return Case(corpus, made.output, made.evidence.leaves, made.points, record)


texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
documents = st.lists(st.builds(Document, texts, st.sampled_from(OWNERS)), min_size=1, max_size=4)


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    ids = sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
    datasets = tuple(Dataset.build(number, draw(documents)) for number in ids)
    return Corpus(datasets, draw(st.integers(1, 6)), FALLBACK)


outputs = st.lists(
    st.sampled_from([*map(token_id, WORDS), token_id("unheard")]), min_size=1, max_size=50
).map(tuple)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Honest cases; parts of the output are copied from a dataset."""
    corpus = draw(corpora())
    output: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        dataset = draw(st.sampled_from(corpus.datasets))
        at = draw(st.integers(0, len(dataset) - 1))
        copied = dataset.tokens[at : at + draw(st.integers(0, 20))].tolist()
        output += [token for token in copied if token] + list(draw(outputs))[:5]
    return honest_case(corpus, output, draw(st.integers(0, 10**19)))
