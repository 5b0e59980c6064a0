"""Cutting a stream of bytes into JSON values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.rpc.framing import MOST_DEPTH, FramingError, JsonFrames

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CONTAINERS = st.lists(DOCUMENTS, max_size=4) | st.dictionaries(st.text(), DOCUMENTS, max_size=4)


@given(st.lists(CONTAINERS, max_size=5), st.sampled_from(["", " ", "\n", "\r\n\t "]), st.data())
def test_values_come_out_as_they_went_in_however_the_stream_is_cut(
    documents: list[object], between: str, data: st.DataObject
) -> None:
    texts = [json.dumps(one, ensure_ascii=data.draw(st.booleans())) for one in documents]
    stream = between.join(texts).encode()
    size = data.draw(st.integers(1, len(stream) + 1))
    frames = JsonFrames(10**6)

    found = [
        one
        for start in range(0, len(stream), size)
        for one in frames.feed(stream[start : start + size])
    ]

    assert [json.loads(one) for one in found] == documents


@pytest.mark.parametrize("data", [b"hello", b"5", b"null", b'"text"', b"}", b"[] ]", b"\xff{}"])
def test_what_is_no_object_or_array_ends_the_stream(data: bytes) -> None:
    with pytest.raises(FramingError, match="want an object or an array"):
        JsonFrames(100).feed(data)


def test_a_value_over_the_bound_is_refused_before_it_ends() -> None:
    frames = JsonFrames(1000)
    assert frames.feed(b'{"a":"' + b"x" * 500) == []
    with pytest.raises(FramingError, match="at most 1000 bytes"):
        frames.feed(b"x" * 500)


def test_values_that_are_deep_are_refused() -> None:
    assert JsonFrames(10**6).feed(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH)
    with pytest.raises(FramingError, match="nested deeper"):
        JsonFrames(10**6).feed(b"[" * (MOST_DEPTH + 1))
