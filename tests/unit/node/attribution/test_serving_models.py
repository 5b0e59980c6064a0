"""Models that hang, crash, or answer what cannot be served: the endpoint goes on."""

from __future__ import annotations

import asyncio
import base64
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byline.node.attribution.serving import computing
from byline.node.attribution.serving.bounds import Bounds
from byline.node.attribution.serving.payments import PaymentRefused
from tests.paid_answers import DOCUMENTS, QUESTIONS
from tests.unit.node.attribution.test_serving import Desk, desk

pytestmark = pytest.mark.asyncio
HANGS = "hang"
KIND = '{"x402Version": 1, "scheme": "byline-receipt", "network": "eip155:901"'


class Hanging:
    """Answers, but to prompts that begin with `HANGS` only when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.called = 0

    def answer(self, prompt: str) -> str:
        self.called += 1
        if prompt.startswith(HANGS):
            self.let_go.wait()
        return DOCUMENTS[0].text


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    model = Hanging()
    yield model
    model.let_go.set()


async def ask(here: Desk, prompt: str) -> tuple[int, dict[str, Any]]:
    async with here.http.post("/infer", json={"prompt": prompt}) as reply:
        return reply.status, await reply.json()


async def test_a_call_that_hangs_gives_its_slot_back(tmp_path: Path, hanging: Hanging) -> None:
    bounds = Bounds(models_at_once=1, answer_seconds=0.5, offers_of_client=1)
    async with desk(tmp_path, bounds, hanging) as here:
        status, body = await ask(here, HANGS)
        assert (status, body["name"]) == (504, "ModelTimedOut")
        assert "0.5 s" in body["error"]
        # The slot, the client's room for an offer, and the threads that write are free.
        terms = await here.offer()
        assert (await here.pay(terms))[0] == 200


async def test_no_more_calls_are_begun_where_too_many_hang(
    tmp_path: Path, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "MOST_LEFT", 2)
    async with desk(tmp_path, Bounds(answer_seconds=0.5), hanging) as here:
        for at in range(2):
            await ask(here, f"{HANGS} {at}")
        status, body = await ask(here, QUESTIONS[0])
        assert (status, body["name"]) == (504, "ModelTimedOut")
        assert "2 calls of the model hang" in body["error"]
        assert hanging.called == 2
        hanging.let_go.set()
        async with asyncio.timeout(30):
            while (await ask(here, QUESTIONS[0]))[0] != 402:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_who_waits_for_a_slot_is_told_after_a_time(tmp_path: Path, hanging: Hanging) -> None:
    bounds = Bounds(models_at_once=1, answer_seconds=0.5)
    async with desk(tmp_path, bounds, hanging) as here:
        answers = await asyncio.gather(*(ask(here, f"{HANGS} {at}") for at in range(4)))
        names = sorted(body["name"] for _, body in answers)
        assert set(names) == {"ModelBusy", "ModelTimedOut"}
        await here.offer()


class Answers:
    """Answers what a test gives it, or raises it."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def answer(self, prompt: str) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "name", "words"),
    [
        (SystemExit(1), "ModelFailed", "SystemExit"),
        (KeyboardInterrupt(), "ModelFailed", "KeyboardInterrupt"),
        (StopIteration(), "ModelFailed", "StopIteration"),
        (MemoryError(), "ModelFailed", "MemoryError"),
        (asyncio.CancelledError(), "ModelFailed", "CancelledError"),
        (PermissionError("secret"), "ModelFailed", "PermissionError"),
        (None, "ModelFailed", "NoneType, want a string"),
        (b"\x00\xff", "ModelFailed", "bytes, want a string"),
        (["heron"], "ModelFailed", "list, want a string"),
        ("\udcff", "ModelFailed", "no Unicode text"),
        ("heron" * 2**21, "AnswerUnusable", "over 65536 bytes"),
        ("\u20ac" * 30_000, "AnswerUnusable", "over 65536 bytes"),
    ],
)
async def test_what_a_model_does_wrong_is_named(
    tmp_path: Path, answer: object, name: str, words: str
) -> None:
    async with desk(tmp_path, Bounds(offers_of_client=1), Answers(answer)) as here:
        for _ in range(2):
            status, body = await ask(here, QUESTIONS[0])
            assert (status, body["name"]) == (502, name)
            assert words in body["error"]
            assert "secret" not in body["error"]


async def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    async with desk(tmp_path, Bounds(body_seconds=0.05)) as here:

        async def slow() -> Any:
            yield b'{"prompt": "'
            await asyncio.sleep(5)

        async with here.http.post("/infer", data=slow()) as reply:
            assert (reply.status, (await reply.json())["name"]) == (408, "BodyTooSlow")


async def test_a_body_that_does_not_unpack_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        head = {"Content-Encoding": "gzip"}
        async with here.http.post("/infer", data=b"no gzip", headers=head) as reply:
            assert (reply.status, (await reply.json())["name"]) == (400, "BadRequest")


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "X-PAYMENT header is required"),
        ("A" * 4_097, "4097 bytes: want at most 4096"),
        ("zzz", "is no base64"),
        (in_base64("{"), "is base64 of no JSON"),
        (in_base64("[" * 2_000), "is base64 of no JSON"),
        (in_base64("null"), "it is no JSON object"),
        (in_base64("{}"), "'x402Version' is missing"),
        (in_base64('{"x402Version": 1, "scheme": "exact", "network": "eip155:1"}'), "want (1, 'b"),
        (in_base64(KIND + "}"), "'payload' is missing"),
        (in_base64(KIND + ', "payload": []}'), "payload is no JSON object"),
        (in_base64(KIND + ', "payload": {"receipt": 1}}'), "payload.receipt is no JSON object"),
    ],
)
async def test_a_payment_that_is_none_is_told_what_is_wrong(
    tmp_path: Path, header: str, words: str
) -> None:
    async with desk(tmp_path) as here:
        headers = {"X-PAYMENT": header}
        for path, method in (("/infer", "POST"), ("/answer", "GET")):
            async with here.http.request(
                method, path, json={"prompt": "x"}, headers=headers
            ) as reply:
                body = await reply.json()
                assert (reply.status, body["name"]) == (400, "MalformedPayment")
                assert words in body["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "no field prompt"),
        ({"promt": "x"}, "no field prompt"),
        ({"prompt": 1}, "no string"),
        ({"prompt": ""}, "or empty"),
    ],
)
async def test_a_body_without_prompt_is_told_so(tmp_path: Path, body: Any, words: str) -> None:
    async with desk(tmp_path) as here, here.http.post("/infer", json=body) as reply:
        assert words in (await reply.json())["error"]
        async with here.http.get("/evidence/0x12") as other:
            assert (other.status, (await other.json())["name"]) == (400, "BadRequest")


async def test_a_path_or_method_that_is_none_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        async with here.http.get("/infer") as reply:
            body = await reply.json()
            assert (reply.status, body["name"]) == (405, "MethodNotAllowed")
            assert "/infer takes POST, not GET" in body["error"]
        async with here.http.get("/infre") as reply:
            body = await reply.json()
            assert (reply.status, body["name"]) == (404, "NotFound")
            assert "POST /infer" in body["error"]


async def test_a_payment_beside_the_offer_says_where_it_differs(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        terms = await here.offer()
        for change in (-1, 1):
            _, body = await here.pay(terms, fee=terms.fee + change)
            assert body["name"] == "UnknownOffer"
            assert f"fee {terms.fee + change} was signed, {terms.fee} is offered" in body["error"]
        _, body = await here.pay(terms, model_id=9, out_hash=bytes(32))
        assert "modelId 9 was signed, 1 is offered" in body["error"]
        assert f"outHash 0x{'00' * 32} was signed" in body["error"]
        assert "fee" not in body["error"]


@pytest.mark.parametrize("name", Bounds.__dataclass_fields__)
async def test_bounds_that_let_nothing_through_are_refused(name: str) -> None:
    for value in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=name):
            Bounds(**{name: value})  # type: ignore[arg-type]


async def test_a_late_answer_finds_a_loop_that_is_gone(hanging: Hanging) -> None:
    complaints: list[object] = []
    hook, threading.excepthook = threading.excepthook, complaints.append
    try:

        def serve() -> None:
            runner = computing.ModelRunner(hanging, at_once=1, seconds=0.01, most_bytes=99)
            with pytest.raises(PaymentRefused):
                asyncio.run(runner.answer(HANGS))

        await asyncio.to_thread(serve)
        hanging.let_go.set()
        for thread in threading.enumerate():
            if thread.name == "byline-model":
                await asyncio.to_thread(thread.join, 5)
    finally:
        threading.excepthook = hook
    assert not complaints, sys.exc_info()
