from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.transaction import decode_transaction
from byline.rpc.backend import ChainEvent, LogFilter, NewHead, NewPending
from byline.rpc.errors import ServerError
from byline.rpc.filters import BlockFilter, Filters, LogsFilter, PendingFilter
from byline.rpc.limits import Limits
from tests.unit.rpc.fakes import TOPIC, FakeNode, dynamic


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(**limits: Any) -> tuple[Filters, Clock]:
    clock = Clock()
    return Filters(clock, Limits(**limits)), clock


def heads(count: int) -> list[NewHead]:
    """Return events of blocks with one log each."""
    node, found = FakeNode(), list[ChainEvent]()
    node.diverted = found
    for index in range(count):
        node.add_block([decode_transaction(dynamic(nonce=index, data=b"\x01"))])
    return [event for event in found if isinstance(event, NewHead)]


def test_a_filter_delivers_each_thing_once() -> None:
    filters, _ = made()
    name = filters.add(BlockFilter())
    first, second = heads(2)
    filters.feed(first)
    assert filters.changes(name) == ["0x" + first.block.hash.hex()]
    assert filters.changes(name) == []
    filters.feed(second)
    assert filters.changes(name) == ["0x" + second.block.hash.hex()]


def test_each_kind_delivers_its_own() -> None:
    filters, _ = made()
    names = [filters.add(kind) for kind in (BlockFilter(), PendingFilter(), PendingFilter(True))]
    item = decode_transaction(dynamic())
    filters.feed(NewPending(item))
    blocks, hashes, whole = (filters.changes(name) for name in names)
    assert blocks == []
    assert hashes == ["0x" + item.hash.hex()]
    assert whole[0]["nonce"] == "0x0"


def test_a_logs_filter_keeps_to_topics_and_numbered_bounds() -> None:
    filters, _ = made()
    wanted = {
        "all": LogFilter(),
        "topic": LogFilter(topics=(frozenset({TOPIC}),)),
        "other": LogFilter(topics=(frozenset({bytes(32)}),)),
        "later": LogFilter(first=2, last=2),
        "hash": LogFilter(block_hash=bytes(32)),
    }
    names = {key: filters.add(LogsFilter(one)) for key, one in wanted.items()}
    for event in heads(3):
        filters.feed(event)
    counts = {key: len(filters.changes(name)) for key, name in names.items()}
    assert counts == {"all": 3, "topic": 3, "other": 0, "later": 1, "hash": 0}


def test_reverted_logs_come_before_new_ones_and_say_so() -> None:
    filters, _ = made()
    name = filters.add(LogsFilter(LogFilter()))
    node, events = FakeNode(), list[ChainEvent]()
    node.diverted = events
    node.add_block([decode_transaction(dynamic(data=b"\x01"))])
    node.reorg()
    for event in events:
        filters.feed(event)
    assert [log["removed"] for log in filters.changes(name)] == [False, True]


def test_an_unpolled_filter_is_gone_after_five_minutes() -> None:
    filters, clock = made()
    name = filters.add(BlockFilter())
    clock.now += 299
    assert filters.changes(name) == []
    clock.now += 299
    assert filters.changes(name) == []
    clock.now += 301
    with pytest.raises(ServerError, match=r"^filter not found$"):
        filters.changes(name)
    assert len(filters) == 0


def test_an_uninstalled_filter_is_not_found() -> None:
    filters, _ = made()
    name = filters.add(BlockFilter())
    assert filters.remove(name) is True
    assert filters.remove(name) is False
    with pytest.raises(ServerError, match="filter not found"):
        filters.changes(name)


def test_only_logs_filters_have_logs() -> None:
    filters, _ = made()
    wanted = LogFilter(first=1)
    assert filters.logs_of(filters.add(LogsFilter(wanted))) == wanted
    with pytest.raises(ServerError, match="filter not found"):
        filters.logs_of(filters.add(BlockFilter()))


def test_the_number_of_filters_is_bounded_until_some_expire() -> None:
    filters, clock = made(filters=2)
    filters.add(BlockFilter())
    filters.add(BlockFilter())
    with pytest.raises(ServerError, match="too many filters: 2"):
        filters.add(BlockFilter())
    clock.now += 301
    filters.add(BlockFilter())
    assert len(filters) == 1


def test_a_filter_that_collects_too_much_is_dropped() -> None:
    filters, _ = made(filter_items=2)
    name = filters.add(BlockFilter())
    for event in heads(3):
        filters.feed(event)
    with pytest.raises(ServerError, match="filter not found"):
        filters.changes(name)


def test_filters_that_missed_events_are_dropped() -> None:
    filters, _ = made()
    filters.add(BlockFilter())
    filters.interrupted("lost")
    assert len(filters) == 0
