"""RLP: the compiled kernel and the rlp library read, write and refuse the same."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest
import rlp as library
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.errors import InvalidData
from byline.derivation.kernels import _rlp_c, _rlp_py, rlp

BOTH = pytest.mark.parametrize("kernel", [_rlp_c, _rlp_py])
STRINGS = st.one_of(st.binary(max_size=70), st.sampled_from([b"", b"\0", b"\x7f", b"\x80"]))
ITEMS: st.SearchStrategy[Any] = st.recursive(
    STRINGS, lambda inner: st.lists(inner, max_size=6), max_leaves=30
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(STRINGS, st.integers(0, 2**300), st.booleans(), st.binary().map(bytearray)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.tuples(inner, inner)),
    max_leaves=20,
)
FRAGMENTS = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"\xb8\x37", b"\xb8\x38", b"\xb9\0\x40", b"\xf8\x01", b"\xf8\x38", b"\xf9\x01\x00",
             b"\xbf" + b"\xff" * 8, b"\xff" + b"\xff" * 8, b"\xff" + b"\0" * 7 + b"\x40",
             b"\xc0", b"\xc1", b"\xc2", b"\x81", b"\x81\x7f", b"\x81\x80", b"\x83abc"]
        ),
    ),
    max_size=8,
).map(b"".join)  # fmt: skip


def read(kernel: ModuleType, data: bytes) -> Any:
    """Return what `kernel` reads, or `None` where it refuses."""
    try:
        return kernel.decode(data)
    except InvalidData:
        return None


def nested(depth: int) -> list[Any]:
    item: list[Any] = []
    for _ in range(depth - 1):
        item = [item]
    return item


def test_the_compiled_kernel_is_loaded() -> None:
    assert rlp.COMPILED
    assert (rlp.decode, rlp.encode) == (_rlp_c.decode, _rlp_c.encode)
    assert (rlp.read_item, rlp.number) == (_rlp_c.read_item, _rlp_c.number)


@BOTH
def test_known_answers(kernel: ModuleType) -> None:
    # The examples of the Ethereum wiki's page on RLP, and the bounds of each form.
    cases = [
        (b"dog", "83646f67"), ([b"cat", b"dog"], "c88363617483646f67"), (b"", "80"), ([], "c0"),
        (b"\0", "00"), (b"\x0f", "0f"), (b"\x04\0", "820400"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"), (b"\x80", "8180"),
        (b"a" * 55, "b7" + "61" * 55), (b"a" * 56, "b838" + "61" * 56),
        (b"a" * 256, "b90100" + "61" * 256), ([b"a"] * 55, "f7" + "61" * 55),
        ([b"a"] * 56, "f838" + "61" * 56),
    ]  # fmt: skip
    for item, text in cases:
        assert kernel.encode(item).hex() == text
        assert kernel.decode(bytes.fromhex(text)) == item
    for value, text in ((0, "80"), (1, "01"), (127, "7f"), (128, "8180"), (1024, "820400"),
                        (2**64 - 1, "88" + "ff" * 8), (2**64, "89010000000000000000"),
                        (2**440, "b838" + "01" + "00" * 55)):  # fmt: skip
        assert kernel.encode(value).hex() == text


@given(ITEMS)
def test_what_is_written_is_read_again(item: Any) -> None:
    encoded = _rlp_c.encode(item)
    assert encoded == library.encode(item)
    assert _rlp_c.decode(encoded) == item


@given(VALUES)
def test_numbers_tuples_and_mutable_bytes_are_written_as_by_the_library(value: Any) -> None:
    assert _rlp_c.encode(value) == _rlp_py.encode(value) == library.encode(value)


@given(FRAGMENTS)
def test_hostile_bytes_are_read_or_refused_alike(data: bytes) -> None:
    assert read(_rlp_c, data) == read(_rlp_py, data)


@given(ITEMS, st.integers(0, 2**32), st.integers(1, 3))
def test_changed_encodings_are_read_or_refused_alike(item: Any, seed: int, changes: int) -> None:
    chance = random.Random(seed)
    data = bytearray(library.encode(item))
    for _ in range(changes):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(3)
        if kind == 0:
            data[at : at + 1] = chance.randbytes(1)
        elif kind == 1:
            del data[at:]
        else:
            data[at:at] = chance.randbytes(chance.randrange(3))
    assert read(_rlp_c, bytes(data)) == read(_rlp_py, bytes(data))


@given(FRAGMENTS, st.integers(0, 12))
def test_single_items_are_found_or_refused_alike(data: bytes, at: int) -> None:
    found = []
    for kernel in (_rlp_c, _rlp_py):
        try:
            found.append(kernel.read_item(data, at))
        except InvalidData:
            found.append(None)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at byte 0: nothing is there"),
        ("8101", "at byte 0: a byte below 0x80 behind a prefix"),
        ("83aabb", "at byte 0: cut short, 3 bytes announced"),
        ("b837" + "00" * 55, "at byte 0: a length of 55 in the long form"),
        ("b90038" + "00" * 56, "at byte 0: its length begins with a zero"),
        ("b9", "at byte 0: cut short, 2 length bytes announced"),
        ("bfffffffffffffffff", "cut short, 18446744073709551615 bytes announced"),
        ("c383aabb", "at byte 1: cut short, 3 bytes announced"),
        ("8000", "1 bytes behind the item"),
        ("c0c0", "1 bytes behind the item"),
    ],
)
def test_the_kernel_says_which_rule_is_broken_and_where(text: str, words: str) -> None:
    data = bytes.fromhex(text)
    with pytest.raises(InvalidData, match=words):
        _rlp_c.decode(data)
    assert read(_rlp_py, data) is None


@BOTH
def test_lists_nest_to_the_bound_and_no_deeper(kernel: ModuleType) -> None:
    most = library.encode(nested(rlp.MAX_DEPTH))
    assert kernel.encode(kernel.decode(most)) == most
    with pytest.raises(InvalidData, match="more than 64 lists within each other"):
        kernel.decode(library.encode(nested(rlp.MAX_DEPTH + 1)))
    with pytest.raises(ValueError, match="more than 64 lists within each other"):
        kernel.encode(nested(rlp.MAX_DEPTH + 1))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="more than 64"):
        kernel.encode(endless)


@BOTH
def test_a_million_open_lists_are_refused_quickly(kernel: ModuleType) -> None:
    for data in (b"\xc1" * 1_000_000 + b"\xc0", b"\xf8\xff" * 500_000):
        with pytest.raises(InvalidData):
            kernel.decode(data)


@BOTH
def test_what_rlp_cannot_hold_is_refused(kernel: ModuleType) -> None:
    for value in (None, "text", 1.5, {1}, [b"", None]):
        with pytest.raises(TypeError, match="RLP: want bytes, a number or a list, got"):
            kernel.encode(value)
    for number in (-1, -(2**70)):
        with pytest.raises(ValueError, match="is negative"):
            kernel.encode([number])
    for other in ("text", None, bytearray(b"\xc0"), 1):
        with pytest.raises(TypeError):
            kernel.decode(other)
    with pytest.raises(ValueError, match="from 0 on"):
        kernel.read_item(b"\xc0", -1)


@BOTH
def test_numbers_are_read_up_to_their_width(kernel: ModuleType) -> None:
    for value in (0, 1, 127, 255, 256, 2**32, 2**63, 2**64 - 1, 2**64, 2**256 - 1):
        assert kernel.number(_rlp_c.decode(_rlp_c.encode(value)), "x") == value
    assert kernel.number(b"\x01", "x", 1) == 1
    assert kernel.number(b"\xff" * 8, "x", 64) == 2**64 - 1
    for item, bits, words in (
        (b"\x02", 1, "a fee: 0x02 .1 bytes., want 1 bits"),
        (b"\x01" + bytes(8), 64, "a fee: 0x010000000000000000 .9 bytes., want 64 bits"),
        (b"\x01" + bytes(32), 256, "a fee: 0x01(00)* .33 bytes., want 256 bits"),
        (b"\x01" * 9_000, 256, "a fee: 0x(01){40} .9000 bytes., want 256 bits"),
        (b"\0", 256, "a fee: leading zero"),
        (b"\0\x01", 256, "a fee: leading zero"),
        ([], 256, "a fee: want an integer, got a list"),
    ):
        with pytest.raises(InvalidData, match=f"^{words}$"):
            kernel.number(item, "a fee", bits)


@given(st.binary(max_size=40), st.integers(1, 300))
def test_numbers_are_read_or_refused_alike(item: bytes, bits: int) -> None:
    found = []
    for kernel in (_rlp_c, _rlp_py):
        try:
            found.append(kernel.number(item, "x", bits))
        except InvalidData as exc:
            found.append(str(exc))
    assert found[0] == found[1]


@BOTH
def test_long_items_pass(kernel: ModuleType) -> None:
    item = [b"x" * 100_000, [b"y" * 1023, b"z" * 1025, b"", [b"\x01" * 70_000]], 2**4000]
    encoded = kernel.encode(item)
    assert encoded == library.encode(item)
    assert kernel.decode(encoded)[:2] == item[:2]
