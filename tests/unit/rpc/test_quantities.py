from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.rpc import quantities
from byline.rpc.errors import InvalidParams


@given(st.integers(0, 2**256 - 1))
def test_quantities_round_trip(value: int) -> None:
    assert quantities.quantity(hex(value)) == value
    assert quantities.quantity(hex(value).upper().replace("0X", "0x")) == value


@given(st.binary(max_size=100))
def test_data_round_trips(value: bytes) -> None:
    assert quantities.data(quantities.as_hex(value)) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0x", "at least one digit"),
        ("0x01", "leading zero"),
        ("0x00", "leading zero"),
        ("10", "without 0x prefix"),
        ("", "without 0x prefix"),
        ("-0x1", "without 0x prefix"),
        ("0x-1", "invalid hex"),
        ("0x1_0", "invalid hex"),
        ("0x 1", "invalid hex"),
        ("0x\u0661", "invalid hex"),
        ("0xg", "invalid hex"),
        ("0x1" + "0" * 64, "> 256 bits"),
        (1, "want a hex string, got 1"),
        (1.5, "want a hex string"),
        (True, "want a hex string"),
        ({}, "got dict"),
    ],
)
def test_malformed_quantities_are_refused_with_a_reason(value: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        quantities.quantity(value)


def test_a_quantity_of_64_bits_has_at_most_16_digits() -> None:
    assert quantities.quantity64("0xffffffffffffffff") == 2**64 - 1
    with pytest.raises(InvalidParams, match="> 64 bits"):
        quantities.quantity64("0x10000000000000000")


@pytest.mark.parametrize(
    "value", ["0x1", "0xzz", "0x1 2", "0x  ", "ab", None, 5, "0x\u0661\u0661"]
)
def test_malformed_data_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        quantities.data(value)


def test_addresses_and_hashes_have_fixed_widths() -> None:
    assert quantities.address("0x" + "Ab" * 20) == b"\xab" * 20
    with pytest.raises(InvalidParams, match="has 19 bytes, want 20"):
        quantities.address("0x" + "ab" * 19)
    with pytest.raises(InvalidParams, match="has 20 bytes, want 32"):
        quantities.hash32("0x" + "ab" * 20)


@pytest.mark.parametrize("value", ["0x1", "0x01", "0x" + "00" * 31 + "01"])
def test_a_storage_key_may_be_short_or_padded(value: str) -> None:
    assert quantities.slot(value) == 1


def test_a_storage_key_of_more_than_32_bytes_is_refused() -> None:
    with pytest.raises(InvalidParams, match="want at most 64"):
        quantities.slot("0x" + "00" * 32 + "01")


@pytest.mark.parametrize("value", [10, "10", "0xa"])
def test_counts_may_be_numbers_decimal_or_hex(value: Any) -> None:
    assert quantities.quantity_or_number(value) == 10


@pytest.mark.parametrize("value", [-1, 2**64, True, "x", "9" * 30, 1.0, "\u0661"])
def test_counts_of_another_form_are_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        quantities.quantity_or_number(value)


def test_an_error_shows_only_the_beginning_of_a_long_value() -> None:
    with pytest.raises(InvalidParams) as caught:
        quantities.quantity("x" * 10_000)
    assert len(caught.value.message) < 120
