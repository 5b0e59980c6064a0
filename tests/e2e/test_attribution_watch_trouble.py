"""The watcher in trouble: others beside it, replaced blocks, restarts, no money, bad nodes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from byline.node.accounts import DevAccount, dev_account
from byline.node.attribution.client.deploying import deploy
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.watching.judging import State
from byline.node.attribution.weights import batch_payouts
from byline.node.client import RpcClient
from byline.node.contracts.attribution_deploy import FamilySettings
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.keys import address_of
from byline.node.sync_devnet import SyncDevnet
from tests.attribution_watch import (
    OTHER_WATCHER,
    Town,
    caught,
    lie,
    texts,
    town,
    watching,
)
from tests.properties.test_attribution_faults import example

pytestmark = pytest.mark.asyncio

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def devnet() -> Iterator[SyncDevnet]:
    with SyncDevnet() as running:
        yield running


@pytest_asyncio.fixture
async def place(devnet: SyncDevnet, tmp_path: Path) -> AsyncIterator[Town]:
    """Return a town on a chain that nobody else has seen."""
    with devnet.restoring():
        async with town(devnet.l2.url, tmp_path, example()) as made:
            yield made


async def test_of_two_watchers_one_is_refused_and_goes_on(place: Town) -> None:
    wrong = lie(Reason.OTHER_OWNER)
    async with (
        watching(place) as first,
        watching(place, account=OTHER_WATCHER) as second,
    ):
        for _ in range(4):
            batch = await place.record([wrong])
            await caught(place, batch, first)
            await caught(place, batch, second)
        await asyncio.sleep(0.5)
        assert not first.task.done()
        assert not second.task.done()
    counts = [one.watcher.counts for one in (first, second)]
    assert sum(one["proven"] for one in counts) == 4
    assert len(await place.convictions()) == 4


async def test_blocks_that_are_replaced_are_followed(place: Town, devnet: SyncDevnet) -> None:
    """The lie that was on the chain is gone; an honest batch has its number."""
    before = devnet.snapshot()
    await place.record([lie(Reason.LEAF_WEIGHT)])
    async with watching(place, account=None) as watcher:

        async def is_found() -> bool:
            found = watcher.watcher.findings.get((1, 0, False))
            return found is not None and found.state is State.FAULTY

        await watcher.until(is_found)
        devnet.revert(before)
        place.nonce = 0
        batch = await place.record([example()])
        assert batch == 1

        async def is_clean() -> bool:
            return watcher.watcher.findings[1, 0, False].state is State.CLEAN

        await watcher.until(is_clean)
        wrong = await place.record([lie(Reason.LEAF_WEIGHT)])

        async def is_found_again() -> bool:
            return (wrong, 0, False) in watcher.watcher.findings

        await watcher.until(is_found_again)


async def test_a_watcher_goes_on_where_it_was_stopped(place: Town, tmp_path: Path) -> None:
    file = tmp_path / "state" / "watcher.json"
    honest = await place.record([example()])
    await place.later()
    await place.client.finalize(honest)
    await place.client.settle(honest, batch_payouts([example().points]))
    async with watching(place, resume=file) as watcher:

        async def is_read() -> bool:
            return file.exists()

        await watcher.until(is_read)
        assert any("batch 1 record 0: clean" in line for line in watcher.lines)
    wrong = await place.record([lie(Reason.OTHER_ENTRY)])
    async with watching(place, resume=file) as watcher:
        await caught(place, wrong, watcher)
        assert not any("batch 1 " in line for line in watcher.lines)
    file.write_text(file.read_text().replace('"hash": "0x', '"hash": "0xff'))
    async with watching(place, resume=file, once=True) as watcher:
        await watcher.task
        assert any("batch 1 record 0: clean" in line for line in watcher.lines)


async def test_a_watcher_without_money_tries_until_it_has_some(place: Town) -> None:
    """The pool refuses it; nothing else stops, and the lie is proven once it can be paid for."""
    poor = DevAccount(address_of(b"\x77" * 32), b"\x77" * 32)
    batch = await place.record([lie(Reason.OTHER_OWNER)])
    async with watching(place, account=poor) as watcher:

        async def has_failed() -> bool:
            return watcher.watcher.counts["failed"] > 0

        await watcher.until(has_failed)
        after = await place.record([example()])

        async def is_read() -> bool:
            return (after, 0, False) in watcher.watcher.findings

        await watcher.until(is_read)
        await place.client.rpc.call("hardhat_setBalance", "0x" + poor.address.hex(), hex(10**18))
        await caught(place, batch, watcher)


async def test_a_whole_batch_is_rechecked_in_seconds(place: Town) -> None:
    """200 records, the last of which lies."""
    cases = [*texts(199), lie(Reason.RANGE_STARTS_LATE)]
    async with watching(place) as watcher:
        batch = await place.record(cases)
        begun = time.process_time()
        await caught(place, batch, watcher)
        assert time.process_time() - begun < 20
    assert len(watcher.watcher.findings) == 200 + 2


async def test_time_passes_where_no_blocks_are_made(place: Town) -> None:
    """Nobody sends anything while an operator who hides a lie waits for its window to end."""
    batch = await place.record([lie(Reason.OTHER_OWNER)], show=False)
    later = partial(place.client.rpc.call, "evm_increaseTime")
    async with watching(place) as watcher:
        await later(200)

        async def is_demanded() -> bool:
            return watcher.watcher.counts["demanded"] == 1

        await watcher.until(is_demanded)
        await later(700)
        await caught(place, batch, watcher)
    assert await place.convictions() == [(batch, 0)]


async def test_lies_are_proven_faster_than_one_a_block(place: Town) -> None:
    """So many recorded in one block would outlast their window otherwise."""
    batches = [await place.record([lie(Reason.OTHER_OWNER)]) for _ in range(30)]
    await place.client.rpc.call("anvil_setIntervalMining", 1)
    async with watching(place) as watcher:
        for batch in batches:
            await caught(place, batch, watcher)
    assert watcher.watcher.counts == {"proven": 30}
    proofs = await place.client.contracts.logs("InferenceLedger", "Challenged")
    assert len({proof.block for proof in proofs}) <= 15


@asynccontextmanager
async def unreliable(url: str, failures: Iterator[str]) -> AsyncIterator[str]:
    """Stand before a node, and do to each request what the next of `failures` says."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        what = next(failures)
        if what == "slow":
            await asyncio.sleep(0.3)
        if what == "broken":
            return web.Response(text="<html>bad gateway</html>", status=502)
        if what == "cut":
            assert request.transport is not None
            request.transport.close()
        body = await request.read()
        async with (
            ClientSession() as session,
            session.post(url, data=body, headers=JSON) as answer,
        ):
            return web.Response(body=await answer.read(), content_type="application/json")

    app = web.Application()
    app.router.add_post("/", pass_on)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_a_node_that_fails_now_and_then_is_watched_all_the_same(place: Town) -> None:
    bad = itertools.cycle(["broken", "slow", "cut"])
    failures = (next(bad) if number % 11 == 0 else "" for number in itertools.count())
    async with (
        unreliable(place.client.rpc.url, failures) as url,
        watching(place, url=url) as watcher,
    ):
        for _ in range(2):
            batch = await place.record([lie(Reason.RANGE_ENDS_EARLY)])
            await caught(place, batch, watcher)
    assert len(await place.convictions()) == 2


async def test_contracts_that_were_deployed_later_are_watched_where_they_stand(
    devnet: SyncDevnet, tmp_path: Path
) -> None:
    """On the L1, which knows none of our precompiles."""
    url = devnet.l1.url
    async with RpcClient(url) as client:
        deployed = await deploy(client, dev_account(9), FamilySettings(b"\x70" * 20, Backend.TWIN))
    async with (
        town(url, tmp_path, example(), deployed.addresses) as place,
        watching(place, first=deployed.block) as watcher,
    ):
        honest = await place.record([example()])
        batch = await place.record([lie(Reason.OTHER_OWNER)])
        await caught(place, batch, watcher)
        assert watcher.watcher.findings[honest, 0, False].state is State.CLEAN
        assert await place.convictions() == [(batch, 3)]
