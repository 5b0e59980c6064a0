"""A payment whose answer is lost on the way is asked about again, and never paid anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from byline.node.attribution.client import http
from byline.node.attribution.client.http import PaymentFailed, PaymentUnanswered, infer
from byline.node.attribution.serving.book import Taken
from byline.node.attribution.serving.endpoint import PaidEndpoint
from byline.node.attribution.serving.payments import PAYMENT_HEADER, Payment, decode_payment
from byline.node.errors import NodeError
from tests.paid_answers import DOMAIN, PAYER, QUESTIONS
from tests.unit.node.attribution.test_serving import Desk, desk

pytestmark = pytest.mark.asyncio
Real = Callable[[PaidEndpoint, web.Request], Awaitable[web.Response]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES", (0.0, 0.0, 0.0))


def lose(monkeypatch: pytest.MonkeyPatch, count: int, *, taken: bool) -> list[str]:
    """Break the connection of the first `count` payments, before or after they are taken."""
    lost: list[str] = []
    infer_, again = PaidEndpoint._infer, PaidEndpoint._again

    def breaking(real: Real) -> Real:
        async def handler(self: PaidEndpoint, request: web.Request) -> web.Response:
            breaks = PAYMENT_HEADER in request.headers and len(lost) < count
            if breaks:
                lost.append(request.path)
            answer = await real(self, request) if taken or not breaks else web.Response()
            if breaks:
                assert request.transport is not None
                request.transport.close()
            return answer

        return handler

    monkeypatch.setattr(PaidEndpoint, "_infer", breaking(infer_))
    monkeypatch.setattr(PaidEndpoint, "_again", breaking(again))
    return lost


def url(here: Desk) -> str:
    return str(here.http.make_url("/"))


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
async def test_an_answer_that_was_lost_is_had_for_one_payment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, *, taken: bool
) -> None:
    lost = lose(monkeypatch, count, taken=taken)
    async with desk(tmp_path) as here:
        found = await infer(url(here), QUESTIONS[0], DOMAIN, PAYER.key)
        assert lost[0] == "/infer"
        assert len(lost) == count
        assert [one.signed for one in here.book.pending()] == [found.receipt]


async def test_a_payment_that_nobody_answers_is_handed_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch, 99, taken=True)
    async with desk(tmp_path) as here:
        with pytest.raises(PaymentUnanswered, match="may have been taken") as unanswered:
            await infer(url(here), QUESTIONS[0], DOMAIN, PAYER.key)
        (pending,) = here.book.pending()
        sent = decode_payment(unanswered.value.payment, DOMAIN.chain_id)
        assert sent.receipt == pending.signed.receipt


async def test_a_payment_that_can_not_be_taken_any_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch, 1, taken=False)
    real = PaidEndpoint._again

    async def restarted(self: PaidEndpoint, request: web.Request) -> web.Response:
        self._book._offers.clear()
        return await real(self, request)

    monkeypatch.setattr(PaidEndpoint, "_again", restarted)
    async with desk(tmp_path) as here:
        with pytest.raises(PaymentFailed) as refused:
            await infer(url(here), QUESTIONS[0], DOMAIN, PAYER.key)
        assert refused.value.name == "UnknownOffer"
        assert here.book.pending() == ()


async def test_a_payment_that_may_be_on_disk_is_not_said_to_be_refused(tmp_path: Path) -> None:
    """A write that failed may have reached the disk: then it is recorded after a restart."""
    async with desk(tmp_path) as here:
        here.journal.broken = True
        with pytest.raises(PaymentUnanswered, match="JournalFailed"):
            await infer(url(here), QUESTIONS[0], DOMAIN, PAYER.key)


async def test_a_server_in_trouble_is_asked_again_about_a_payment_that_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first answer may still be on the way: what hinders it now says nothing of that."""
    lose(monkeypatch, 1, taken=False)
    real = PaidEndpoint._take
    troubled: list[str] = []

    async def take(self: PaidEndpoint, payment: Payment, req_hash: bytes) -> Taken:
        if not troubled:
            troubled.append("chain")
            raise NodeError("the chain does not answer")
        return await real(self, payment, req_hash)

    monkeypatch.setattr(PaidEndpoint, "_take", take)
    async with desk(tmp_path) as here:
        found = await infer(url(here), QUESTIONS[0], DOMAIN, PAYER.key)
        assert troubled
        assert [one.signed for one in here.book.pending()] == [found.receipt]
