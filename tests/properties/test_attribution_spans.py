"""The engine's searches against scanning: ranges, longest matches, spans, leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.evidence import attribute
from byline.node.attribution.fixed_point import log2_q16
from byline.node.attribution.spans import find_spans
from byline.node.attribution.tokens import encode_tokens, token_id, tokenize
from byline.node.attribution.weights import units
from byline.precompiles.evidence import read_entries, spans
from tests.properties.attribution_records import Case, cases, corpora, outputs


def places(dataset: Dataset, tokens: Sequence[int]) -> list[int]:
    """Return where `dataset` has `tokens`, by looking everywhere."""
    everything, wanted = dataset.tokens.tolist(), list(tokens)
    return [
        at
        for at in range(len(everything) - len(wanted) + 1)
        if everything[at : at + len(wanted)] == wanted
    ]


def longest_by_scanning(corpus: Corpus, tokens: Sequence[int]) -> int:
    length = 0
    while length < min(len(tokens), 64) and any(
        places(dataset, tokens[: length + 1]) for dataset in corpus.datasets
    ):
        length += 1
    return length


def spans_by_scanning(corpus: Corpus, output: Sequence[int]) -> list[tuple[int, int]]:
    found, at, leaves = [], 0, 0
    while at < len(output) and leaves <= 240:
        length = longest_by_scanning(corpus, output[at:])
        if length < corpus.min_length:
            at += 1
            continue
        found.append((at, length))
        leaves += sum(
            min(len(places(dataset, output[at : at + length])), 4) for dataset in corpus.datasets
        )
        at += length
    return found


@given(corpus=corpora(), output=outputs)
@settings(max_examples=60)
def test_spans_are_what_the_rule_says(corpus: Corpus, output: tuple[int, ...]) -> None:
    spans = find_spans(corpus, output)
    assert [(span.start, span.length) for span in spans] == spans_by_scanning(corpus, output)


@given(corpus=corpora(), output=outputs)
@settings(max_examples=60)
def test_a_match_stands_where_it_is_said_to(corpus: Corpus, output: tuple[int, ...]) -> None:
    match = corpus.longest(output)
    length = longest_by_scanning(corpus, output)
    assert (match.length if match else 0) == length
    if match:
        dataset = corpus.dataset(match.dataset)
        assert dataset is not None
        assert match.pos in places(dataset, output[:length])


@given(case=cases())
@settings(max_examples=60)
def test_leaves_stand_for_all_places(case: Case) -> None:
    """Counts are exact, samples are places of the span, and every owner is the place's."""
    for leaf in case.leaves:
        dataset = case.corpus.dataset(leaf.dataset)
        assert dataset is not None
        where = places(dataset, case.output[leaf.out_pos : leaf.out_pos + leaf.length])
        entries = dataset.suffix_array[leaf.lo : leaf.hi].tolist()
        assert sorted(entries) == where
        assert leaf.pos == dataset.suffix_array[leaf.sa_index]
        document = dataset.documents[dataset.document_at(leaf.pos)]
        assert leaf.owner == document.owner
    in_group = Counter((leaf.out_pos, leaf.dataset, leaf.lo, leaf.hi) for leaf in case.leaves)
    assert all(number == min(hi - lo, 4) for (_, _, lo, hi), number in in_group.items())


@given(case=cases())
@settings(max_examples=60)
def test_weights_are_exact_and_points_spend_all_units(case: Case) -> None:
    for span in find_spans(case.corpus, case.output):
        weights = [leaf.weight for leaf in case.leaves if leaf.out_pos == span.start]
        bits = log2_q16(case.corpus.total) - log2_q16(span.count)
        assert sum(weights) == max(1, span.length * bits)
        assert max(weights) - min(weights) <= 1
    assert sum(amount for _, amount in case.points) == units(case.record.fee)
    owners = [owner for owner, _ in case.points]
    assert owners == sorted(set(owners))
    assert set(owners) == ({leaf.owner for leaf in case.leaves} or {case.corpus.fallback})


def test_four_samples_of_a_range_are_evenly_spaced() -> None:
    corpus = Corpus((Dataset.build(1, [Document("x y " * 10, b"\x01" * 20)]),), 2)
    leaves = attribute(corpus, tokenize("x y z")).leaves
    assert [leaf.sa_index - leaf.lo for leaf in leaves] == [0, 2, 5, 7]
    assert {leaf.hi - leaf.lo for leaf in leaves} == {10}


def test_no_match_is_longer_than_64_tokens() -> None:
    words = [f"w{at}" for at in range(150)]
    corpus = Corpus((Dataset.build(1, [Document(" ".join(words), b"\x01" * 20)]),))
    spans = find_spans(corpus, [token_id(word) for word in words])
    assert [(span.start, span.length) for span in spans] == [(0, 64), (64, 64), (128, 22)]


def test_the_search_ends_behind_240_leaves() -> None:
    """Four datasets with four places each give sixteen leaves a span: sixteen spans, 256."""
    texts = [Document(" ".join(["x y"] * 4), b"\x01" * 20)]
    corpus = Corpus(tuple(Dataset.build(number, texts) for number in (1, 2, 3, 4)), 2)
    evidence = attribute(corpus, tokenize("x y z " * 40))
    assert len(evidence.leaves) == 256
    assert evidence.leaves[-1].out_pos == 45


def test_no_match_runs_over_the_end_of_a_document() -> None:
    documents = [Document("a b c", b"\x01" * 20), Document("d e f", b"\x02" * 20)]
    corpus = Corpus((Dataset.build(1, documents),), 3)
    spans = find_spans(corpus, tokenize("b c d e f"))
    assert [(span.start, span.length) for span in spans] == [(2, 3)]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ((), "output of 0 tokens"),
        ((1,) * 1025, "output of 1025 tokens"),
        ((1, 0), "token 0 at 1"),
        ((2**32,), "token 4294967296 at 0"),
    ],
)
def test_what_cannot_be_recorded_is_refused(output: tuple[int, ...], words: str) -> None:
    corpus = Corpus((Dataset.build(1, [Document("a", b"\x01" * 20)]),))
    with pytest.raises(ValueError, match=words):
        attribute(corpus, output)


@given(corpus=corpora(), tokens=st.lists(st.sampled_from([*map(token_id, "abcd")]), min_size=1))
@settings(max_examples=60)
def test_ranges_count_all_places(corpus: Corpus, tokens: list[int]) -> None:
    counts = {one.dataset: one.count for one in corpus.ranges(tokens[:64])}
    assert counts == {
        dataset.id: len(places(dataset, tokens[:64]))
        for dataset in corpus.datasets
        if places(dataset, tokens[:64])
    }


@given(texts=st.lists(st.lists(st.sampled_from("abcd"), max_size=30), max_size=4), output=outputs)
@settings(max_examples=80)
def test_the_precompile_finds_the_same_spans(
    texts: list[list[str]], output: tuple[int, ...]
) -> None:
    """Its documents are one dataset; it names the first place of each span."""
    given_texts = [" ".join(words) for words in texts] or [""]
    dataset = Dataset.build(1, [Document(text, b"\x01" * 20) for text in given_texts])
    corpus = Corpus((dataset,), 3)
    strings = [encode_tokens(tokenize(text)) for text in given_texts]
    found = read_entries(spans(encode_tokens(output), strings, 3))
    ours = find_spans(corpus, output)
    assert [(one.place, one.length) for one in found] == [(one.start, one.length) for one in ours]
    for one in found:
        first = places(dataset, output[one.place : one.place + one.length])[0]
        start = sum(len(tokenize(text)) + 1 for text in given_texts[: one.document])
        assert dataset.document_at(first) == one.document
        assert first == start + one.position


def test_the_precompile_stops_where_the_engine_stops() -> None:
    text = " ".join(["x y", *(f"a{at} b{at}" for at in range(300)), "x y", "x y", "x y"])
    dataset = Dataset.build(1, [Document(text, b"\x01" * 20)])
    output = tokenize("x y q " * 70)
    found = read_entries(spans(encode_tokens(output), [encode_tokens(tokenize(text))], 2))
    ours = find_spans(Corpus((dataset,), 2), output)
    assert len(ours) == 61
    assert [(one.place, one.length) for one in found] == [(one.start, one.length) for one in ours]
