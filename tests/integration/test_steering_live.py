"""Intervals on the wall clock, and what listeners hear, on a devnet that is served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from byline.node.config import NodeConfig
from byline.node.devnet import Devnet, with_free_ports
from byline.node.rollups.mining import Interval
from byline.node.served_chain import ServedChain
from byline.node.ticking import Ticker
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE

SENDER = "0x" + ALICE.address.hex()
LOGS = "0x60015f5fa100"
"""Code that makes a log with one topic, 1, whenever it is run, and leaves no contract."""


def devnet(**changes: object) -> Devnet:
    return Devnet(with_free_ports(NodeConfig(**changes)))  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited in vain")


async def reaches(chain: ServedChain, number: int) -> None:
    async with asyncio.timeout(60):
        while await chain.block_number() < number:  # noqa: ASYNC110  (as a client would)
            await asyncio.sleep(0.02)


async def send_log(chain: ServedChain) -> str:
    found = await chain.request(
        "eth_sendTransaction", {"from": SENDER, "data": LOGS, "gas": hex(100_000)}
    )
    assert isinstance(found, str)
    return found


def test_a_ticker_follows_its_interval_and_outlives_refusals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    interval: list[Interval | None] = [None]
    ticks: list[int] = []

    async def work(_: Interval) -> None:
        ticks.append(1)
        if len(ticks) == 2:
            raise Refused("the second one")

    async def scenario() -> None:
        ticker = Ticker(lambda: interval[0], work)
        running = asyncio.create_task(ticker.run())
        await asyncio.sleep(0.05)
        assert not ticks
        interval[0] = (10, 20)
        ticker.changed()
        await until(lambda: len(ticks) > 3)
        interval[0] = None
        ticker.changed()
        await asyncio.sleep(0.05)
        before = len(ticks)
        await asyncio.sleep(0.1)
        assert len(ticks) == before
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert "the second one" in caplog.text


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_blocks_come_by_the_clock_and_hold_what_waits(name: str) -> None:
    async def scenario() -> None:
        async with devnet(batch_pause=1_000.0) as here:
            chain = here.l1 if name == "l1" else here.l2
            other = here.l2 if name == "l1" else here.l1
            before = await chain.block_number(), await other.block_number()
            await chain.request("evm_setAutomine", False)
            waiting = await send_log(chain)
            assert await chain.request("eth_getTransactionReceipt", waiting) is None
            await chain.request("anvil_setIntervalMining", 1)
            await reaches(chain, before[0] + 2)
            receipt = await chain.request("eth_getTransactionReceipt", waiting)
            assert int(receipt["blockNumber"], 16) == before[0] + 1
            # The other chain minds its own business.
            assert await other.block_number() == before[1]
            await chain.request("evm_setIntervalMining", 0)
            height = await chain.block_number()
            await asyncio.sleep(1.2)
            assert await chain.block_number() == height

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("later", [0, 1_000])
def test_no_block_comes_of_an_interval_that_was_changed_while_its_tick_waited(
    name: str, later: int
) -> None:
    async def scenario() -> None:
        async with devnet(batch_pause=1_000.0) as here:
            chain = here.l1 if name == "l1" else here.l2
            await chain.request("anvil_setIntervalMining", 1)
            goes_on = threading.Event()
            busy = asyncio.create_task(here._threads.write(goes_on.wait))
            # The change waits for the writer, and then the tick behind it.
            change = asyncio.create_task(chain.request("anvil_setIntervalMining", later))
            try:
                await until(lambda: here._threads._writer._work_queue.qsize() == 2)
                height = await chain.block_number()
            finally:
                goes_on.set()
            await asyncio.gather(busy, change)
            await here._threads.write(lambda: None)
            assert await chain.block_number() == height

    asyncio.run(scenario())


def test_an_interval_goes_with_the_snapshot_before_it() -> None:
    async def scenario() -> None:
        async with devnet() as here:
            before = await here.snapshot()
            await here.l2.request("evm_setIntervalMining", 1_000)
            await here.revert(before)
            await asyncio.sleep(1.3)
            assert await here.l2.block_number() == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize(
    ("method", "params"),
    [("anvil_rollback", (1,)), ("anvil_reorg", (1, [])), ("anvil_reset", ())],
)
def test_listeners_hear_of_logs_that_are_taken_back(
    name: str, method: str, params: tuple[object, ...]
) -> None:
    async def scenario() -> None:
        async with devnet() as here:
            chain = here.l1 if name == "l1" else here.l2
            name_of_filter = await chain.request("eth_newFilter", {})
            sent = await send_log(chain)
            found = await chain.request("eth_getFilterChanges", name_of_filter)
            assert [(log["transactionHash"], log["removed"]) for log in found if log["topics"]][
                -1:
            ] == [(sent, False)]
            await chain.request(method, *params)
            again = await chain.request("eth_getFilterChanges", name_of_filter)
            assert (sent, True) in [(log["transactionHash"], log["removed"]) for log in again]
            assert await chain.request("eth_getTransactionReceipt", sent) is None

    asyncio.run(scenario())
