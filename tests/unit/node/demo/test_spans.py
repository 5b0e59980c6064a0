"""Spans against a search that tries everything."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.demo import spans as module
from byline.node.demo.corpus import Document, tokenize
from byline.node.demo.fixed_point import log2_q16
from byline.node.demo.spans import MIN_TOKENS, MIN_WEIGHT, Place, SpanIndex


def text(topic: str, words: str) -> Document:
    return Document(topic, words, tokenize(words))


LONG = " ".join(f"w{number}" for number in range(200))
INDEX = SpanIndex(
    [
        text("one", "The quick brown fox jumps over the lazy dog. " + LONG),
        text("three", LONG + " and then nothing"),
        text("two", "A slow fox. The quick brown fox jumps over a fence, then rests a while."),
    ]
)


def test_a_span_is_as_long_as_it_can_be_and_owned_by_all_who_have_it() -> None:
    found = INDEX.spans("Look: the quick brown fox jumps over my hat")
    assert [(span.start, span.length, span.text) for span in found] == [
        (2, 6, "the quick brown fox jumps over")
    ]
    assert found[0].places == (Place("one", 0), Place("two", 4))
    assert found[0].topic == "one"


def test_of_several_occurrences_in_a_text_the_first_counts() -> None:
    """Sorted by what follows, the second would come first."""
    filler = " ".join(f"x{number}" for number in range(200))
    words = "one two three four five"
    index = SpanIndex([text("t", f"zero {words} zebra {filler} {words} apple")])
    assert index.spans(words)[0].places == (Place("t", 1),)


def test_the_longer_match_wins_and_leaves_the_shorter_owner_out() -> None:
    (span,) = INDEX.spans("the quick brown fox jumps over a fence")
    assert [place.topic for place in span.places] == ["two"]


def test_spans_do_not_overlap_and_reading_goes_on_behind_each() -> None:
    found = INDEX.spans("quick brown fox jumps over the lazy dog then rests a while. hm")
    assert [(span.start, span.length) for span in found] == [(0, 8), (8, 5)]


def test_a_match_does_not_run_on_into_the_next_text() -> None:
    """The texts follow each other in the index: "nothing" stands right before "A slow fox"."""
    (span,) = INDEX.spans("w198 w199 and then nothing A slow fox.")
    assert span.text == "w198 w199 and then nothing"


def test_a_match_longer_than_the_sorted_depth_is_followed_to_its_end() -> None:
    (span,) = INDEX.spans(LONG + " and then")
    assert span.length == 202
    assert span.places == (Place("three", 0),)
    (shared,) = INDEX.spans(LONG)
    assert shared.length == 200
    assert [place.topic for place in shared.places] == ["one", "three"]


def test_case_and_white_space_do_not_hide_a_span_but_other_words_do() -> None:
    assert INDEX.spans("QUICK\n  brown\tfox jumps over THE lazy")[0].length == 7
    assert INDEX.spans("quick brown vixen jumps over") == ()


def test_short_or_common_runs_are_no_spans() -> None:
    assert INDEX.spans("quick brown fox jumps") == ()
    common = SpanIndex([text("noise", "a b " * 500)])
    assert common.spans("a b a b a b a b") == ()
    assert common.spans("a b " * 40)[0].length == 80


def test_nothing_comes_of_nothing() -> None:
    assert INDEX.spans("") == ()
    assert INDEX.spans("¿?") == ()


def test_a_span_weighs_the_rarity_of_its_words() -> None:
    index = SpanIndex([text("t", "one two three four five " + "common " * 123)])
    (span,) = index.spans("one two three four five")
    assert span.weight == 5 * log2_q16(128) == 5 * 7 << 16


def brute_force(
    texts: Sequence[Document], answer: str, minimum: int
) -> list[tuple[int, int, list[str]]]:
    """Return start, length and topics by comparing every run with every place."""
    words = [token.word for token in tokenize(answer)]
    sources = {t.topic: [token.word for token in t.tokens] for t in texts}
    found = []
    at = 0
    while at < len(words):
        length, topics = 0, []
        for end in range(len(words), at, -1):
            run = words[at:end]
            topics = [
                topic
                for topic, source in sources.items()
                if any(source[i : i + len(run)] == run for i in range(len(source)))
            ]
            if topics:
                length = end - at
                break
        if length < minimum:
            at += 1
            continue
        found.append((at, length, sorted(topics)))
        at += length
    return found


few_words = st.lists(st.sampled_from("abc"), min_size=1, max_size=30).map(" ".join)


@given(sources=st.lists(few_words, min_size=1, max_size=4), answer=few_words)
def test_the_index_finds_what_trying_everything_finds(sources: list[str], answer: str) -> None:
    """Few different words, so that runs repeat, overlap and end together; shallow sorting, so
    that matches reach beyond it."""
    texts = [text(f"t{number}", source) for number, source in enumerate(sources)]
    with (
        patch.object(module, "_DEPTH", 4),
        patch.object(module, "MIN_TOKENS", 2),
        patch.object(module, "MIN_WEIGHT", 0),
    ):
        spans = SpanIndex(texts).spans(answer)
    found = [(s.start, s.length, [place.topic for place in s.places]) for s in spans]
    assert found == brute_force(texts, answer, 2)


@given(sources=st.lists(few_words, min_size=1, max_size=4), answer=few_words)
def test_every_place_of_a_span_has_its_words(sources: list[str], answer: str) -> None:
    texts = {f"t{number}": text(f"t{number}", source) for number, source in enumerate(sources)}
    for span in SpanIndex(list(texts.values())).spans(answer):
        assert span.length >= MIN_TOKENS
        assert span.weight >= MIN_WEIGHT
        words = [token.word for token in tokenize(span.text)]
        for place in span.places:
            there = texts[place.topic].tokens[place.position : place.position + span.length]
            assert [token.word for token in there] == words


@pytest.mark.parametrize("answer", ["x" * 100_000, "the quick " * 5_000], ids=["wide", "long"])
def test_long_answers_take_bounded_time(answer: str) -> None:
    assert INDEX.spans(answer) == ()
