"""How an L1 node's answers are read by who proposes there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from byline.node.client import CallFailed
from byline.node.errors import NodeError
from byline.node.l1.games import Disputes, Unanswered
from byline.node.rollups.remote_keeper import RemoteView

CONFIG, PORTAL, FACTORY = b"\xc0" * 20, b"\x90" * 20, b"\xfa" * 20


class Client:
    """Answers every call with the same, and remembers what was asked."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    async def call(self, method: str, *params: Any) -> Any:
        self.asked.append((method, *params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def view(answer: str | Exception) -> RemoteView:
    return RemoteView(Client(answer), asyncio.run, 7, 1_000)  # type: ignore[arg-type]


def attempt(answer: str | Exception) -> bytes | None:
    return view(answer).attempt(b"\x01" * 20, FACTORY, b"\xab", value=5, gas=9, timestamp=2)


def test_a_view_is_asked_at_the_block_that_it_is_about() -> None:
    one = view("0x" + FACTORY.rjust(32, b"\0").hex())
    assert Disputes(one, CONFIG, PORTAL).factory() == FACTORY
    [(method, request, block)] = one.client.asked  # type: ignore[attr-defined]
    assert (method, block) == ("eth_call", "0x7")
    assert request["to"] == "0x" + CONFIG.hex()


@pytest.mark.parametrize(
    "answer",
    [CallFailed("eth_call", 3, "execution reverted", "0x"), NodeError("gone"), "0xabc", "0x12"],
)
def test_what_is_no_answer_is_said_to_be_none(answer: str | Exception) -> None:
    disputes = Disputes(view(answer), CONFIG, PORTAL)
    with pytest.raises(Unanswered, match=r"0x9090.*respectedGameType"):
        disputes.respected_type()
    assert disputes.factory() is None


def test_a_transaction_that_would_succeed_fails_for_no_reason() -> None:
    assert attempt("0x" + "00" * 32) is None


def test_a_transaction_that_would_fail_says_what_it_reverts_with() -> None:
    assert attempt(CallFailed("eth_call", 3, "execution reverted", "0x014f6fe5")) == bytes.fromhex(
        "014f6fe5"
    )
    for data in (None, "Reverted 0x01", {"reason": 1}):
        failure = attempt(CallFailed("eth_call", -32000, "no funds", data))
        assert failure is not None
        assert b"no funds" in failure


def test_a_transaction_that_cannot_be_tried_is_no_failure() -> None:
    with pytest.raises(Unanswered, match="gone"):
        attempt(NodeError("gone"))
