"""`byline attribution serve` is killed while it takes payments: what it gave is recorded, once."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from byline.node.attribution.client.http import post, sign_payment
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.serving.payments import (
    PAYMENT_HEADER,
    Payment,
    encode_payment,
    read_offer,
)
from byline.node.errors import NodeError
from tests.devnets import environment
from tests.paid_answers import PAYER, QUESTIONS
from tests.paid_chain import World, paid_world

pytestmark = pytest.mark.asyncio
KILLS = 2
PAYMENTS = 6
"""That are acknowledged before a kill."""


@asynccontextmanager
async def serving(world: World, folder: Path, *more: str) -> AsyncIterator[tuple[Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "byline.node", "attribution", "serve", "--l2", world.devnet.l2.url,
        "--model", str(world.model), "--data", str(folder), "--account", "0", "--port", "0", *more,
        stdout=PIPE, stderr=STDOUT, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(60):
        while "Ctrl-C" not in told:
            line = await process.stdout.readline()
            assert line, f"it does not serve:\n{told}"
            told += line.decode()
    (url,) = re.findall(r"(http://\S+)/infer", told)
    try:
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Payers:
    """Payments sent one after another, by several at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sent: dict[int, Payment] = {}
        self.acknowledged: list[int] = []

    async def pay_on(self, url: str, prompt: str) -> None:
        """Pay for one prompt again and again, until nobody answers."""
        domain = self._world.payer.domain
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    _, body = await post(session, url, prompt)
                    payment = sign_payment(read_offer(body, domain), domain, PAYER.key)
                    self.sent[payment.receipt.nonce] = payment
                    header = encode_payment(payment, domain.chain_id)
                    status, body = await post(session, url, prompt, {PAYMENT_HEADER: header})
                except NodeError:
                    return
                assert status == 200, body
                self.acknowledged.append(payment.receipt.nonce)


async def recorded_nonces(world: World) -> Counter[int]:
    logs = await world.payer.contracts.logs("InferenceLedger", "InferenceRecorded")
    return Counter(log.fields["nonce"] for log in logs)


async def test_what_was_acknowledged_is_recorded_once(tmp_path: Path) -> None:
    async with paid_world() as world:
        await asyncio.to_thread(save_dataset, world.dataset, tmp_path / "texts")
        payers = Payers(world)
        for _ in range(KILLS):
            wanted = len(payers.acknowledged) + PAYMENTS
            async with serving(world, tmp_path, "--batch", "4") as (process, url):
                paying = [
                    asyncio.create_task(payers.pay_on(url, prompt)) for prompt in QUESTIONS[:3]
                ]
                async with asyncio.timeout(60):
                    while len(payers.acknowledged) < wanted:  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
                process.kill()
                await process.wait()
                await asyncio.gather(*paying)
        async with (
            serving(world, tmp_path, "--batch-age", "0") as (process, url),
            asyncio.timeout(60),
        ):
            while not set(payers.acknowledged) <= set(await recorded_nonces(world)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await unanswered_can_be_had(payers, url, world)
            process.terminate()
            assert await process.wait() == 0
        found = await recorded_nonces(world)
        assert set(found.values()) == {1}, "nothing is recorded twice"
        assert set(found) <= set(payers.sent)
        fees = sum(payers.sent[nonce].receipt.fee for nonce in found)
        assert await world.payer.prepaid() == 10**18 - fees


class Hanging:
    def answer(self, prompt: str) -> str:
        time.sleep(10**6)
        return prompt


def hanging(_: object) -> Hanging:
    return Hanging()


async def test_calls_of_a_model_that_hang_do_not_keep_the_process(tmp_path: Path) -> None:
    async with paid_world() as world:
        await asyncio.to_thread(save_dataset, world.dataset, tmp_path / "texts")
        options = ("--answers", f"{__name__}:hanging", "--answer-seconds", "1")
        async with (
            serving(world, tmp_path, *options) as (process, url),
            aiohttp.ClientSession() as session,
        ):
            status, body = await post(session, url, QUESTIONS[0])
            assert (status, body["name"]) == (504, "ModelTimedOut")
            waiting = asyncio.create_task(post(session, url, QUESTIONS[1]))
            await asyncio.sleep(0.2)
            process.terminate()
            async with asyncio.timeout(15):
                assert await process.wait() == 0
            await asyncio.gather(waiting, return_exceptions=True)


async def unanswered_can_be_had(payers: Payers, url: str, world: World) -> None:
    """Whoever paid and heard nothing may ask again, if the receipt was taken."""
    async with aiohttp.ClientSession() as session:
        for nonce in set(payers.sent) - set(payers.acknowledged):
            header = encode_payment(payers.sent[nonce], world.payer.domain.chain_id)
            async with session.get(url + "/answer", headers={PAYMENT_HEADER: header}) as reply:
                body = await reply.json()
                taken = reply.status == 200
                assert taken or body["name"] == "UnknownReceipt"
            if taken:
                while nonce not in await recorded_nonces(world):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
