"""The endpoint over HTTP, with a chain that says what a test wants."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from byline.node.attribution.client.http import check_offer, read_answer, sign_payment
from byline.node.attribution.serving.book import PaymentBook
from byline.node.attribution.serving.bounds import Bounds
from byline.node.attribution.serving.endpoint import Head, PaidEndpoint
from byline.node.attribution.serving.journal import Journal
from byline.node.attribution.serving.models import Model, RetrievalModel
from byline.node.attribution.serving.payments import (
    PAYMENT_HEADER,
    RESPONSE_HEADER,
    PaymentRefused,
    Terms,
    encode_payment,
    read_offer,
    request_hash,
)
from byline.node.attribution.serving.store import ReceiptStore
from byline.node.errors import NodeError
from tests.paid_answers import DOMAIN, OPERATOR, PAYER, QUESTIONS, corpus, payment

pytestmark = pytest.mark.asyncio


@dataclass
class SmallChain:
    """Balances and nonces as a ledger would have them."""

    now: int = 1_000
    prepaid: int = 10**18
    used: set[tuple[bytes, int]] = field(default_factory=set)
    live: bool = True
    up: bool = True
    reading: asyncio.Event | None = None
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self) -> Head:
        if not self.up:
            raise NodeError("http://secret@node does not answer")
        return Head(5, self.now)

    async def quote(self, tokens_in: int, tokens_out: int) -> int:
        if not self.live:
            raise PaymentRefused("ModelNotLive", "model 1 takes no requests")
        return 1_000 * (tokens_in + tokens_out)

    async def spendable(self, payer: bytes) -> int:
        found = self.prepaid
        if self.reading is not None:
            self.reading.set()
            await self.go_on.wait()
        return found

    async def nonce_used(self, payer: bytes, nonce: int) -> bool:
        return (payer, nonce) in self.used


@dataclass
class Desk:
    """An endpoint, and how a test talks to it."""

    http: TestClient[Any, Any]
    chain: SmallChain
    book: PaymentBook
    journal: Journal
    store: ReceiptStore

    async def offer(self, prompt: str = QUESTIONS[0]) -> Terms:
        async with self.http.post("/infer", json={"prompt": prompt}) as reply:
            assert reply.status == 402, await reply.text()
            return read_offer(await reply.json(), DOMAIN)

    async def pay(
        self, terms: Terms, nonce: int = 7, prompt: str = QUESTIONS[0], **changes: Any
    ) -> tuple[int, dict[str, Any]]:
        header = encode_payment(payment(terms, nonce, **changes), DOMAIN.chain_id)
        return await self.send(prompt, header)

    async def send(self, prompt: str, header: str) -> tuple[int, dict[str, Any]]:
        async with self.http.post(
            "/infer", json={"prompt": prompt}, headers={PAYMENT_HEADER: header}
        ) as reply:
            return reply.status, await reply.json()


@asynccontextmanager
async def desk(
    folder: Path, bounds: Bounds | None = None, model: Model | None = None
) -> AsyncIterator[Desk]:
    chain, book = SmallChain(), PaymentBook(DOMAIN, bounds or Bounds())
    with Journal(folder / "receipts.journal") as journal:
        journal.fill(book)
        answers = model or RetrievalModel(corpus().datasets)
        store = ReceiptStore(book, journal)
        served = PaidEndpoint(chain, 1, corpus(), answers, store)
        async with TestClient(TestServer(served.application())) as http:
            yield Desk(http, chain, book, journal, store)


async def test_an_answer_is_given_for_what_was_offered(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        check_offer(terms, QUESTIONS[0], max_fee=terms.fee)
        assert terms.req_hash == request_hash(QUESTIONS[0])
        assert terms.fee == 1_000 * (terms.tokens_in + terms.tokens_out)
        sent = sign_payment(terms, DOMAIN, PAYER.key)
        header = {PAYMENT_HEADER: encode_payment(sent, DOMAIN.chain_id)}
        async with here.http.post(
            "/infer", json={"prompt": QUESTIONS[0]}, headers=header
        ) as reply:
            assert reply.status == 200
            said = json.loads(base64.b64decode(reply.headers[RESPONSE_HEADER]))
            found = read_answer(await reply.json(), sent, terms)
        assert said["success"] is True
        assert said["payer"] == "0x" + PAYER.address.hex()
        assert "heron" in found.answer.casefold()
        assert found.evidence, "the answer is made of the texts"
        assert [one.signed for one in here.book.pending()] == [found.receipt]


async def test_the_answer_is_held_back_until_it_is_paid(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        answer = RetrievalModel(corpus().datasets).answer(QUESTIONS[0])
        async with here.http.post("/infer", json={"prompt": QUESTIONS[0]}) as reply:
            assert answer not in await reply.text()


async def test_the_receipt_is_on_disk_when_the_answer_is_here(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        status, _ = await here.pay(await here.offer())
        assert status == 200
        taken = here.book.pending()
        here.journal.close()
        again = PaymentBook(DOMAIN)
        with Journal(tmp_path / "receipts.journal") as journal:
            journal.fill(again)
        assert again.pending() == taken


@pytest.mark.parametrize(
    ("changes", "name", "status"),
    [
        ({"nonce": 8}, "NonceUsed", 409),
        ({"fee": 1}, "UnknownOffer", 402),
        ({"deadline": 2**40}, "UnknownOffer", 402),
        ({"deadline": 1_000}, "OfferExpired", 402),
        ({"model_id": 9}, "UnknownOffer", 402),
    ],
)
async def test_a_payment_that_does_not_fit_gets_no_answer(
    tmp_path: Path, changes: dict[str, Any], name: str, status: int
) -> None:
    async with desk(tmp_path) as here:
        here.chain.used.add((PAYER.address, 8))
        terms = await here.offer()
        nonce = changes.pop("nonce", 7)
        got, body = await here.pay(terms, nonce, **changes)
        assert (got, body["name"]) == (status, name)
        assert "answer" not in body
        assert here.book.pending() == ()


async def test_a_payment_signed_by_somebody_else_gets_no_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        forged = payment(await here.offer(), key=OPERATOR.key)
        got, body = await here.send(QUESTIONS[0], encode_payment(forged, DOMAIN.chain_id))
        assert (got, body["name"]) == (402, "WrongSigner")
        assert here.book.pending() == ()


async def test_a_payment_for_another_prompt_gets_no_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        got, body = await here.pay(await here.offer(), prompt=QUESTIONS[1])
        assert (got, body["name"]) == (402, "RequestMismatch")


async def test_a_replayed_payment_gets_no_second_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        assert (await here.pay(terms))[0] == 200
        got, body = await here.pay(terms)
        assert (got, body["name"]) == (409, "NonceUsed")
        assert "answer" not in body


async def test_an_expired_offer_is_not_paid(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.now = terms.expires + 1
        got, body = await here.pay(terms)
        assert (got, body["name"]) == (402, "OfferExpired")


async def test_of_two_payments_with_one_nonce_one_wins(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms, other = await here.offer(), await here.offer(QUESTIONS[1])
        for nonce in range(10):
            here.chain.reading, here.chain.go_on = asyncio.Event(), asyncio.Event()
            both = asyncio.gather(
                here.pay(terms, nonce), here.pay(other, nonce, prompt=QUESTIONS[1])
            )
            await here.chain.reading.wait()
            await asyncio.sleep(0.01)
            here.chain.go_on.set()
            assert sorted(status for status, _ in await both) == [200, 409]
        assert len(here.book.pending()) == 10


async def test_an_answer_can_be_had_again_by_who_paid_for_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        sent = payment(terms)
        header = {PAYMENT_HEADER: encode_payment(sent, DOMAIN.chain_id)}
        async with here.http.get("/answer", headers=header) as reply:
            assert (reply.status, (await reply.json())["name"]) == (404, "UnknownReceipt")
        _, first = await here.pay(terms)
        async with here.http.get("/answer", headers=header) as reply:
            assert await reply.json() == first
        forged = replace(sent, signature=bytes(65))
        header = {PAYMENT_HEADER: encode_payment(forged, DOMAIN.chain_id)}
        async with here.http.get("/answer", headers=header) as reply:
            assert (await reply.json())["name"] == "UnknownReceipt"


async def test_evidence_is_shown_once_it_is_recorded(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        _, body = await here.pay(await here.offer())
        path = f"/evidence/{body['reqHash']}"
        async with here.http.get(path) as reply:
            assert (reply.status, (await reply.json())["name"]) == (404, "NotRecorded")
        here.book.recorded((PAYER.address, 7), 3, 0)
        async with here.http.get(path) as reply:
            (record,) = (await reply.json())["records"]
        assert record["places"] == [{"batchId": 3, "index": 0}]
        for name in ("outHash", "output", "evidence", "evidenceRoot"):
            assert record[name] == body[name]


async def test_equal_answers_are_shown_once_with_all_their_places(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        for nonce in range(3):
            await here.pay(terms, nonce)
            here.book.recorded((PAYER.address, nonce), 1, nonce)
        async with here.http.get(f"/evidence/0x{terms.req_hash.hex()}") as reply:
            (record,) = (await reply.json())["records"]
        assert [place["index"] for place in record["places"]] == [0, 1, 2]
        async with here.http.get("/evidence/0xzz") as reply:
            assert (reply.status, (await reply.json())["name"]) == (400, "BadRequest")


async def test_offers_of_one_client_are_bounded(tmp_path: Path) -> None:
    async with desk(tmp_path, Bounds(offers_of_client=2)) as here:
        for prompt in QUESTIONS[:2]:
            await here.offer(prompt)
        await here.offer(QUESTIONS[0])
        async with here.http.post("/infer", json={"prompt": QUESTIONS[2]}) as reply:
            assert (reply.status, (await reply.json())["name"]) == (429, "TooManyOffers")
        here.chain.now += 121
        await here.offer(QUESTIONS[2])


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"prompt": ""}', b'{"prompt": 1}',
        b'{"prompt": null}', b'{"prompt": "\\ud800"}', b"\xff\xfe", b"[" * 9_000,
    ],
)  # fmt: skip
async def test_what_is_no_prompt_is_refused(tmp_path: Path, body: bytes) -> None:
    async with desk(tmp_path) as here, here.http.post("/infer", data=body) as reply:
        assert (reply.status, (await reply.json())["name"]) == (400, "BadRequest")


async def test_a_large_body_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        async with here.http.post("/infer", json={"prompt": "x" * 20_000}) as reply:
            assert (reply.status, (await reply.json())["name"]) == (413, "BodyTooLarge")
        await here.offer()


class Broken:
    """A model that does not do its work."""

    def __init__(self, answer: str | None) -> None:
        self._answer = answer

    def answer(self, prompt: str) -> str:
        if self._answer is None:
            raise RuntimeError("out of memory")
        return self._answer


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("", "AnswerUnusable"),
        (" ", "AnswerUnusable"),
        ("x " * 1_025, "AnswerUnusable"),
        ("\ud800", "ModelFailed"),
        (None, "ModelFailed"),
    ],
)
async def test_an_answer_that_cannot_be_recorded_is_not_offered(
    tmp_path: Path, answer: str | None, name: str
) -> None:
    async with desk(tmp_path, Bounds(offers_of_client=1), Broken(answer)) as here:
        for _ in range(2):
            async with here.http.post("/infer", json={"prompt": QUESTIONS[0]}) as reply:
                assert (reply.status, (await reply.json())["name"]) == (502, name)


async def test_words_of_nobody_go_to_the_fallback(tmp_path: Path) -> None:
    async with desk(tmp_path, model=Broken("forty two")) as here:
        _, body = await here.pay(await here.offer())
        assert body["spans"] == []
        assert [one["owner"] for one in body["points"]] == ["0x" + OPERATOR.address.hex()]


async def test_a_model_that_is_not_live_makes_no_offers(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.chain.live = False
        async with here.http.post("/infer", json={"prompt": QUESTIONS[0]}) as reply:
            assert (reply.status, (await reply.json())["name"]) == (503, "ModelNotLive")


async def test_a_chain_that_is_down_is_named_without_its_url(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.chain.up = False
        got, body = await here.pay(terms)
        assert (got, body["name"]) == (503, "ChainUnavailable")
        assert "secret" not in body["error"]


async def test_nothing_is_answered_that_is_not_written(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        here.journal.broken = True
        got, body = await here.pay(terms)
        assert (got, body["name"]) == (503, "JournalFailed")
        assert here.book.pending() == ()
