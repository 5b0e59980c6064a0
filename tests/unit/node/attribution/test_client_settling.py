"""A batch is settled whoever else settles parts of it, and however little they settle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from byline.node.attribution.client.calls import ContractRefused, Contracts
from byline.node.attribution.client.settling import MOST_AT_ONCE, settle
from byline.precompiles.math.sum_tree import SumTree
from tests.contracts.attribution_family import PEOPLE
from tests.contracts.vault_world import CASCADE, CREDIT, HAMILTON, Entries, World, world


class Chain:
    """The vault of a chain on which somebody may act before each transaction."""

    def __init__(self, here: World, meddle: Callable[[], None]) -> None:
        self.here = here
        self.meddle = meddle
        self.sent: list[str] = []

    async def read(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.here.vault.read(function, *arguments)

    async def send(self, contract: str, function: str, *arguments: Any) -> None:
        self.meddle()
        outcome = self.here.vault.send(function, *arguments)
        if not outcome.success:
            raise ContractRefused(contract, function, self.here.vault.error(outcome), {})
        self.sent.append(function)


def entries_of(count: int) -> Entries:
    return tuple((bytes([1]) * 16 + at.to_bytes(4, "big"), at % 5) for at in range(count))


def settled(
    here: World, batch: int, entries: Entries, meddle: Callable[[], None] = lambda: None
) -> list[str]:
    chain = Chain(here, meddle)
    asyncio.run(settle(cast(Contracts, chain), batch, entries))
    assert here.vault.read("settled", batch)
    credited = sum(here.vault.read("creditOf", who) for who, _ in entries)
    assert credited == here.pot(batch)
    return chain.sent


@pytest.mark.parametrize("count", [7, MOST_AT_ONCE, MOST_AT_ONCE + 1, 300])
@pytest.mark.parametrize("begun", [0, 1, 2, 3, 5, 6])
def test_a_batch_that_anybody_has_begun_is_finished(count: int, begun: int) -> None:
    here, entries = world(), entries_of(count)
    batch = here.deposit(here.model(PEOPLE[0], mode=CREDIT), entries, 10**9)
    for at in range(begun):
        assert here.settle_chunk(batch, entries, at, 1).success
    sent = settled(here, batch, entries)
    assert len(sent) <= 10
    assert (sent == ["settle"]) is (begun == 0 and count <= MOST_AT_ONCE)


def test_whoever_settles_one_owner_before_each_transaction_stops_nothing() -> None:
    here, entries = world(), entries_of(20)
    batch = here.deposit(here.model(PEOPLE[0], mode=CREDIT), entries, 10**9)

    def meddle() -> None:
        reached = here.vault.read("progress", batch)[0]
        if not here.vault.read("settled", batch):
            assert here.settle_chunk(batch, entries, reached, 1).success

    assert len(settled(here, batch, entries, meddle)) <= len(entries)


@pytest.mark.parametrize(("method", "sent"), [(HAMILTON, 1), (CASCADE, 2)])
def test_what_cannot_be_settled_in_chunks_is_settled_at_once(method: int, sent: int) -> None:
    here, entries = world(), entries_of(256)
    model = here.model(PEOPLE[0], mode=CREDIT, method=method)
    assert len(settled(here, here.deposit(model, entries, 10**9), entries)) == sent


def test_a_list_that_is_not_the_batchs_is_refused() -> None:
    here, entries = world(), entries_of(3)
    batch = here.deposit(here.model(PEOPLE[0], mode=CREDIT), entries, 10**9)
    assert SumTree(entries[:2]).root != SumTree(entries).root
    with pytest.raises(ContractRefused, match="WrongLength"):
        settled(here, batch, entries[:2])
