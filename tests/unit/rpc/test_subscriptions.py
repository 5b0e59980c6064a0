from __future__ import annotations

import json
from typing import Any

import pytest

from byline.derivation.transaction import decode_transaction
from byline.rpc.backend import LogFilter, NewPending
from byline.rpc.errors import ServerError
from byline.rpc.subscriptions import (
    Logs,
    NewHeads,
    NewPendingTransactions,
    Opened,
    Subscriptions,
    Syncing,
)
from tests.unit.rpc.fakes import dynamic
from tests.unit.rpc.test_filters import heads


class Client:
    def __init__(self, **limits: int) -> None:
        self.sent: list[Any] = []
        self.cuts: list[str] = []
        self.waiting = 0
        self.subscriptions = Subscriptions(
            lambda message: self.sent.append(json.loads(message)),
            lambda: self.waiting,
            self.cuts.append,
            **{"most": 10, "most_waiting": 10, **limits},
        )

    def opened(self, kind: Any) -> str:
        opened = Opened(self.subscriptions)
        name = opened.open(kind)
        opened.release()
        return name


def test_nothing_is_sent_before_the_answer_and_all_of_it_after() -> None:
    client = Client()
    opened = Opened(client.subscriptions)
    name = opened.open(NewHeads())
    first, second = heads(2)
    client.subscriptions.feed(first)
    assert client.sent == []
    opened.release()
    client.subscriptions.feed(second)
    numbers = [message["params"]["result"]["number"] for message in client.sent]
    assert numbers == ["0x1", "0x2"]
    assert client.sent[0]["params"]["subscription"] == name
    assert client.sent[0]["method"] == "eth_subscription"
    assert "id" not in client.sent[0]


def test_releasing_one_message_leaves_the_subscriptions_of_another_held() -> None:
    client = Client()
    opened, other = Opened(client.subscriptions), Opened(client.subscriptions)
    opened.open(NewHeads())
    name = other.open(NewHeads())
    client.subscriptions.feed(heads(1)[0])
    other.release()
    assert [message["params"]["subscription"] for message in client.sent] == [name]


def test_a_new_head_has_its_hash_and_no_body() -> None:
    client = Client()
    client.opened(NewHeads())
    event = heads(1)[0]
    client.subscriptions.feed(event)
    result = client.sent[0]["params"]["result"]
    assert result["hash"] == "0x" + event.block.hash.hex()
    assert "transactions" not in result
    assert "uncles" not in result


def test_logs_and_pending_transactions_are_told_to_those_who_want_them() -> None:
    client = Client()
    names = {
        key: client.opened(kind)
        for key, kind in {
            "logs": Logs(LogFilter()),
            "other": Logs(LogFilter(addresses=frozenset({bytes(20)}))),
            "hashes": NewPendingTransactions(),
            "whole": NewPendingTransactions(full=True),
            "syncing": Syncing(),
        }.items()
    }
    item = decode_transaction(dynamic())
    client.subscriptions.feed(NewPending(item))
    client.subscriptions.feed(heads(1)[0])
    found = {
        message["params"]["subscription"]: message["params"]["result"] for message in client.sent
    }
    assert found.keys() == {names["logs"], names["hashes"], names["whole"]}
    assert found[names["logs"]]["data"] == "0x01"
    assert found[names["hashes"]] == "0x" + item.hash.hex()
    assert found[names["whole"]]["hash"] == "0x" + item.hash.hex()


def test_after_unsubscribing_there_is_silence() -> None:
    client = Client()
    name = client.opened(NewHeads())
    assert client.subscriptions.close(name) is True
    assert client.subscriptions.close(name) is False
    client.subscriptions.feed(heads(1)[0])
    assert client.sent == []


def test_the_number_of_subscriptions_is_bounded() -> None:
    client = Client(most=1)
    client.opened(NewHeads())
    with pytest.raises(ServerError, match="too many subscriptions: 1"):
        client.opened(NewHeads())


def test_too_much_held_back_cuts_the_connection() -> None:
    client = Client(most_waiting=1)
    client.subscriptions.open(NewHeads())
    for event in heads(3):
        client.subscriptions.feed(event)
    assert client.cuts == ["reads too slowly: 1 messages wait"]


def test_too_much_that_waits_cuts_the_connection_and_nothing_more_is_sent() -> None:
    client = Client(most_waiting=5)
    client.opened(NewHeads())
    first, second, third = heads(3)
    client.subscriptions.feed(first)
    client.waiting = 5
    client.subscriptions.feed(second)
    client.waiting = 0
    client.subscriptions.feed(third)
    assert client.cuts == ["reads too slowly: 5 messages wait"]
    assert len(client.sent) == 1


def test_one_event_may_bring_more_than_may_wait() -> None:
    client = Client(most_waiting=1)
    for _ in range(5):
        client.opened(NewHeads())
    client.subscriptions.feed(heads(1)[0])
    assert (len(client.sent), client.cuts) == (5, [])


def test_lost_events_cut_only_those_who_listened() -> None:
    idle, listening = Client(), Client()
    listening.opened(NewHeads())
    for client in (idle, listening):
        client.subscriptions.interrupted("chain events were lost")
    assert (idle.cuts, listening.cuts) == ([], ["chain events were lost"])
