"""ABI-encoded values as text and JSON: exact, short, safe, and with bounded work."""

import time
from contextlib import suppress
from typing import Any

import pytest
from eth_abi.abi import encode

from byline.node.messages.abi import Signature, contract_of, declared, split
from byline.node.messages.values import (
    MOST_BYTES,
    MOST_TEXT,
    NotDecoded,
    arguments_json,
    arguments_text,
    decoded,
    number,
    text_of,
)
from byline.node.messages.visible import brief, hexed, visible

ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (123456789012345, "123456789012345"),
        (10**18, "1e18"),
        (15 * 10**17, "1.5e18"),
        (-(10**20), "-1e20"),
        (1234567890123456789, "1234567890123456789"),
        (2**256 - 1, str(2**256 - 1)),
    ],
)
def test_numbers_are_exact(value: int, text: str) -> None:
    assert number(value) == text
    assert int(float(text)) == value or text == str(value)


def test_types_are_split_where_they_are_not_nested() -> None:
    assert split("()") == ()
    assert split("(uint256)") == ("uint256",)
    assert split("(uint256,(address,bytes[])[2],bool)") == (
        "uint256",
        "(address,bytes[])[2]",
        "bool",
    )


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("bool", True, "true"),
        ("address", ALICE.lower(), ALICE),
        ("string", "a\nb", '"a\\nb"'),
        ("bytes", bytes(40), f"0x{'00' * 32}... (40 bytes)"),
        ("uint256[]", tuple(range(10)), "[0, 1, 2, 3, 4, 5, 6, 7, ... 2 more]"),
        ("(uint256,address)", (1, ALICE.lower()), f"(1, {ALICE})"),
        ("(uint8,string)[]", ((1, "a"),), '[(1, "a")]'),
    ],
)
def test_values_of_each_kind(kind: str, value: Any, text: str) -> None:
    assert text_of(kind, value) == text


def test_arguments_have_their_names_where_they_have_any() -> None:
    signature = Signature("f", ("uint256", "bool", "uint256"), ("amount", "", "big"))
    values = (1, True, 2**60)
    assert arguments_text(signature, values) == f"amount=1, true, big={2**60}"
    assert arguments_json(signature, values) == {"amount": 1, "1": True, "big": str(2**60)}


def test_all_arguments_together_are_bounded() -> None:
    signature = Signature("f", ("string",) * 40, ("name",) * 40)
    text = arguments_text(signature, ("x" * 500,) * 40)
    assert len(text) <= MOST_TEXT + 3


def test_data_that_do_not_fit_are_not_decoded() -> None:
    signature = Signature("f", ("uint256", "string"), ("", ""))
    for data in (b"", bytes(31), b"\xff" * 64, encode(["uint256", "bytes"], [1, b"\xff"])):
        with pytest.raises(NotDecoded):
            decoded(signature, data)


def test_data_that_point_at_themselves_take_no_time() -> None:
    # Each level's elements all point at the one next level.
    pointers = 200
    for depth in (2, 3, 4):
        level = (pointers).to_bytes(32, "big") + (32 * pointers).to_bytes(32, "big") * pointers
        data = (32).to_bytes(32, "big") + level * depth
        started = time.process_time()
        with pytest.raises(NotDecoded):
            decoded(Signature("f", ("uint256" + "[]" * depth,), ("",)), data)
        assert time.process_time() - started < 0.5


def test_as_much_as_is_decoded_at_each_depth_takes_little_time() -> None:
    for depth, most in enumerate(MOST_BYTES[1:], 1):
        pointers = most // 32 // depth // 2
        level = (pointers).to_bytes(32, "big") + (32 * pointers).to_bytes(32, "big") * pointers
        data = ((32).to_bytes(32, "big") + level * depth).ljust(most, b"\0")[:most]
        started = time.process_time()
        with suppress(NotDecoded):
            decoded(Signature("f", ("uint256" + "[]" * depth,), ("",)), data)
        assert time.process_time() - started < 0.5


def test_lists_of_a_fixed_length_that_point_at_themselves_take_no_time() -> None:
    for depth in (3, 6, 60):
        data = (32).to_bytes(32, "big") + (32 * 9).to_bytes(32, "big") * 9 * depth
        data += (1).to_bytes(32, "big") + b"x".ljust(32, b"\0")
        for kind in ("string" + "[9]" * depth, "(string)" + "[9]" * depth):
            started = time.process_time()
            with pytest.raises(NotDecoded):
                decoded(Signature("f", (kind,), ("",)), data)
            assert time.process_time() - started < 0.5


def test_lists_of_a_fixed_length_of_plain_values_are_read_as_long_as_they_are() -> None:
    kind, value = "uint256[2][3][4]", (((1, 2),) * 3,) * 4
    assert decoded(Signature("f", (kind,), ("",)), encode([kind], [value])) == (value,)
    assert decoded(Signature("f", ("string[2]",), ("",)), encode(["string[2]"], [("a", "b")])) == (
        ("a", "b"),
    )


@pytest.mark.parametrize("kind", ["()[]", "()[99999][99999]", "uint256[0][]", "(uint8[0])[]"])
def test_items_without_bytes_are_not_decoded(kind: str) -> None:
    data = (32).to_bytes(32, "big") + (2**255).to_bytes(32, "big")
    started = time.process_time()
    with pytest.raises(NotDecoded):
        decoded(Signature("f", (kind,), ("",)), data)
    assert time.process_time() - started < 0.5


def test_entries_that_are_none_are_left_out_of_an_abi() -> None:
    found = contract_of(
        "A",
        [
            7,
            {"type": "function"},
            {"type": "function", "name": "f", "inputs": [{"type": 3}]},
            {"type": "function", "name": "g", "inputs": []},
            {"type": "error", "name": "E", "inputs": [{"name": "a", "type": "uint256"}]},
        ],
    )
    assert [item.text for item in found.functions.values()] == ["g()"]
    assert [item.text for item in found.errors.values()] == ["E(uint256)"]


def test_tuples_have_canonical_types() -> None:
    found = declared("A", ["function f((address target, bytes data)[] calls, uint256 value)"])
    (signature,) = found.functions.values()
    assert signature.types == ("(address,bytes)[]", "uint256")
    assert signature.names == ("calls", "value")


def test_what_does_not_print_is_escaped_and_what_is_long_is_cut() -> None:
    assert visible("h\xe9 \u2713", 10) == "h\xe9 \u2713"
    assert visible("a\x00\x1b\x7f\u202e\ud800\U000e0001", 10) == (
        "a\\x00\\x1b\\x7f\\u202e\\ud800\\U000e0001"
    )
    assert visible("abcdef", 3) == "abc..."
    assert brief(bytes.fromhex("12" * 32)) == "0x1212..1212"
    assert hexed(b"\x01\x02", 1) == "0x01... (2 bytes)"
