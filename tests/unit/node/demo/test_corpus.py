"""The texts of the demo and who gave them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from eth_keys.datatypes import PrivateKey

from byline.node.demo.corpus import contributors, documents, owners, tokenize


def test_every_text_has_exactly_one_contributor() -> None:
    given = Counter(topic for one in contributors() for topic in one.topics)
    assert set(given) == {document.topic for document in documents()} == set(owners())
    assert set(given.values()) == {1}
    assert len(documents()) > 50


def test_contributors_come_in_the_order_that_a_payment_needs() -> None:
    addresses = [one.address for one in contributors()]
    assert addresses == sorted(set(addresses))
    assert len(addresses) >= 8


def test_a_contributor_can_sign_for_its_address() -> None:
    for one in contributors():
        assert PrivateKey(one.private_key).public_key.to_canonical_address() == one.address


def test_tokens_are_words_and_marks_in_lower_case_where_they_stand() -> None:
    text = "Raise it:\n  “again” x_1."
    tokens = tokenize(text)
    assert [token.word for token in tokens] == ["raise", "it", ":", "“", "again", "”", "x_1", "."]
    assert [text[token.start : token.end].casefold() for token in tokens] == [
        token.word for token in tokens
    ]
    gaps = pairwise(tokens)
    assert all(text[one.end : other.start].strip() == "" for one, other in gaps)
