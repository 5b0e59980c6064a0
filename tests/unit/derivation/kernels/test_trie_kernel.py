"""The compiled trie and its reference, held to py-trie and to each other."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.kernels import _trie_c, _trie_py
from byline.derivation.kernels import trie as chooser
from byline.derivation.kernels.trie_errors import MissingNode

both = pytest.mark.parametrize("kernel", [_trie_c, _trie_py], ids=["compiled", "reference"])

# Few different nibbles, so that keys share prefixes and one is often the beginning of another.
near_keys = st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11]), max_size=4).map(bytes)
far_keys = st.integers(0, 40).map(lambda seed: keccak(bytes([seed])))
keys = near_keys | far_keys
# Short values make embedded nodes; long ones need every form of length.
values = st.binary(min_size=1, max_size=3) | st.sampled_from(
    [bytes([0x7F]), bytes([0x80]), b"a" * 33, b"b" * 55, b"c" * 56, b"d" * 256, b"e" * 70_000]
)


@dataclass
class History:
    """One trie, py-trie beside it, and the entries that both should hold."""

    kernel: Any
    nodes: dict[bytes, bytes] = field(default_factory=dict)
    entries: dict[bytes, bytes] = field(default_factory=dict)
    frozen: list[tuple[Any, dict[bytes, bytes]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trie = self.kernel.Trie(self.nodes.get)

    def set(self, key: bytes, value: bytes) -> None:
        self.trie.set(key, value)
        self.entries.pop(key, None)
        if value:
            self.entries[key] = value

    def check(self) -> None:
        assert self.trie.root_hash() == grown(self.entries)

    def store(self) -> None:
        self.check()
        taken = self.trie.take_nodes()
        assert all(keccak(node) == name for name, node in taken.items())
        self.nodes.update(taken)
        assert self.trie.take_nodes() == {}

    def reload(self) -> None:
        self.store()
        self.trie = self.kernel.Trie(self.nodes.get, self.trie.root_hash())
        assert self.trie.resident == 0

    def freeze(self) -> None:
        self.frozen.append((self.trie.freeze(), dict(self.entries)))
        self.check()

    def collapse(self, depth: int) -> None:
        self.store()
        handle = self.trie.freeze().collapsed(depth)
        self.trie = self.kernel.Trie.at(self.nodes.get, handle)

    def branch_off(self, index: int) -> None:
        self.store()
        if self.frozen:
            handle, entries = self.frozen[index % len(self.frozen)]
            self.trie, self.entries = self.kernel.Trie.at(self.nodes.get, handle), dict(entries)


def grown(entries: dict[bytes, bytes]) -> bytes:
    """Return the root that py-trie comes to."""
    trie = HexaryTrie({}, prune=True)
    with trie.squash_changes() as batch:
        for key, value in entries.items():
            batch[key] = value
    return bytes(trie.root_hash)


def step() -> st.SearchStrategy[tuple[Any, ...]]:
    return st.one_of(
        st.tuples(st.just("set"), keys, values),
        st.tuples(st.just("set"), keys, values),
        st.tuples(st.just("set"), keys, st.just(b"")),
        st.tuples(st.just("reload")),
        st.tuples(st.just("store")),
        st.tuples(st.just("freeze")),
        st.tuples(st.just("collapse"), st.integers(0, 3)),
        st.tuples(st.just("branch_off"), st.integers(0, 3)),
    )


@both
@settings(max_examples=150)
@given(
    steps=st.lists(step(), min_size=5, max_size=50), asked=st.lists(keys, min_size=1, max_size=4)
)
def test_any_history_agrees_with_py_trie(
    kernel: Any, steps: list[tuple[Any, ...]], asked: list[bytes]
) -> None:
    history = History(kernel)
    for name, *arguments in steps:
        getattr(history, name)(*arguments)
    history.store()

    sides = [(history.trie, history.entries)]
    sides += [(kernel.Trie.at(history.nodes.get, old), held) for old, held in history.frozen]
    for trie, entries in sides:
        assert trie.root_hash() == grown(entries)
        assert {key: trie.get(key) for key in entries} == entries
        assert [trie.get(key) for key in asked] == [entries.get(key) for key in asked]
        assert list(trie.items()) == sorted(entries.items())
        assert list(trie.items(asked[0])) == sorted(
            (key, value) for key, value in entries.items() if key >= asked[0]
        )


STEPS = (
    *["set"] * 24, *["delete"] * 16, "store", "reload", "freeze", "collapse", "branch_off",
)  # fmt: skip


@both
@pytest.mark.parametrize("seed", range(6))
def test_long_histories_agree_with_py_trie(kernel: Any, seed: int) -> None:
    chance = random.Random(seed)
    sizes = (32,) if seed % 3 == 0 else (32, 32, 2, 1) if seed % 3 == 1 else (3, 2, 2, 1, 0)
    pool = [keccak(bytes([index]))[: chance.choice(sizes)] for index in range(120)]
    history = History(kernel)
    for _ in range(600):
        match chance.choice(STEPS):
            case "set":
                size = chance.choice((1, 1, 2, 5, 33, 70, 500))
                history.set(chance.choice(pool), chance.randbytes(size))
            case "delete":
                history.set(chance.choice(pool), b"")
            case "collapse" | "branch_off" as name:
                getattr(history, name)(chance.randrange(4))
            case name:
                getattr(history, name)()
        key = chance.choice(pool)
        assert history.trie.get(key) == history.entries.get(key)
    for old, entries in history.frozen:
        trie = kernel.Trie.at(history.nodes.get, old)
        assert dict(trie.items()) == entries
        for key in entries:
            trie.set(key, b"")
        assert trie.root_hash() == EMPTY_TRIE_ROOT


def test_the_compiled_one_is_loaded() -> None:
    assert chooser.COMPILED
    assert chooser.Trie is _trie_c.Trie  # type: ignore[comparison-overlap]


def test_the_reference_is_chosen_by_the_environment() -> None:
    code = (
        "from byline.derivation.kernels import trie, _trie_py\n"
        "assert not trie.COMPILED and trie.Trie is _trie_py.Trie"
    )
    environment = {**os.environ, "BYLINE_NO_EXTENSIONS": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@both
def test_a_missing_node_is_named_and_nothing_is_changed(kernel: Any) -> None:
    nodes: dict[bytes, bytes] = {}
    trie = kernel.Trie(nodes.get)
    entries = {keccak(bytes([seed])): b"v" * 40 for seed in range(40)}
    for key, value in entries.items():
        trie.set(key, value)
    root = trie.root_hash()
    nodes.update(trie.take_nodes())
    key = min(entries)
    lost = keccak(trie.proof(key)[-1])
    node = nodes.pop(lost)

    trie = kernel.Trie(nodes.get, root)
    for method, *arguments in (("get", key), ("set", key, b"x"), ("set", key, b"")):
        with pytest.raises(MissingNode, match=f"0x{lost.hex()} is missing") as caught:
            getattr(trie, method)(*arguments)
        assert caught.value.node_hash == lost
        assert trie.root_hash() == root
    nodes[lost] = node
    assert dict(trie.items()) == entries


@both
def test_the_empty_trie(kernel: Any) -> None:
    trie = kernel.Trie({}.get)
    trie.set(b"gone", b"")
    assert trie.root_hash() == kernel.Trie({}.get, EMPTY_TRIE_ROOT).root_hash() == EMPTY_TRIE_ROOT
    assert trie.take_nodes() == {}
    assert trie.get(b"") is None
    assert list(trie.items()) == trie.proof(b"a") == []
