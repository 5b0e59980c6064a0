"""Attribution: from an output to the leaves that say who it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.encoding import EvidenceLeaf, Points, RecordLeaf, out_hash
from byline.node.attribution.spans import Span, find_spans, sampled
from byline.node.attribution.weights import leaf_weights, points, weights_root
from byline.precompiles.evidence.merkle import MerkleTree


@dataclass(frozen=True, slots=True)
class Evidence:
    """All leaves of one output, in the order of spans, datasets and entries."""

    leaves: tuple[EvidenceLeaf, ...]

    def tree(self) -> MerkleTree:
        """Return the tree over the leaves, for proofs."""
        return MerkleTree([leaf.encode() for leaf in self.leaves])

    @property
    def root(self) -> bytes:
        """The root that a record commits to."""
        return self.tree().root


def attribute(corpus: Corpus, output: Sequence[int]) -> Evidence:
    """Return the evidence of `output`, tokens as `tokenize` gives them.

    The same everywhere for the same datasets.  Raises `ValueError` for an output that cannot
    be recorded: none or more than 1024 tokens, or a separator among them.
    """
    spans = find_spans(corpus, output)
    return Evidence(tuple(leaf for span in spans for leaf in _leaves(corpus, span)))


def _leaves(corpus: Corpus, span: Span) -> Iterator[EvidenceLeaf]:
    weights = iter(leaf_weights(corpus.total, span.length, span.count, span.leaves))
    for one in span.ranges:
        dataset = corpus.dataset(one.dataset)
        assert dataset is not None
        for index in sampled(one.lo, one.hi):
            pos = int(dataset.suffix_array[index])
            yield EvidenceLeaf(
                out_pos=span.start,
                length=span.length,
                dataset=one.dataset,
                lo=one.lo,
                hi=one.hi,
                pos=pos,
                owner=dataset.owner_at(pos),
                weight=next(weights),
                sa_index=index,
            )


@dataclass(frozen=True, slots=True)
class Attribution:
    """An output, what it is made of, and who is owed what: all that a record commits to."""

    output: tuple[int, ...]
    evidence: Evidence
    points: Points

    def record(
        self, *, payer: bytes, req_hash: bytes, fee: int, tokens_in: int, nonce: int
    ) -> RecordLeaf:
        """Return the record leaf of this attribution for the request that paid `fee` wei."""
        return RecordLeaf(
            payer=payer,
            req_hash=req_hash,
            out_hash=out_hash(self.output),
            evidence_root=self.evidence.root,
            weights_root=weights_root(self.points),
            fee=fee,
            tokens_in=tokens_in,
            tokens_out=len(self.output),
            nonce=nonce,
        )


def attribution(corpus: Corpus, output: Sequence[int], fee: int) -> Attribution:
    """Return the evidence of `output` and the points of a fee of so many wei for it."""
    evidence = attribute(corpus, output)
    return Attribution(tuple(output), evidence, points(evidence.leaves, fee, corpus.fallback))
