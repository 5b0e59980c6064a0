from __future__ import annotations

import logging

import pytest
from eth_abi.abi import encode

from byline.derivation.errors import InvalidData
from byline.rpc.backend import BackendError, Halted, Refused, Reverted, UnknownBlock
from byline.rpc.errors import PANICS, as_rpc_error, revert_reason, unknown_method


def error_string(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


def panic(code: int) -> bytes:
    return bytes.fromhex("4e487b71") + encode(["uint256"], [code])


def test_a_revert_with_a_reason_says_it_and_carries_the_data() -> None:
    found = as_rpc_error(Reverted(error_string("user error"))).as_object()
    assert found == {
        "code": 3,
        "message": "execution reverted: user error",
        "data": "0x" + error_string("user error").hex(),
    }


def test_a_revert_without_output_has_data_0x() -> None:
    found = as_rpc_error(Reverted(b"")).as_object()
    assert found == {"code": 3, "message": "execution reverted", "data": "0x"}


def test_a_custom_error_is_a_plain_revert_with_its_data() -> None:
    found = as_rpc_error(Reverted(bytes.fromhex("da472023"))).as_object()
    assert found == {"code": 3, "message": "execution reverted", "data": "0xda472023"}


@pytest.mark.parametrize(("code", "words"), [*PANICS.items(), (0x77, "unknown panic code: 0x77")])
def test_panics_have_geths_names(code: int, words: str) -> None:
    assert revert_reason(panic(code)) == words


@pytest.mark.parametrize(
    "output",
    [
        b"\x08\xc3\x79\xa0",
        error_string("abc")[:68],
        bytes.fromhex("08c379a0") + b"\xff" * 64,
        bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2**255).to_bytes(32, "big"),
        panic(1)[:35],
    ],
)
def test_malformed_revert_data_gives_no_reason(output: bytes) -> None:
    assert revert_reason(output) is None


def test_a_reason_that_is_not_utf8_is_shown_with_replacements() -> None:
    output = bytes.fromhex("08c379a0") + encode(["bytes"], [b"\xff\xfe"])
    message = as_rpc_error(Reverted(output)).message
    assert message == "execution reverted: \ufffd\ufffd"


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (UnknownBlock(), "header not found"),
        (UnknownBlock("block 9"), "header not found"),
        (Refused("already known"), "already known"),
        (Halted("out of gas"), "out of gas"),
        (InvalidData("transaction: empty"), "transaction: empty"),
        (BackendError("no"), "no"),
    ],
)
def test_expected_refusals_have_code_32000_and_their_own_words(
    raised: Exception, message: str
) -> None:
    found = as_rpc_error(raised)
    assert (found.code, found.message) == (-32000, message)


def test_a_child_of_a_known_error_is_converted_like_its_parent() -> None:
    class Underpriced(Refused):
        pass

    assert as_rpc_error(Underpriced("replacement transaction underpriced")).code == -32000


def test_an_unforeseen_error_shows_only_an_id_that_the_log_has_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        try:
            raise ZeroDivisionError("secret")
        except ZeroDivisionError as exc:
            found = as_rpc_error(exc)
    assert found.code == -32603
    assert "secret" not in found.message
    name = found.message.removeprefix("internal error (id ").removesuffix(")")
    assert name in caplog.text
    assert "secret" in caplog.text
    assert "Traceback" in caplog.text


def test_an_unknown_method_keeps_geths_words_and_names_the_nearest() -> None:
    found = unknown_method("eth_getBalanse", ["eth_getBalance", "eth_call"], "eth_getBalance")
    words = "the method eth_getBalanse does not exist/is not available"
    assert found.message == f"{words}; did you mean eth_getBalance?"
    assert found.data is None
    assert unknown_method("x", ["eth_call"]).data is None


def test_a_very_long_method_name_is_cut_and_not_compared() -> None:
    found = unknown_method("eth_call" * 100_000, ["eth_call"])
    assert len(found.message) < 150
    assert unknown_method("x" * 69, ["x" * 70]).data is None
