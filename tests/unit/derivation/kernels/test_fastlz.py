"""The FastLZ length agrees with the GasPriceOracle, and with an encoder that writes bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.derivation.kernels import _fastlz_c, _fastlz_py, fastlz
from tests.vectors_folder import load

Length = Callable[[bytes], int]
BOTH = pytest.mark.parametrize(
    "fastlz_length", [_fastlz_c.fastlz_length, _fastlz_py.fastlz_length], ids=["c", "py"]
)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def test_the_compiled_kernel_is_loaded() -> None:
    assert fastlz.COMPILED
    assert fastlz.fastlz_length is _fastlz_c.fastlz_length


@BOTH
def test_lengths_agree_with_the_gas_price_oracle(fastlz_length: Length) -> None:
    cases = load("fees/fastlz_oracle.json.gz")["cases"]
    assert len(cases) == 56
    for case in cases:
        assert fastlz_length(unhex(case["data"])) == case["fastlz_len"], case["tag"]


@BOTH
def test_lengths_agree_with_op_geth(fastlz_length: Length) -> None:
    cases = load("fees/l1_and_operator_fee.json")["fastlz"]
    assert len(cases) == 4
    for case in cases:
        assert fastlz_length(unhex(case["input"])) == case["expected_len"]


@BOTH
@pytest.mark.parametrize(
    ("size", "length"), [(0, 0), (1, 2), (13, 14), (32, 33), (33, 35), (64, 66)]
)
def test_bytes_that_do_not_repeat_cost_a_head_byte_for_every_32(
    fastlz_length: Length, size: int, length: int
) -> None:
    assert fastlz_length(bytes(range(1, size + 1))) == length


def _written(data: bytes) -> bytes:
    """Compress with FastLZ level 1, written out byte by byte (checked by `_read`)."""
    out = bytearray()
    table = [0] * 8192

    def u24(at: int) -> int:
        return int.from_bytes(data[at : at + 3], "little")

    def slot(at: int) -> int:
        return ((u24(at) * 2654435769) & 0xFFFFFFFF) >> 19

    def literals(first: int, last: int) -> None:
        for at in range(first, last, 32):
            run = data[at : min(at + 32, last)]
            out.append(len(run) - 1)
            out.extend(run)

    anchor, at, limit = 0, 2, len(data) - 13
    while at < limit - 1:
        before = table[slot(at)]
        table[slot(at)] = at
        if at - before > 8191 or u24(before) != u24(at):
            at += 1
            continue
        literals(anchor, at)
        end = at + 3
        while end < len(data) - 4 and data[end] == data[before + end - at]:
            end += 1
        # A difference before the bound ends the match there; at the bound the last byte
        # stays a literal.
        size = end - at if end < len(data) - 4 else end - at - 1
        left, distance = size - 2, at - before - 1
        while left > 262:
            out.extend((0xE0 + (distance >> 8), 253, distance & 255))
            left -= 262
        if left < 7:
            out.extend(((left << 5) + (distance >> 8), distance & 255))
        else:
            out.extend((0xE0 + (distance >> 8), left - 7, distance & 255))
        at += size
        for place in (at - 2, at - 1):
            table[slot(place)] = place
        anchor = at
    literals(anchor, len(data))
    return bytes(out)


def _read(packed: bytes) -> bytes:
    """Decompress FastLZ level 1."""
    out, at = bytearray(), 0
    while at < len(packed):
        head = packed[at]
        if head < 32:
            out.extend(packed[at + 1 : at + 2 + head])
            at += 2 + head
            continue
        size, at = (head >> 5) + 2, at + 1
        if size == 9:
            size, at = size + packed[at], at + 1
        start = len(out) - ((head & 31) << 8) - packed[at] - 1
        at += 1
        for place in range(start, start + size):
            out.append(out[place])
    return bytes(out)


@given(st.lists(st.sampled_from([b"\0", b"\1\2\3", b"abcdefghij", b"\xff\x00"]), max_size=200))
def test_the_length_is_that_of_what_an_encoder_writes(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    packed = _written(data)
    assert _read(packed) == data
    assert _fastlz_py.fastlz_length(data) == len(packed)
    assert _fastlz_c.fastlz_length(data) == len(packed)


@given(st.binary(max_size=600))
def test_no_input_grows_by_more_than_a_byte_in_32(data: bytes) -> None:
    length = _fastlz_c.fastlz_length(data)
    assert length <= len(data) + -(-len(data) // 32)
    assert length == _fastlz_py.fastlz_length(data)


@given(
    st.integers(0, 9000),
    st.binary(max_size=40),
    st.binary(min_size=1, max_size=4),
    st.integers(0, 9000),
)
def test_runs_and_long_distances_count_alike(
    gap: int, piece: bytes, filler: bytes, run: int
) -> None:
    data = piece + filler * (gap // len(filler)) + piece + bytes(run) + piece
    assert _fastlz_c.fastlz_length(data) == _fastlz_py.fastlz_length(data)


def test_only_bytes_are_measured() -> None:
    for other in ("text", None, bytearray(20)):
        with pytest.raises(TypeError):
            _fastlz_c.fastlz_length(other)  # type: ignore[arg-type]
