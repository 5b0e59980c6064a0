"""The watcher's eye: every difference from the honest record, and the challenge that proves it.

Why none escapes.  Take a record whose output and leaves can be published, and suppose that no
fault is found.  The leaves stand as the rule makes them (6).  Each has the output's tokens at
its place, which is the suffix array's entry (1) and belongs to its owner (3).  Each range
starts and ends where the span does, for the entries inside and outside were asked (4); no
dataset that has the span is left out (4).  At every token the recorded span is the longest
match, and where there is none there is no match long enough (2); so, from left to right,
recorded and honest spans are the same, up to where the rule stops.  Weights and points then
follow (6).  What cannot be published costs the bond by itself (0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from byline.node.attribution.corpus import Corpus, suffix_range
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.encoding import EvidenceLeaf, RecordLeaf, out_hash
from byline.node.attribution.evidence import Evidence
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.proof.structure import expected_weights, structure
from byline.node.attribution.spans import LEAVES_TO_STOP, MOST_LEAVES, Span, check_output
from byline.node.attribution.suffix_array import DEPTH
from byline.node.attribution.tokens import encode_tokens
from byline.node.attribution.weights import points, weights_root


def verify_record(
    corpus: Corpus, record: RecordLeaf, output: Sequence[int], leaves: Sequence[EvidenceLeaf]
) -> list[Fault]:
    """Return all that is wrong with `record`; empty exactly for the honest one.

    corpus: the model's datasets, with suffix arrays that are right (see `check_dataset`).  Of
    those that are absent nothing is found out.
    output, leaves: what was published for the record's `out_hash` and `evidence_root`.

    The points are computed here, since the leaves decide them.  Where output or leaves are
    not those that the record names, or nobody could publish them, only that is returned.
    Payer, request, fee, input tokens and nonce are what the payer signed: the ledger's part.
    """
    unpublished = list(_unpublishable(record, output, leaves))
    if unpublished:
        return unpublished
    faults = [
        fault for at, leaf in enumerate(leaves) for fault in _leaf_faults(corpus, output, at, leaf)
    ]
    found = structure(leaves)
    if found.broken is not None:
        return [*faults, Fault(Reason.STRUCTURE, leaf=found.broken)]
    faults += _missing_matches(corpus, output, found.spans)
    faults += _missing_datasets(corpus, output, found.spans)
    return faults + list(_wrong_weights(corpus, record, leaves, found.spans))


def _unpublishable(
    record: RecordLeaf, output: Sequence[int], leaves: Sequence[EvidenceLeaf]
) -> Iterator[Fault]:
    try:
        check_output(output)
    except ValueError:
        yield Fault(Reason.OUTPUT_INVALID)
    else:
        if out_hash(output) != record.out_hash:
            yield Fault(Reason.OUTPUT_UNKNOWN)
        elif len(output) != record.tokens_out:
            yield Fault(Reason.OUTPUT_INVALID)
    if len(leaves) > MOST_LEAVES:
        yield Fault(Reason.EVIDENCE_INVALID)
    elif Evidence(tuple(leaves)).root != record.evidence_root:
        yield Fault(Reason.EVIDENCE_UNKNOWN)


def _leaf_faults(
    corpus: Corpus, output: Sequence[int], at: int, leaf: EvidenceLeaf
) -> Iterator[Fault]:
    """Yield what one leaf and its dataset show."""
    dataset = corpus.dataset(leaf.dataset)
    if dataset is None and leaf.dataset not in corpus.absent:
        yield Fault(Reason.FOREIGN_DATASET, leaf=at)
        return
    if not corpus.min_length <= leaf.length <= DEPTH:
        yield Fault(Reason.SPAN_LENGTH, leaf=at)
        return
    if leaf.out_pos + leaf.length > len(output):
        yield Fault(Reason.OUTSIDE_OUTPUT, leaf=at)
        return
    span = encode_tokens(output[leaf.out_pos : leaf.out_pos + leaf.length])
    if dataset is not None:
        yield from _place_faults(dataset, span, at, leaf)
        yield from _range_faults(dataset, span, at, leaf)


def _place_faults(dataset: Dataset, span: bytes, at: int, leaf: EvidenceLeaf) -> Iterator[Fault]:
    if leaf.pos + leaf.length > len(dataset) or leaf.sa_index >= len(dataset):
        yield Fault(Reason.OUTSIDE_DATASET, leaf=at)
    elif dataset.token_bytes[4 * leaf.pos :][: len(span)] != span:
        yield Fault(Reason.TOKENS_DIFFER, leaf=at)
    if leaf.sa_index < len(dataset) and dataset.suffix_array[leaf.sa_index] != leaf.pos:
        yield Fault(Reason.OTHER_ENTRY, leaf=at, dataset=dataset.id, entry=leaf.sa_index)
    if leaf.pos < len(dataset) and dataset.owner_at(leaf.pos) != leaf.owner:
        yield Fault(Reason.OTHER_OWNER, leaf=at, dataset=dataset.id, pos=leaf.pos)


def _range_faults(dataset: Dataset, span: bytes, at: int, leaf: EvidenceLeaf) -> Iterator[Fault]:
    """Yield which of the four entries at the ends of the leaf's range are wrong."""
    lo, hi, true = leaf.lo, leaf.hi, suffix_range(dataset, span)
    if lo >= hi or hi > len(dataset):
        yield Fault(Reason.RANGE_BOUNDS, leaf=at, dataset=dataset.id)
        return
    for reason, entry, wanted in (
        (Reason.RANGE_STARTS_LATE, lo - 1, False),
        (Reason.RANGE_STARTS_EARLY, lo, True),
        (Reason.RANGE_ENDS_LATE, hi - 1, True),
        (Reason.RANGE_ENDS_EARLY, hi, False),
    ):
        has_it = true.lo <= entry < true.hi
        if 0 <= entry < len(dataset) and has_it != wanted:
            yield Fault(reason, leaf=at, dataset=dataset.id, entry=entry)


def _missing_matches(
    corpus: Corpus, output: Sequence[int], spans: Sequence[Span]
) -> Iterator[Fault]:
    """Yield the tokens at which a dataset has more than the leaves say."""
    recorded = {span.start: span.length for span in spans}
    end = max((span.start + span.length for span in spans), default=0)
    searched = len(output) if sum(span.leaves for span in spans) <= LEAVES_TO_STOP else end
    at = 0
    while at < min(searched, len(output)):
        length = recorded.get(at, 0)
        match = corpus.longest(output[at : at + DEPTH])
        if match is not None and match.length > max(length, corpus.min_length - 1):
            reason = Reason.LONGER_AT_SPAN if length else Reason.NOT_COVERED
            yield Fault(
                reason, start=at, length=match.length, dataset=match.dataset, pos=match.pos
            )
        at += length or 1


def _missing_datasets(
    corpus: Corpus, output: Sequence[int], spans: Sequence[Span]
) -> Iterator[Fault]:
    """Yield the datasets that have a whole recorded span without a leaf."""
    leaf = 0
    for span in spans:
        tokens = output[span.start : span.start + span.length]
        if 0 < len(tokens) == span.length <= DEPTH:
            named = {one.dataset for one in span.ranges}
            for one in corpus.ranges(tokens):
                if one.dataset not in named:
                    yield Fault(
                        Reason.DATASET_LEFT_OUT,
                        leaf=leaf,
                        start=span.start,
                        length=span.length,
                        dataset=one.dataset,
                        pos=_first_place(corpus, one.dataset, one.lo),
                    )
        leaf += span.leaves


def _first_place(corpus: Corpus, number: int, entry: int) -> int:
    dataset = corpus.dataset(number)
    assert dataset is not None
    return int(dataset.suffix_array[entry])


def _wrong_weights(
    corpus: Corpus, record: RecordLeaf, leaves: Sequence[EvidenceLeaf], spans: Sequence[Span]
) -> Iterator[Fault]:
    expected = expected_weights(corpus.total, spans)
    wrong = [
        at
        for at, (leaf, weight) in enumerate(zip(leaves, expected, strict=True))
        if leaf.weight != weight
    ]
    for at in wrong:
        yield Fault(Reason.LEAF_WEIGHT, leaf=at)
    if not wrong:
        honest = points(leaves, record.fee, corpus.fallback)
        if weights_root(honest) != record.weights_root:
            yield Fault(Reason.POINTS)
