"""The lines of the log for what crosses between the chains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from byline.node.crossings.calls import Crossing, Kind
from byline.node.crossings.events import Deposit, Finalized, Place, Proven, Withdrawal
from byline.node.crossings.words import amount, deposit_line, safe, why, withdrawal_line
from byline.node.hexes import checksum

ANN, BEN = b"\x1a" * 20, b"\x2b" * 20
WHO = f"from {checksum(ANN)} to {checksum(BEN)}"
L1, L2 = Place(3, b"\x11" * 32), Place(7, b"\x22" * 32)
ON_L1, ON_L2 = f"L1 block 3 0x{'11' * 32}", f"L2 block 7 0x{'22' * 32}"
WITHDRAWN = b"\x33" * 32
KNOWN = f"withdrawal 0x{'33' * 32}"
COIN = 10**18


def deposit(crossing: Crossing, mint: int = 0) -> Deposit:
    return Deposit(crossing, mint, L1, L2, 1, None, failed=False, relay_failed=False)


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (
            deposit(Crossing(Kind.NATIVE, ANN, BEN, 15 * COIN // 10), 15 * COIN // 10),
            f"deposit (native mint): 1.5 OPEN {WHO}",
        ),
        (
            deposit(Crossing(Kind.ERC20, ANN, BEN, 0, token=b"\x4d" * 20, units=25)),
            f"deposit (token): 25 units of {checksum(b'M' * 20)} {WHO}",
        ),
        (
            deposit(Crossing(Kind.MESSAGE, ANN, BEN, COIN, 68), COIN),
            f"deposit (message): {WHO} with 1 OPEN and 68 bytes of data",
        ),
        (
            deposit(Crossing(Kind.CALL, ANN, BEN, 0, 4), COIN),
            f"deposit (call): {WHO} with 0 OPEN and 4 bytes of data; 1 OPEN minted",
        ),
        (
            replace(deposit(Crossing(Kind.CREATION, ANN, None, 0, 9)), created=BEN),
            f"deposit (creation): from {checksum(ANN)} with 0 OPEN and 9 bytes of data; "
            f"new contract {checksum(BEN)}",
        ),
        (
            replace(deposit(Crossing(Kind.MESSAGE, ANN, BEN, 0, 4)), relay_failed=True),
            f"deposit (message): {WHO} with 0 OPEN and 4 bytes of data; the message FAILED on "
            "the L2, relayMessage there tries it again",
        ),
        (
            replace(deposit(Crossing(Kind.CALL, ANN, BEN, 0, 4), COIN), failed=True),
            f"deposit (call): {WHO} with 0 OPEN and 4 bytes of data; FAILED on the L2: no way; "
            "its sender keeps the minted 1 OPEN",
        ),
    ],
    ids=["mint", "token", "message", "call", "creation", "relay failed", "failed"],
)
def test_a_deposit_has_one_line_with_both_transactions(item: Deposit, wanted: str) -> None:
    reason = "no way" if item.failed else None
    assert deposit_line(item, "OPEN", reason) == f"{wanted}; {ON_L1}; {ON_L2}"


def test_each_step_of_a_withdrawal_has_a_line_with_its_hash() -> None:
    begun = Withdrawal(Crossing(Kind.NATIVE, ANN, BEN, 1), L2, WITHDRAWN)
    assert withdrawal_line(begun, "ETH") == (
        f"withdrawal (native): 0.000000000000000001 ETH {WHO}; {ON_L2}; {KNOWN}"
    )
    proven = Proven(WITHDRAWN, ANN, BEN, L1)
    assert withdrawal_line(proven, "ETH") == f"withdrawal proven: {WHO}; {ON_L1}; {KNOWN}"
    done = Finalized(WITHDRAWN, True, L1)
    assert withdrawal_line(done, "ETH") == f"withdrawal finalized: {ON_L1}; {KNOWN}"
    assert "FAILED" in withdrawal_line(replace(done, succeeded=False), "ETH")


@pytest.mark.parametrize(
    ("wei", "wanted"),
    [(0, "0"), (1, "0." + "0" * 17 + "1"), (COIN, "1"), (10 * COIN + 10**17, "10.1")],
)
def test_an_amount_is_exact(wei: int, wanted: str) -> None:
    assert amount(wei, "OPEN") == f"{wanted} OPEN"


def reverting(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


def test_the_reason_of_a_revert_cannot_speak_to_the_terminal() -> None:
    hostile = "a\x1b[31mb\nINFO byline: all is well\r\x07\u202e\x9b\x7f"
    shown = why(reverting(hostile), None, reverted=True)
    assert shown == "a?[31mb?INFO byline: all is well?????"


def test_the_reason_of_a_revert_is_short() -> None:
    shown = why(reverting("x" * 5_000), None, reverted=True)
    assert shown == "x" * 100 + "..."


def test_what_is_no_text_is_named_by_its_selector() -> None:
    assert why(b"\xde\xad\xbe\xef" + bytes(640), None, reverted=True) == (
        "reverted with error 0xdeadbeef"
    )
    assert why(b"", None, reverted=True) == "reverted without a reason"
    assert why(b"", "out of gas", reverted=False) == "out of gas"
    panic = bytes.fromhex("4e487b71") + (17).to_bytes(32, "big")
    assert "overflow" in why(panic, None, reverted=True)


def test_letters_beyond_ascii_are_question_marks() -> None:
    assert safe("O\u0440EN", 10) == "O?EN"
