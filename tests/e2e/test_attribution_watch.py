"""The watcher on a devnet: it proves every kind of lie, and leaves honest operators alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from byline.node.attribution.client_values import BatchStatus
from byline.node.attribution.faults import Reason
from byline.node.attribution.watching import State
from byline.node.sync_devnet import SyncDevnet
from tests.attribution_watch import Town, town, watching
from tests.properties.attribution_records import Case
from tests.properties.test_attribution_faults import MUTATIONS, example

pytestmark = pytest.mark.asyncio


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


def lie(reason: Reason) -> Case:
    """Return the example with one lie of that sort."""
    mutate: Callable[[Case], Case] = next(one for one, what in MUTATIONS if what is reason)
    return mutate(example())


def of_kind(kind: int) -> list[Reason]:
    return sorted({what for _, what in MUTATIONS if what.kind == kind}, key=lambda one: one.name)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 6])
async def test_every_lie_of_a_record_is_proven(place: Town, kind: int) -> None:
    """All reasons of a kind, in batches between honest records."""
    async with watching(place) as watcher:
        for reason in of_kind(kind):
            wrong = lie(reason)
            batch = await place.record([example(), wrong, example()])

            async def is_void(batch: int = batch) -> bool:
                return await place.status(batch) is BatchStatus.VOID

            await watcher.until(is_void)
            findings = watcher.watcher.findings
            assert findings[batch, 0, False].state is State.CLEAN
            assert findings[batch, 1, False].state is State.FAULTY
        proven = await place.convictions()
        assert [subject for subject, _ in proven] == list(range(1, len(of_kind(kind)) + 1))
        assert kind in {what for _, what in proven}
        assert watcher.watcher.counts["refused"] == 0
