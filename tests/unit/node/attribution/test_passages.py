"""From tokens back to what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.passages import locate, passage
from byline.node.attribution.tokens import tokenize

FIRST, SECOND = "One Straße,  two!", "İstanbul is\nfar"
DATASET = Dataset.build(1, [Document(text, b"\x01" * 20) for text in (FIRST, "", SECOND)])


@given(text=st.text(st.characters(codec="utf-8")) | st.text("aßİŉ .'"))
def test_located_tokens_are_the_tokens(text: str) -> None:
    located = locate(text)
    assert tuple(one.token for one in located) == tokenize(text)
    for one in located:
        assert 0 <= one.start < one.end <= len(text)
        assert one.token in tokenize(text[one.start : one.end])


def test_places_are_those_of_the_written_characters() -> None:
    places = [(one.start, one.end) for one in locate(FIRST)]
    assert [FIRST[start:end] for start, end in places] == ["One", "Straße", ",", "two", "!"]


@pytest.mark.parametrize(
    ("pos", "length", "document", "text"),
    [(0, 1, 0, "One"), (1, 3, 0, "Straße,  two"), (7, 3, 2, "İstanbul"), (10, 2, 2, "is\nfar")],
)
def test_a_passage_is_what_was_written(pos: int, length: int, document: int, text: str) -> None:
    found = passage(DATASET, pos, length)
    assert (found.document, found.text) == (document, text)
    assert DATASET.documents[document].text[found.start : found.end] == text


@pytest.mark.parametrize(("pos", "length"), [(4, 2), (5, 1), (6, 1), (0, 0), (13, 1)])
def test_what_is_not_in_one_document_is_no_passage(pos: int, length: int) -> None:
    with pytest.raises(IndexError, match=r"no \d tokens at|no position 13"):
        passage(DATASET, pos, length)
