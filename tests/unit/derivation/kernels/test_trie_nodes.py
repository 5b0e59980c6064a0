"""Nodes from a disk: what a trie refuses, and that nothing else ever comes of them."""

from __future__ import annotations

import random
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.derivation.kernels import _trie_c, _trie_py
from byline.derivation.kernels.trie_errors import CorruptNode

both = pytest.mark.parametrize("kernel", [_trie_c, _trie_py], ids=["compiled", "reference"])

ROOT = keccak256(b"root")
OTHER = keccak256(b"other")
LEAF = [b"\x20", b"v"]
EMPTY = [b""] * 15
LONG = b"l" * 40

CORRUPT = {
    "nothing": b"",
    "a string": b"\x80",
    "an empty list": b"\xc0",
    "a byte too many": rlp.encode([b"\x20", LONG]) + b"\0",
    "a byte too few": rlp.encode([b"\x20", LONG])[:-1],
    "3 items": rlp.encode([b"\x20", LONG, b""]),
    "16 items": rlp.encode([OTHER] * 16),
    "18 items": rlp.encode([OTHER] * 18),
    "a size that is cut off": b"\xf9\x01",
    "a size that begins with a zero": b"\xf9\x00\x45" + b"\x20\xb8\x43" + b"l" * 67,
    "a long form for a short list": b"\xf8\x03\x20\x81\x90",
    "a long form for a short string": b"\xc5\x20\xb8\x02ab",
    "a size beyond 64 bits": b"\xff" * 9,
    "a size beyond what is there": b"\xbf" + b"\x7f" * 8,
    "an item beyond its list": b"\xc3\x20\xa0" + LONG,
    "a byte as a string": b"\xc3\x20\x81\x05",
    "a path that is empty": rlp.encode([b"", LONG]),
    "a path that is a list": rlp.encode([[], LONG]),
    "a path with a third flag": rlp.encode([b"\x40", LONG]),
    "a path with a nibble in its padding": rlp.encode([b"\x21", LONG]),
    "an even path that is too long": rlp.encode([b"\x20" + bytes(65), LONG]),
    "an odd path that is too long": rlp.encode([b"\x30" + bytes(64), LONG]),
    "a leaf without a value": rlp.encode([b"\x20" + bytes(32), b""]),
    "a leaf whose value is a list": rlp.encode([b"\x20", [LONG]]),
    "an extension without a path": rlp.encode([b"\x00", OTHER]),
    "an extension without a child": rlp.encode([b"\x00" + bytes(32), b""]),
    "an extension of a leaf": rlp.encode([b"\x11", LEAF]),
    "an extension of 31 bytes": rlp.encode([b"\x11", OTHER[1:]]),
    "an extension of a large list": rlp.encode([b"\x11", [OTHER, *EMPTY, OTHER]]),
    "a branch without entries": rlp.encode([b""] * 17),
    "a branch of one child": rlp.encode([OTHER, *EMPTY, b""]),
    "a branch of a value alone": rlp.encode([b"", *EMPTY, LONG]),
    "a branch whose value is a list": rlp.encode([OTHER, *EMPTY, [LONG]]),
    "a child of 33 bytes": rlp.encode([OTHER + b"\0", OTHER, *EMPTY[1:], b""]),
    "a child of 1 byte": rlp.encode([b"\0", OTHER, *EMPTY[1:], b""]),
    "an embedded node of 32 bytes": rlp.encode([[b"\x20", b"v" * 29], OTHER, *EMPTY[1:], b""]),
    "an embedded empty list": rlp.encode([[], OTHER, *EMPTY[1:], b""]),
    "an embedded node that is corrupt": rlp.encode([[b"\x20", b""], OTHER, *EMPTY[1:], b""]),
    "a value deep in lists": b"\xd2\x20" + b"".join(bytes([0xC0 + n]) for n in range(16, -1, -1)),
}


@both
@pytest.mark.parametrize("raw", CORRUPT.values(), ids=CORRUPT)
def test_a_node_that_no_trie_writes_is_refused(kernel: Any, raw: bytes) -> None:
    trie = kernel.Trie({ROOT: raw}.get, ROOT)
    for method, *arguments in (
        ("get", b""),
        ("set", b"", b"v"),
        ("set", b"", b""),
        ("proof", b""),
    ):
        with pytest.raises(CorruptNode, match=f"0x{ROOT.hex()} is corrupt: .") as caught:
            getattr(trie, method)(*arguments)
        assert caught.value.node_hash == ROOT
    assert trie.root_hash() == ROOT


@both
def test_only_a_root_has_a_record_shorter_than_a_hash(kernel: Any) -> None:
    branch, leaf = rlp.encode([OTHER, OTHER, *EMPTY[1:], b""]), rlp.encode(LEAF)
    assert kernel.Trie({ROOT: leaf}.get, ROOT).get(b"") == b"v"
    with pytest.raises(CorruptNode, match="shorter than a hash"):
        kernel.Trie({ROOT: branch, OTHER: leaf}.get, ROOT).get(b"\0")


def test_an_extension_whose_record_leads_to_a_leaf_is_refused() -> None:
    nodes = {ROOT: rlp.encode([b"\x11", OTHER]), OTHER: rlp.encode([b"\x31", LONG])}
    for call in (("get", b"\x11"), ("set", b"\x11", b"v"), ("proof", b"\x11")):
        with pytest.raises(CorruptNode, match="it is not a branch"):
            getattr(_trie_c.Trie(nodes.get, ROOT), call[0])(*call[1:])


def test_entries_that_no_key_leads_to_are_refused() -> None:
    odd = {ROOT: rlp.encode([b"\x31", LONG])}
    with pytest.raises(CorruptNode, match="middle of a byte"):
        list(_trie_c.Trie(odd.get, ROOT).items())
    # A branch below itself: no hash allows it, but a broken store might show one.
    endless = {ROOT: rlp.encode([ROOT, ROOT, *EMPTY[1:], b""])}
    trie = _trie_c.Trie(endless.get, ROOT)
    with pytest.raises(CorruptNode, match="longer than any key"):
        list(trie.items())
    assert trie.get(bytes(64)) is None
    trie.set(bytes(64), b"v")
    trie.set(bytes(63), b"")
    assert len(trie.root_hash()) == 32


def test_what_read_returns_must_be_bytes() -> None:
    for raw in ("text", bytearray(b"\xc2\x20\x31"), 5, [b"\x20", b"v"]):
        wrong: Any = {ROOT: raw}
        with pytest.raises(TypeError, match="want bytes or None"):
            _trie_c.Trie(wrong.get, ROOT).get(b"")


def changed(raw: bytes, chance: random.Random) -> bytes:
    """Return a node with a few bytes changed, dropped, added or repeated."""
    data = bytearray(raw)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = bytes([chance.choice((0, 0x20, 0x80, 0xC0, 0xF8, 0xFF))])
            case 1:
                del data[at : at + chance.choice((1, 1, 8))]
            case 2:
                data[at:at] = chance.randbytes(chance.choice((1, 2, 33)))
            case _:
                data[at : at + 1] = chance.randbytes(1)
    return bytes(data)


def some_nodes() -> list[bytes]:
    nodes: dict[bytes, bytes] = {}
    trie = _trie_c.Trie(nodes.get)
    for index in range(300):
        key = keccak256(bytes([index % 256, index >> 8]))[: (32, 2, 3)[index % 3]]
        trie.set(key, bytes([index % 256]) * (index % 50 + 1))
    return list(trie.take_nodes().values())


def outcome(kernel: Any, raw: bytes) -> object:
    """Return whether a trie takes a node for its root, and how it writes it."""
    try:
        return kernel.Trie({ROOT: raw}.get, ROOT).proof(b"")
    except CorruptNode:
        return CorruptNode


def test_changed_nodes_are_judged_as_the_reference_judges_them() -> None:
    chance = random.Random(1)
    seeds = some_nodes()
    seen = {"taken": 0, "refused": 0}
    for _ in range(20_000):
        raw = changed(chance.choice(seeds), chance)
        found = outcome(_trie_c, raw)
        assert found == outcome(_trie_py, raw), raw.hex()
        seen["refused" if found is CorruptNode else "taken"] += 1
        assert found in (CorruptNode, [raw])
    assert min(seen.values()) > 2_000


@given(data=st.binary(max_size=80), key=st.binary(max_size=3))
def test_any_bytes_for_every_node_end_in_an_answer_or_a_refusal(data: bytes, key: bytes) -> None:
    for raw in (data, *(node[: len(node) // 2] + data for node in SEEDS[:5])):
        for call in (("get", key), ("set", key, b"v"), ("set", key, b""), ("proof", key)):
            trie = _trie_c.Trie(lambda _, raw=raw: raw, ROOT)  # type: ignore[misc]
            try:
                getattr(trie, call[0])(*call[1:])
                trie.freeze().collapsed(1)
            except CorruptNode:
                assert trie.root_hash() == ROOT


SEEDS = some_nodes()
