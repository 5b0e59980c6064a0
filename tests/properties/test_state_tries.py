"""Reading tries: what changed between two, and pages of one, whatever they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.kernels.trie import Trie
from byline.node.chain.state_tries import changed_keys, storage_range
from byline.rpc.inspecting import StoredWord

# Few keys and short values, so that tries share parts and hold nodes within nodes.
SLOTS = st.integers(0, 40)
WORDS = st.dictionaries(SLOTS, st.integers(1, 2**256 - 1) | st.integers(1, 5), max_size=40)
SPARSE = st.dictionaries(
    st.binary(min_size=2, max_size=2), st.binary(min_size=1, max_size=40), max_size=30
)


def _stored(
    words: dict[bytes, bytes], nodes: dict[bytes, bytes], root: bytes | None = None
) -> bytes:
    trie = Trie(nodes.get) if root is None else Trie(nodes.get, root)
    for key, value in words.items():
        trie.set(key, value)
    found = trie.root_hash()
    nodes |= trie.take_nodes()
    return found


def _hashed(words: dict[int, int]) -> dict[bytes, bytes]:
    return {
        keccak256(slot.to_bytes(32, "big")): rlp.encode(value) for slot, value in words.items()
    }


def _nothing() -> None:
    """Never out of time."""


@given(before=WORDS, after=WORDS)
def test_changes_are_what_is_new_or_has_another_value(
    before: dict[int, int], after: dict[int, int]
) -> None:
    nodes: dict[bytes, bytes] = {}
    old, new = _hashed(before), _hashed(after)
    roots = _stored(old, nodes), _stored(new, nodes)
    found = list(changed_keys(nodes.get, *roots, _nothing))
    assert len(found) == len(set(found))
    assert set(found) == {key for key, value in new.items() if old.get(key) != value}


@given(before=SPARSE, after=SPARSE)
def test_changes_are_found_below_short_keys_and_small_nodes(
    before: dict[bytes, bytes], after: dict[bytes, bytes]
) -> None:
    nodes: dict[bytes, bytes] = {}
    roots = _stored(before, nodes), _stored(after, nodes)
    found = set(changed_keys(nodes.get, *roots, _nothing))
    assert found == {key for key, value in after.items() if before.get(key) != value}


@given(words=WORDS, size=st.integers(1, 7))
def test_pages_hold_everything_once_and_in_order(words: dict[int, int], size: int) -> None:
    nodes: dict[bytes, bytes] = {}
    root = _stored(_hashed(words), nodes)
    nodes |= {keccak256(slot.to_bytes(32, "big")): slot.to_bytes(32, "big") for slot in words}
    found: list[StoredWord] = []
    start = b""
    while True:
        page = storage_range(nodes.get, root, start, size)
        assert len(page.words) <= size
        found += page.words
        if page.following is None:
            break
        assert len(page.words) == size
        start = page.following
    assert [item.hashed for item in found] == sorted(_hashed(words))
    assert {item.slot: item.value for item in found} == words
