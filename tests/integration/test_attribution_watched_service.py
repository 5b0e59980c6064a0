"""A watcher beside the paid endpoint: it reads evidence there, and an honest day costs nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from byline.node.accounts import dev_account
from byline.node.attribution.client.calls import Contracts
from byline.node.attribution.client.values import BatchStatus
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.serving.operator import OperatorSettings
from byline.node.attribution.serving.service import PaidService, ServiceSettings
from byline.node.attribution.watching.evidence import source_of
from byline.node.attribution.watching.judging import State
from byline.node.attribution.watching.watcher import Options, Watcher
from byline.node.client import RpcClient
from tests.paid_answers import OPERATOR, QUESTIONS
from tests.paid_chain import World, paid_world

pytestmark = pytest.mark.asyncio


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await reached():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def has_status(world: World, *wanted: BatchStatus) -> bool:
    """Return whether the second batch is that far."""
    return (await world.payer.batch(2)).status in wanted


async def has_found(watcher: Watcher, records: int) -> bool:
    return sum(not is_dataset for _, _, is_dataset in watcher.findings) == records


async def test_evidence_is_read_at_the_endpoint_and_none_is_demanded(tmp_path: Path) -> None:
    """Equal questions, too: they have one hash, and several records."""
    async with paid_world() as world:
        save_dataset(world.dataset, tmp_path / "datasets" / "one")
        settings = ServiceSettings(
            l2=world.devnet.l2.url,
            key=OPERATOR.key,
            model=world.model,
            datasets=(world.dataset,),
            folder=tmp_path / "journal",
            operator=OperatorSettings(most_receipts=2, poll_seconds=0.05),
        )
        async with PaidService(settings) as service, RpcClient(world.devnet.l2.url) as client:
            options = Options(
                tmp_path / "datasets", (source_of(service.url),), poll=0.05, look=0.05
            )
            said: list[str] = []
            contracts = Contracts(client, dev_account(9))
            watcher, stop = Watcher(client, contracts, options, said.append), asyncio.Event()
            work = asyncio.create_task(watcher.run(stop))
            for prompt in (*QUESTIONS[:2], QUESTIONS[0], QUESTIONS[0]):
                await world.payer.infer(service.url, prompt)
            await until(lambda: has_status(world, BatchStatus.RECORDED, BatchStatus.FINALIZED))
            await until(lambda: has_found(watcher, 4))
            await world.later()
            await until(lambda: has_status(world, BatchStatus.RELEASED))
            stop.set()
            assert not await work
        assert not watcher.counts, said
        assert {one.state for one in watcher.findings.values()} == {State.CLEAN}
        assert not await world.payer.contracts.logs("InferenceLedger", "EvidencePublished")
