"""A trie built at once is the trie that py-trie grows entry by entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.trie import MAX_KEY, trie_root_and_nodes


def grown(items: dict[bytes, bytes]) -> bytes:
    """Return the root that py-trie comes to."""
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    return bytes(trie.root_hash)


# Few different nibbles, so that keys share prefixes and one is often the beginning of another.
near_keys = st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11]), max_size=5).map(bytes)
values = st.binary(min_size=1, max_size=40)


@given(st.dictionaries(near_keys, values, max_size=24))
def test_the_root_is_py_tries_for_keys_that_share_prefixes(items: dict[bytes, bytes]) -> None:
    assert trie_root_and_nodes(items)[0] == grown(items)


@given(st.dictionaries(st.binary(min_size=32, max_size=32), values, max_size=40))
def test_the_root_is_py_tries_for_hashed_keys(items: dict[bytes, bytes]) -> None:
    hashed = {keccak256(key): value for key, value in items.items()}
    assert trie_root_and_nodes(hashed)[0] == grown(hashed)


@given(st.dictionaries(near_keys, values, min_size=1, max_size=24))
def test_every_entry_is_found_through_the_nodes(items: dict[bytes, bytes]) -> None:
    root, nodes = trie_root_and_nodes(items)
    trie = HexaryTrie(dict(nodes), root)

    assert all(keccak256(node) == name for name, node in nodes.items())
    assert items == {key: trie[key] for key in items}


def test_no_entries_have_the_root_of_nothing() -> None:
    assert trie_root_and_nodes({}) == (EMPTY_TRIE_ROOT, {})


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(ValueError, match="value of key 0x61 is empty"):
        trie_root_and_nodes({b"a": b""})


def test_a_key_that_would_make_the_trie_too_deep_is_refused() -> None:
    longest = {bytes(MAX_KEY): b"1", bytes(MAX_KEY - 1) + b"1": b"2"}
    assert trie_root_and_nodes(longest)[0] == grown(longest)
    with pytest.raises(ValueError, match="65 bytes, want at most 64"):
        trie_root_and_nodes({bytes(MAX_KEY + 1): b"1"})
