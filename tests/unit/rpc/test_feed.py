from __future__ import annotations

import asyncio
import logging

import pytest

from byline.rpc.backend import ChainEvent
from byline.rpc.feed import Feed
from tests.unit.rpc.client import run
from tests.unit.rpc.fakes import FakeNode


class Listener:
    def __init__(self, fails: bool = False) -> None:
        self.events: list[ChainEvent] = []
        self.reasons: list[str] = []
        self.fails = fails

    def feed(self, event: ChainEvent) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.events.append(event)

    def interrupted(self, reason: str) -> None:
        self.reasons.append(reason)


async def started(node: FakeNode) -> tuple[Feed, asyncio.Task[None]]:
    feed, ready = Feed(node, node), asyncio.Event()
    task = asyncio.create_task(feed.run(ready.set))
    await ready.wait()
    return feed, task


def test_whoever_has_caught_up_has_been_told_of_the_head() -> None:
    async def work() -> None:
        node = FakeNode()
        feed, task = await started(node)
        listener = Listener()
        stop = feed.add(listener)
        node.add_block([])
        await feed.caught_up()
        assert len(listener.events) == 1
        stop()
        node.add_block([])
        await feed.caught_up()
        assert len(listener.events) == 1
        task.cancel()

    run(work())


def test_an_event_that_is_late_is_waited_for() -> None:
    async def work() -> None:
        node = FakeNode()
        feed, task = await started(node)
        listener = Listener()
        feed.add(listener)
        late: list[ChainEvent] = []
        node.diverted = late
        node.add_block([])
        waiting = asyncio.create_task(feed.caught_up())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        for queue in node.listeners:
            queue.put_nowait(late[0])
        await waiting
        assert len(listener.events) == 1
        task.cancel()

    run(work())


def test_a_head_that_moved_without_an_event_is_not_waited_for_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        node = FakeNode()
        feed, task = await started(node)
        node.diverted = []
        node.add_block([])
        await feed.caught_up()
        monkeypatch.setattr("byline.rpc.feed._PATIENCE", 1_000.0)
        await feed.caught_up()
        task.cancel()

    run(work())


def test_listeners_are_told_when_events_were_lost_and_the_feed_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        node = FakeNode()
        feed, ready = Feed(node, node), asyncio.Event()
        task = asyncio.create_task(feed.run(ready.set))
        await ready.wait()
        listener = Listener()
        feed.add(listener)
        ready.clear()
        with caplog.at_level(logging.WARNING):
            node.listeners[0].put_nowait(None)
            await ready.wait()
        node.add_block([])
        await feed.caught_up()
        assert listener.reasons == ["chain events were lost"]
        assert len(listener.events) == 1
        task.cancel()

    run(work())
    assert "fell behind" in caplog.text


def test_a_listener_that_fails_does_not_harm_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        node = FakeNode()
        feed, task = await started(node)
        bad, good = Listener(fails=True), Listener()
        feed.add(bad)
        feed.add(good)
        node.add_block([])
        await feed.caught_up()
        assert bad.reasons == ["an event could not be delivered"]
        assert len(good.events) == 1
        task.cancel()

    run(work())
    assert "could not be delivered" in caplog.text
