from __future__ import annotations

import json
from typing import Any

import pytest

from byline.rpc.errors import InvalidRequest, ParseError, ServerError
from byline.rpc.protocol import (
    check_request,
    decode,
    encode_error,
    encode_notification,
    encode_result,
    id_of,
)


@pytest.mark.parametrize("number", [2**64, 2**100, -(2**63) - 1, -(10**30), 0, -1, 2**64 - 1])
def test_integers_outside_64_bits_come_back_exactly(number: int) -> None:
    item = decode(b'{"id": %d}' % number)
    answer = encode_result(id_of(item), None)
    assert json.loads(answer)["id"] == number
    assert isinstance(json.loads(answer)["id"], int)


@pytest.mark.parametrize("text", ['"x"', '""', "1.5", "-0.25", "null"])
def test_strings_fractions_and_null_come_back_as_ids(text: str) -> None:
    assert json.loads(encode_result(id_of(decode(b'{"id":%s}' % text.encode())), 1)) == {
        "jsonrpc": "2.0",
        "id": json.loads(text),
        "result": 1,
    }


@pytest.mark.parametrize("found", [True, [], {}, [1]])
def test_an_id_of_another_kind_is_refused_and_answered_with_null(found: Any) -> None:
    item = {"jsonrpc": "2.0", "method": "x", "id": found}
    assert id_of(item) is None
    with pytest.raises(InvalidRequest, match='"id"'):
        check_request(item)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff", b'"\xed\xa0\x80"', b"NaN", b"[1,]", b"1" * 5000, b"[" * 100_000,
        b'"\\ud800"',
    ],
)  # fmt: skip
def test_what_is_not_json_or_too_deep_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="parse error"):
        decode(body)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (1, "got a number"),
        ("x", "got a string"),
        (None, "got a null"),
        ([], "got a list"),
        ({}, "jsonrpc"),
        ({"jsonrpc": "1.0", "method": "x", "id": 1}, "jsonrpc"),
        ({"jsonrpc": "2.0", "id": 1}, "method"),
        ({"jsonrpc": "2.0", "method": 1, "id": 1}, "method"),
    ],
)
def test_what_is_no_request_is_told_why(item: Any, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        check_request(item)


def test_an_error_without_data_has_no_such_member() -> None:
    assert json.loads(encode_error(7, ServerError("no"))) == {
        "jsonrpc": "2.0",
        "id": 7,
        "error": {"code": -32000, "message": "no"},
    }
    assert json.loads(encode_error(7, ServerError("no", "0x")))["error"]["data"] == "0x"


def test_a_notification_has_no_id() -> None:
    assert json.loads(encode_notification("0x1", b'{"a":1}')) == {
        "jsonrpc": "2.0",
        "method": "eth_subscription",
        "params": {"subscription": "0x1", "result": {"a": 1}},
    }
