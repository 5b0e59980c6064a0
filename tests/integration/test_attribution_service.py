"""Endpoint and operator together on a devnet, asked by the client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from byline.node import AttributionClient, NodeError
from byline.node.attribution.client.http import PaymentFailed
from byline.node.attribution.client.values import BatchStatus, ModelTerms
from byline.node.attribution.dataset import Dataset
from byline.node.attribution.serving.journal import JournalHeld
from byline.node.attribution.serving.operator import OperatorSettings
from byline.node.attribution.serving.service import PaidService, ServiceSettings
from byline.node.errors import PortBusy
from tests.paid_answers import ANNE, DOCUMENTS, OPERATOR, PAYER, QUESTIONS
from tests.paid_chain import World, paid_world

pytestmark = pytest.mark.asyncio


def settings(world: World, folder: Path) -> ServiceSettings:
    operator = OperatorSettings(most_receipts=2, poll_seconds=0.05)
    return ServiceSettings(
        l2=world.devnet.l2.url,
        key=OPERATOR.key,
        model=world.model,
        datasets=(world.dataset,),
        folder=folder,
        operator=operator,
    )


async def reached(world: World, batch: int, status: BatchStatus) -> None:
    async with asyncio.timeout(30):
        while (await world.payer.batch(batch)).status is not status:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_questions_are_paid_and_become_the_authors_money(tmp_path: Path) -> None:
    async with paid_world() as world, PaidService(settings(world, tmp_path)) as service:
        found = [await world.payer.infer(service.url, prompt) for prompt in QUESTIONS[:2]]
        await reached(world, 1, BatchStatus.RECORDED)
        records = await world.payer.records(1)
        assert [one.receipt.record for one in found] == list(records)
        assert [one.receipt.record.out_hash for one in found] == [one.out_hash for one in records]
        assert await world.payer.prepaid() == 10**18 - sum(one.fee for one in found)
        await world.devnet.increase_time(601)
        await reached(world, 1, BatchStatus.RELEASED)
        pot = (await world.payer.settlement(1)).pot
        owners = {leaf.owner for one in found for leaf in one.evidence}
        assert sum([await world.payer.credit(owner) for owner in owners]) == pot


async def test_what_was_asked_back_cannot_be_spent(tmp_path: Path) -> None:
    async with paid_world() as world, PaidService(settings(world, tmp_path)) as service:
        contracts = world.payer.contracts
        await contracts.send("InferenceLedger", "requestWithdrawal", 10**18)
        with pytest.raises(PaymentFailed) as refused:
            await world.payer.infer(service.url, QUESTIONS[0])
        assert (refused.value.status, refused.value.name) == (402, "InsufficientPrepaid")


async def test_an_endpoint_is_found_by_its_model(tmp_path: Path) -> None:
    async with paid_world() as world, PaidService(settings(world, tmp_path)) as service:
        terms = ModelTerms((world.dataset.id,), world.policy, uri=service.url)
        named = await world.operator.register_model(terms)
        assert (await world.payer.infer(named, QUESTIONS[0])).answer
        with pytest.raises(NodeError, match="names no endpoint"):
            await world.payer.infer(world.model, QUESTIONS[0])


async def test_a_model_that_was_deprecated_makes_no_offers(tmp_path: Path) -> None:
    async with paid_world() as world, PaidService(settings(world, tmp_path)) as service:
        await world.operator.contracts.send("AttributionRegistry", "deprecateModel", world.model)
        with pytest.raises(PaymentFailed, match="takes no requests"):
            await world.payer.infer(service.url, QUESTIONS[0])


async def test_only_the_operator_serves_and_only_what_is_registered(tmp_path: Path) -> None:
    async with paid_world() as world:
        right = settings(world, tmp_path)
        other = Dataset.build(world.dataset.id, DOCUMENTS[:1])
        for wrong, words in (
            (replace(right, key=ANNE.key), "is operated by 0x" + OPERATOR.address.hex()),
            (replace(right, datasets=()), r"datasets \[1\], which are not here"),
            (replace(right, datasets=(other,)), "is not the one that is registered"),
            (replace(right, model=9), "model 9 is not registered"),
        ):
            with pytest.raises(NodeError, match=words):
                async with PaidService(wrong):
                    pass
        async with PaidService(right) as service:
            with pytest.raises(JournalHeld):
                async with PaidService(right):
                    pass
            port = int(service.url.rpartition(":")[2])
            with pytest.raises(PortBusy):
                async with PaidService(replace(right, folder=tmp_path / "other", port=port)):
                    pass


async def test_an_operator_that_breaks_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with paid_world() as world, PaidService(settings(world, tmp_path)) as service:

        async def broken() -> None:
            raise ZeroDivisionError("a fault of ours")

        monkeypatch.setattr(service.operator, "tick", broken)
        with pytest.raises(ZeroDivisionError):
            await service.wait(asyncio.Event())


async def test_a_client_of_another_chain_does_not_sign(tmp_path: Path) -> None:
    async with (
        paid_world() as world,
        PaidService(settings(world, tmp_path)) as service,
        AttributionClient(world.devnet.l1.url, PAYER.key) as stranger,
    ):
        with pytest.raises(NodeError, match="the offer is for"):
            await stranger.infer(service.url, QUESTIONS[0])
