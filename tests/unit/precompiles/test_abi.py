"""Strict reading of arguments, against encodings made by eth_abi."""

from __future__ import annotations

import re

import pytest
from eth_abi.abi import encode as reference

from byline.precompiles import abi
from byline.precompiles.abi import SELECTOR, WORD, Tail
from byline.precompiles.errors import InvalidInput

FIRST, SECOND = SELECTOR, SELECTOR + WORD
BEHIND = SELECTOR + 2 * WORD


def two(first: bytes = b"abc", second: bytes = bytes(range(40))) -> bytes:
    return b"\1\2\3\4" + reference(["bytes", "bytes"], [first, second])


def read(data: bytes) -> tuple[bytes, bytes]:
    first, end = abi.bytes_argument(data, FIRST, BEHIND)
    second, end = abi.bytes_argument(data, SECOND, end)
    abi.nothing_follows(data, end)
    return first, second


def refused_at(data: bytes) -> int:
    with pytest.raises(InvalidInput) as caught:
        read(data)
    found = re.match(r"input byte (\d+):", str(caught.value))
    assert found
    assert caught.value.revert_data[-WORD:] == int(found[1]).to_bytes(WORD, "big")
    return int(found[1])


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64])
def test_two_byte_strings_are_read_one_behind_the_other(size: int) -> None:
    first, second = bytes(range(size)), b"\xff" * (70 - size)
    assert read(two(first, second)) == (first, second)


def test_every_breach_is_found_at_its_word() -> None:
    good = two()
    assert len(good) == SELECTOR + 7 * WORD
    assert refused_at(good[:FIRST]) == FIRST
    assert refused_at(good[: SECOND + 1]) == BEHIND  # the length is read with its offset
    assert refused_at(good + b"\0") == len(good)
    assert refused_at(good[:-1]) == len(good) - WORD
    assert refused_at(good[: -WORD - 1]) == len(good) - 2 * WORD
    for place in range(SELECTOR, len(good)):
        changed = bytearray(good)
        changed[place] ^= 0x80
        if place in range(BEHIND + WORD, BEHIND + WORD + 3) or place in range(164, 164 + 40):
            assert read(bytes(changed)) != read(good)
        else:
            refused_at(bytes(changed))


def test_an_order_of_the_parts_that_others_accept_is_refused() -> None:
    words = [WORD * 4, WORD * 2, 1, 0x61 << 248, 1, 0x62 << 248]
    swapped = b"\1\2\3\4" + b"".join(map(abi.word, words))
    assert refused_at(swapped) == FIRST


def test_bytes_are_filled_up_with_zeros() -> None:
    dirty = bytearray(two())
    dirty[BEHIND + WORD + 3] = 1
    assert refused_at(bytes(dirty)) == BEHIND + WORD


@pytest.mark.parametrize("value", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_a_signed_integer_repeats_its_sign(value: int) -> None:
    data = reference(["int64"], [value])
    assert abi.sint(data, 0, 64) == value
    assert abi.word(value) == data


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, -(2**63) - 1, 2**255 - 1, -(2**255)])
def test_a_signed_integer_above_its_width_is_refused(value: int) -> None:
    with pytest.raises(InvalidInput, match=r"input byte 0: the word exceeds int64"):
        abi.sint(abi.word(value), 0, 64)


def test_offsets_of_an_inner_array_count_from_its_base() -> None:
    data = reference(["bytes[]"], [[b"a", b"bc"]])
    inner = 2 * WORD
    assert abi.array_length(data, 0, WORD, base=0) == 2
    first, end = abi.bytes_argument(data, inner, inner + 2 * WORD, base=inner)
    second, end = abi.bytes_argument(data, inner + WORD, end, base=inner)
    assert (first, second, end) == (b"a", b"bc", len(data))


def test_encoding_is_that_of_eth_abi() -> None:
    values: tuple[int | bytes | Tail, ...] = (
        7,
        abi.array_tail([1, -2]),
        b"\xab" * 32,
        abi.bytes_tail(b"x" * 33),
    )
    expected = reference(
        ["uint8", "int64[]", "bytes32", "bytes"], [7, [1, -2], b"\xab" * 32, b"x" * 33]
    )
    assert abi.encode(*values) == expected
    with pytest.raises(ValueError, match=r"20 bytes are not a word: wrap bytes in bytes_tail"):
        abi.encode(bytes(20))
