"""Tokens: what a word is, and the bytes of a token string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.node.attribution.tokens import (
    CHUNK_BYTES,
    chunks_of,
    decode_tokens,
    encode_tokens,
    token_id,
    token_string,
    tokenize,
    words_of,
)


def test_words_are_casefolded_and_marks_stand_alone() -> None:
    assert words_of("Straße, don't  STOP_1!") == [
        "strasse", ",", "don", "'", "t", "stop_1", "!",
    ]  # fmt: skip


def test_a_token_is_the_first_four_bytes_of_the_hash() -> None:
    assert token_id("gene") == int.from_bytes(keccak256(b"gene")[:4], "big")
    assert tokenize("Gene gene") == (token_id("gene"),) * 2


def test_a_separator_stands_behind_each_document() -> None:
    assert token_string(["a b", "", "c"]) == [
        token_id("a"), token_id("b"), 0, 0, token_id("c"), 0,
    ]  # fmt: skip


def test_text_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        tokenize("\ud800")


@given(tokens=st.lists(st.integers(0, 2**32 - 1)))
def test_a_token_string_reads_back(tokens: list[int]) -> None:
    assert decode_tokens(encode_tokens(tokens)) == tuple(tokens)


@pytest.mark.parametrize("token", [-1, 2**32])
def test_what_is_no_token_is_refused(token: int) -> None:
    with pytest.raises(ValueError, match=f"token {token} does not fit"):
        encode_tokens([token])


def test_a_torn_token_string_is_refused() -> None:
    with pytest.raises(ValueError, match="a token string of 5 bytes: want a multiple of 4"):
        decode_tokens(bytes(5))


@given(size=st.integers(0, 3 * CHUNK_BYTES))
def test_chunks_join_to_the_data(size: int) -> None:
    data = bytes(at % 251 for at in range(size))
    chunks = chunks_of(data)
    assert b"".join(chunks) == data
    assert all(len(chunk) == CHUNK_BYTES for chunk in chunks[:-1])
