"""A dataset's roots and openings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.dataset import (
    Dataset,
    Document,
    Opening,
    OwnerRange,
    encode_documents,
)
from byline.node.attribution.tokens import CHUNK_TOKENS, chunks_of, decode_tokens, token_string
from byline.precompiles.evidence.merkle import merkle_root, verify_chunk

ALICE, BOB = b"\xaa" * 20, b"\xbb" * 20
DOCUMENTS = (
    Document("one two three", ALICE),
    Document("", ALICE),
    Document("four five", BOB),
    Document(" ".join(f"word{at}" for at in range(600)), ALICE),
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset.build(7, DOCUMENTS)


def checked(root: bytes, opening: Opening) -> bytes:
    for at, (chunk, proof) in enumerate(zip(opening.chunks, opening.proofs, strict=True)):
        assert verify_chunk(root, opening.first + at, chunk, proof)
    return b"".join(opening.chunks)


def test_the_roots_commit_to_texts_tokens_order_and_owners(dataset: Dataset) -> None:
    tokens = token_string(document.text for document in DOCUMENTS)
    words = b"".join(token.to_bytes(4, "big") for token in tokens)
    order = b"".join(int(at).to_bytes(4, "big") for at in dataset.suffix_array)
    ranges = [
        (0).to_bytes(4, "big") + (5).to_bytes(4, "big") + ALICE,
        (5).to_bytes(4, "big") + (8).to_bytes(4, "big") + BOB,
        (8).to_bytes(4, "big") + (609).to_bytes(4, "big") + ALICE,
    ]
    assert dataset.tokens.tolist() == tokens
    assert dataset.roots.documents == merkle_root(chunks_of(encode_documents(DOCUMENTS)))
    assert dataset.roots.tokens == merkle_root(chunks_of(words))
    assert dataset.roots.suffixes == merkle_root(chunks_of(order))
    assert dataset.roots.owners == merkle_root(ranges)


def test_lengths_in_the_documents_commitment_count_bytes() -> None:
    assert encode_documents([Document("ä", ALICE)]) == b"\0\0\0\2" + "ä".encode()


def test_every_position_has_the_owner_of_its_document(dataset: Dataset) -> None:
    assert [dataset.owner_at(pos) for pos in (0, 3, 4, 5, 7, 8, 608)] == [
        ALICE, ALICE, ALICE, BOB, BOB, ALICE, ALICE,
    ]  # fmt: skip
    assert [dataset.document_at(pos) for pos in (0, 3, 4, 5, 7, 8, 608)] == [0, 0, 1, 2, 2, 3, 3]


@given(data=st.data())
@settings(max_examples=60)
def test_openings_hold_what_was_asked_for_and_prove_it(
    dataset: Dataset, data: st.DataObject
) -> None:
    pos = data.draw(st.integers(0, len(dataset) - 1))
    count = data.draw(st.integers(1, min(64, len(dataset) - pos)))
    for root, opening, whole in (
        (dataset.roots.tokens, dataset.open_tokens(pos, count), dataset.tokens),
        (dataset.roots.suffixes, dataset.open_suffix(pos, count), dataset.suffix_array),
    ):
        words = decode_tokens(checked(root, opening))
        at = pos - CHUNK_TOKENS * opening.first
        assert words[at : at + count] == tuple(whole[pos : pos + count].tolist())
        assert len(opening.chunks) <= 2
    owner = OwnerRange.decode(checked(dataset.roots.owners, dataset.open_owner(pos)))
    assert owner.start <= pos < owner.end
    assert owner.owner == dataset.owner_at(pos)


@pytest.mark.parametrize(("pos", "count"), [(609, 1), (-1, 1), (600, 10), (5, 0)])
def test_nothing_outside_is_opened(dataset: Dataset, pos: int, count: int) -> None:
    with pytest.raises(IndexError, match="no entries"):
        dataset.open_tokens(pos, count)
    with pytest.raises(IndexError, match="no entries"):
        dataset.open_suffix(pos, count)


def test_no_one_owns_what_is_not_there(dataset: Dataset) -> None:
    with pytest.raises(IndexError, match="no position 609 in dataset 7 of 609 tokens"):
        dataset.owner_at(609)
    with pytest.raises(IndexError, match="no ranges 2 to 3 of 3"):
        dataset.open_range(2, 2)


def test_a_wrong_suffix_array_can_be_held_and_has_other_roots(dataset: Dataset) -> None:
    wrong = replace(dataset, suffix_array=np.flip(dataset.suffix_array))
    assert wrong.roots.suffixes != dataset.roots.suffixes
    assert wrong.roots.tokens == dataset.roots.tokens


def test_what_is_no_dataset_is_refused() -> None:
    with pytest.raises(ValueError, match="dataset of 0 tokens"):
        Dataset.build(1, ())
    with pytest.raises(ValueError, match="owner of 3 bytes: want an address of 20"):
        Dataset.build(1, [Document("text", b"abc")])
    with pytest.raises(ValueError, match="suffix array of no entries for 2 tokens"):
        replace(Dataset.build(1, [Document("text", ALICE)]), suffix_array=np.array([], np.uint32))
    with pytest.raises(ValueError, match="surrogates not allowed"):
        Dataset.build(1, [Document("\ud800", ALICE)])
