"""Frozen tries: shared, branched off, let go of, and read by several threads."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import sys
import threading
from typing import Any

import pytest
import rlp
from trie import HexaryTrie

from byline.derivation.hashing import EMPTY_TRIE_ROOT, keccak256
from byline.derivation.kernels import _trie_c, _trie_py
from byline.derivation.kernels.trie_errors import MAX_KEY, CorruptNode, MissingNode

both = pytest.mark.parametrize("kernel", [_trie_c, _trie_py], ids=["compiled", "reference"])


def hashed(count: int, salt: bytes = b"") -> dict[bytes, bytes]:
    """Return entries as a state holds them: hashed keys, values over a word."""
    keys = (keccak256(salt + index.to_bytes(4, "big")) for index in range(count))
    return {key: key + bytes([index % 256]) for index, key in enumerate(keys)}


def filled(kernel: Any, entries: dict[bytes, bytes], nodes: dict[bytes, bytes]) -> Any:
    """Return a trie with entries, its nodes stored."""
    trie = kernel.Trie(nodes.get)
    for key, value in entries.items():
        trie.set(key, value)
    nodes.update(trie.take_nodes())
    return trie


@both
def test_branches_of_one_handle_do_not_see_each_other(kernel: Any) -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(200)
    old, *rest = entries
    trie = filled(kernel, entries, nodes)
    handle = trie.freeze()
    left, right = kernel.Trie.at(nodes.get, handle), kernel.Trie.at(nodes.get, handle)
    trie.set(old, b"trunk")
    left.set(old, b"left")
    for key in rest:
        right.set(key, b"")

    assert [side.get(old) for side in (trie, left, right)] == [b"trunk", b"left", entries[old]]
    assert dict(right.items()) == {old: entries[old]}
    assert right.root_hash() == keccak256(rlp.encode([b"\x20" + old, entries[old]]))
    untouched = kernel.Trie.at(nodes.get, handle)
    assert untouched.root_hash() == handle.root_hash
    assert dict(untouched.items()) == entries


@both
def test_what_is_made_before_a_freeze_stays_to_be_taken(kernel: Any) -> None:
    trie = kernel.Trie({}.get)
    trie.set(b"key", b"value" * 10)
    handle = trie.freeze()
    branch = kernel.Trie.at({}.get, handle)

    assert branch.get(b"key") == b"value" * 10
    assert branch.take_nodes() == {}
    assert list(trie.take_nodes()) == [handle.root_hash]


@both
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 100])
def test_a_collapsed_handle_is_the_same_trie(kernel: Any, depth: int) -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(300) | {b"": b"1", b"a": b"2", b"ab": b"3", b"ac": b"4"}
    whole = filled(kernel, entries, nodes).freeze()
    handle = whole.collapsed(depth)
    trie = kernel.Trie.at(nodes.get, handle)

    assert handle.resident == 0 if depth == 0 else 1 <= handle.resident <= whole.resident
    assert trie.root_hash() == handle.root_hash == whole.root_hash
    assert {key: trie.get(key) for key in entries} == entries
    trie.set(b"ab", b"")
    trie.set(b"a", b"")
    assert dict(trie.items()) == {k: v for k, v in entries.items() if k not in (b"a", b"ab")}


def test_a_depth_bounds_what_is_resident() -> None:
    whole = filled(_trie_c, hashed(2000), {}).freeze()
    assert whole.resident > 2000
    assert [whole.collapsed(depth).resident for depth in range(4)] == [0, 1, 17, 273]
    assert whole.resident > 2000
    with pytest.raises(ValueError, match="depth to keep is -1, want 0 or more"):
        whole.collapsed(-1)


def test_a_root_shorter_than_a_hash_can_be_collapsed() -> None:
    nodes: dict[bytes, bytes] = {}
    handle = filled(_trie_c, {b"a": b"1", b"b": b"2"}, nodes).freeze()
    for depth in (0, 1):
        trie = _trie_c.Trie.at(nodes.get, handle.collapsed(depth))
        assert list(trie.items()) == [(b"a", b"1"), (b"b", b"2")]


def test_only_what_a_key_leads_to_is_read_and_only_once() -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(1000)
    asked: list[bytes] = []
    root = filled(_trie_c, entries, nodes).root_hash()

    def read(node_hash: bytes) -> bytes | None:
        asked.append(node_hash)
        return nodes.get(node_hash)

    trie = _trie_c.Trie(read, root)
    assert asked == []
    key = min(entries)
    for _ in range(2):
        assert trie.get(key) == entries[key]
    assert [keccak256(node) for node in trie.proof(key)] == asked
    read_for_one = len(asked)
    assert trie.resident == read_for_one
    assert dict(trie.items()) == entries
    assert (trie.resident, len(asked)) == (read_for_one, len(nodes))


def test_a_handle_keeps_what_its_readers_read() -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(100)
    handle = filled(_trie_c, entries, nodes).freeze().collapsed(1)
    for key in entries:
        assert _trie_c.Trie.at(nodes.get, handle).get(key) == entries[key]
    nothing: dict[bytes, bytes] = {}
    assert {key: _trie_c.Trie.at(nothing.get, handle).get(key) for key in entries} == entries


@both
def test_the_same_value_again_changes_nothing(kernel: Any) -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(50) | {b"": b"1", b"a": b"2", b"ab": b"3"}
    trie = filled(kernel, entries, nodes)
    before = trie.root_hash()
    for key, value in entries.items():
        trie.set(key, value)
        trie.set(key + b"absent", b"")
    assert trie.root_hash() == before
    assert trie.take_nodes().keys() <= nodes.keys()


@both
def test_items_are_those_of_the_moment_of_the_call(kernel: Any) -> None:
    entries = hashed(60)
    trie = filled(kernel, entries, {})
    walk = trie.items()
    first = next(walk)
    for key in entries:
        trie.set(key, b"")
    trie.set(b"new", b"v")
    assert [first, *walk] == sorted(entries.items())
    assert list(trie.items()) == [(b"new", b"v")]


@both
def test_proofs_hold_for_py_trie(kernel: Any) -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(100)
    trie = kernel.Trie(nodes.get, filled(kernel, entries, nodes).root_hash())
    for key in (*entries, *hashed(50, b"absent")):
        proof = [rlp.decode(node) for node in trie.proof(key)]
        found = HexaryTrie.get_from_proof(trie.root_hash(), key, proof)
        assert found == entries.get(key, b"")


@both
def test_a_proof_holds_the_records_on_the_way_and_no_others(kernel: Any) -> None:
    entries = hashed(40) | {b"": b"1", b"a": b"2", b"ab": b"3", b"ac": b"4"}
    trie = filled(kernel, entries, {})
    for key in (*entries, b"b", b"abc", keccak256(b"absent")):
        records = {keccak256(node): node for node in trie.proof(key)}
        assert kernel.Trie(records.get, trie.root_hash()).get(key) == entries.get(key)
        for left_out in records:
            fewer = {name: node for name, node in records.items() if name != left_out}
            with pytest.raises(MissingNode):
                kernel.Trie(fewer.get, trie.root_hash()).get(key)


@both
def test_keys_and_values_of_the_wrong_size_or_kind_are_refused(kernel: Any) -> None:
    trie = kernel.Trie({}.get)
    trie.set(bytes(MAX_KEY), b"v")
    trie.set(bytes(MAX_KEY - 1) + b"\1", b"w")
    assert trie.get(bytes(MAX_KEY)) == b"v"
    for method, *arguments in (("get",), ("set", b"v"), ("set", b""), ("proof",), ("items",)):
        with pytest.raises(ValueError, match="65 bytes, want at most 64"):
            getattr(trie, method)(bytes(65), *arguments)
        for wrong in ("key", None, 5, bytearray(b"key")):
            with pytest.raises(TypeError, match="want bytes, not"):
                getattr(trie, method)(wrong, *arguments)
    with pytest.raises(TypeError, match="want bytes, not"):
        trie.set(b"key", None)
    with pytest.raises(ValueError, match="a root has 31 bytes, want 32"):
        kernel.Trie({}.get, bytes(31))


@both
def test_bytes_of_any_class_are_keys_and_values(kernel: Any) -> None:
    class Named(bytes):
        pass

    trie = kernel.Trie({}.get, Named(EMPTY_TRIE_ROOT))
    trie.set(Named(b"key"), Named(b"value"))
    assert type(trie.get(Named(b"key"))) is bytes


@both
@pytest.mark.parametrize("count", [0, 1, 2, 17, 127, 128, 129, 200, 256, 257, 300])
def test_a_list_has_the_root_that_py_trie_gives_it(kernel: Any, count: int) -> None:
    items = [bytes([index % 251]) * (index % 70 + 1) for index in range(count)]
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(index)] = item
    assert kernel.ordered_root(items) == trie.root_hash
    assert kernel.ordered_root(iter(items)) == trie.root_hash


@both
def test_what_a_list_cannot_hold_is_refused(kernel: Any) -> None:
    with pytest.raises(TypeError, match="want bytes, not int"):
        kernel.ordered_root([5])


def test_threads_read_one_handle_while_another_branches_off() -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(3000)
    handle = filled(_trie_c, entries, nodes).freeze().collapsed(1)
    wrong: list[bytes] = []
    interval = sys.getswitchinterval()

    def read(seed: int) -> None:
        trie = _trie_c.Trie.at(nodes.get, handle)
        keys = list(entries)
        random.Random(seed).shuffle(keys)
        wrong.extend(key for key in keys if trie.get(key) != entries[key])

    def change() -> None:
        trie = _trie_c.Trie.at(nodes.get, handle)
        for key in entries:
            trie.set(key, b"" if key[0] % 2 else b"changed")
        trie.root_hash()

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    threads += [threading.Thread(target=change) for _ in range(2)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert dict(_trie_c.Trie.at(nodes.get, handle).items()) == entries


def test_a_read_that_uses_the_trie_again_does_no_harm() -> None:
    nodes: dict[bytes, bytes] = {}
    entries = hashed(200)
    root = filled(_trie_c, entries, nodes).root_hash()

    def read(node_hash: bytes) -> bytes | None:
        if len(trips) < 50:
            trips.append(node_hash)
            trie.set(min(entries), bytes(len(trips)))
            trie.get(max(entries))
            trie.set(max(entries), b"")
            trie.root_hash()
        return nodes.get(node_hash)

    trips: list[bytes] = []
    trie = _trie_c.Trie(read, root)
    for key in entries:
        trie.set(key, b"")
        trie.get(key)
    assert len(trie.root_hash()) == 32


def test_no_node_outlives_its_tries() -> None:
    gc.collect()
    before = _trie_c.resident_nodes()
    nodes: dict[bytes, bytes] = {}
    entries = hashed(500)
    trie = filled(_trie_c, entries, nodes)
    handles = [trie.freeze()]
    for key in entries:
        trie.set(key, b"")
        handles.append(trie.freeze())
    walk = _trie_c.Trie.at(nodes.get, handles[0].collapsed(2)).items()
    next(walk)
    root = handles[0].root_hash
    for lost in list(nodes)[:100]:
        node = nodes.pop(lost)
        with pytest.raises((MissingNode, CorruptNode)):
            list(_trie_c.Trie(nodes.get, root).items())
        nodes[lost] = node
    assert _trie_c.resident_nodes() > before
    del trie, handles, walk
    gc.collect()
    assert _trie_c.resident_nodes() == before


def test_handles_are_made_by_tries_alone() -> None:
    handle = _trie_c.Trie(dict[bytes, bytes]().get).freeze()
    for make in (_trie_c.TrieHandle, lambda: copy.copy(handle), lambda: pickle.dumps(handle)):
        with pytest.raises(TypeError):
            make()
    nothing: Any = None
    with pytest.raises(TypeError):
        _trie_c.Trie.at(nothing, nothing)
