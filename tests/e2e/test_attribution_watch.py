"""The watcher on a devnet: it proves every kind of lie, and leaves honest operators alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from byline.node.attribution.client.values import BatchStatus, ModelTerms
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document, OwnerRange
from byline.node.attribution.encoding import encode_packed
from byline.node.attribution.folder import save_dataset
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.watching.judging import State
from byline.node.attribution.watching.watcher import LEDGER
from byline.node.attribution.weights import batch_payouts
from byline.node.sync_devnet import SyncDevnet
from tests.attribution_watch import (
    PAST,
    WATCHER,
    Town,
    caught,
    lie,
    texts,
    town,
    watching,
)
from tests.properties.attribution_records import OWNERS, fit, honest_case
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


def bad_suffixes(number: int) -> Dataset:
    """Return a dataset with two entries in the wrong order."""
    honest = Dataset.build(number, [Document("rain falls on the roof of a house", OWNERS[0])])
    order = honest.suffix_array.copy()
    order[[2, 3]] = order[[3, 2]]
    return replace(honest, suffix_array=order)


def suffixes_of_another_text(number: int) -> Dataset:
    """Return a dataset with the suffix array of a longer one."""
    honest = Dataset.build(number, [Document("rain falls on the roof of a house", OWNERS[0])])
    other = Dataset.build(number, [Document("rain falls on the roof of a large house", OWNERS[0])])
    return replace(honest, suffix_array=other.suffix_array)


def bad_owners(number: int) -> Dataset:
    """Return a dataset in which nobody owns a token in the middle."""
    honest = Dataset.build(number, [Document("rain falls on the roof of a house", OWNERS[0])])
    size = len(honest)
    ranges = (OwnerRange(0, 3, OWNERS[0]), OwnerRange(4, size, OWNERS[1]))
    return replace(honest, ranges=ranges)


@pytest.mark.parametrize("make", [bad_suffixes, suffixes_of_another_text, bad_owners])
async def test_a_bad_dataset_is_condemned(place: Town, make: Callable[[int], Dataset]) -> None:
    """And the good ones are not."""
    await place.register(make(3))
    async with watching(place) as watcher:

        async def is_condemned() -> bool:
            found = await place.client.contracts.read("AttributionRegistry", "dataset", 3)
            return bool(found[9] == 3)

        await watcher.until(is_condemned)
    assert await place.convictions() == [(3, 5)]


@pytest.mark.parametrize("make", [bad_suffixes, suffixes_of_another_text, bad_owners])
async def test_a_bad_dataset_shields_no_lies(place: Town, make: Callable[[int], Dataset]) -> None:
    """What was recorded before it is condemned is judged by its tokens and owners."""
    bad = make(3)
    await place.register(bad)
    corpus = Corpus((Dataset.build(3, bad.documents),), 3, b"\xfb" * 20)
    terms = ModelTerms((3,), 1, min_length=3, fallback=corpus.fallback)
    place.model = await place.client.register_model(terms)
    case = honest_case(corpus, tokenize("rain falls on the roof of a house"))
    (leaf,) = case.leaves
    honest = await place.record([case])
    thief = b"\xad" * 20
    lies = [
        await place.record([fit(case, [])]),
        await place.record([fit(case, [replace(leaf, owner=thief)])]),
        await place.record([case.with_leaves([replace(leaf, weight=leaf.weight + 1)])]),
        await place.record([case], payouts=((thief, case.points[0][1]),)),
    ]
    async with watching(place) as watcher:

        async def is_over() -> bool:
            return len(await place.convictions()) == 1 + len(lies)

        await watcher.until(is_over)

        async def is_said() -> bool:
            found = watcher.watcher.findings[honest, 0, False]
            return (found.state, found.words) == (State.UNCHECKED, "dataset 3 is condemned")

        await watcher.until(is_said)
    found = await place.convictions()
    assert sorted(found) == [(lies[0], 2), (lies[1], 3), (3, 5), (lies[2], 6), (lies[3], 8)]
    assert await place.status(honest) is BatchStatus.RECORDED
    assert watcher.watcher.counts["refused"] == 0


async def test_a_dataset_that_nobody_shows_shields_no_lies_about_others(place: Town) -> None:
    shown = example().corpus.datasets[0]
    secret = Dataset.build(3, [Document("lazy dogs sleep all day and night", OWNERS[0])])
    await place.register(secret, keep=False)
    corpus = Corpus((shown, secret), 3, b"\xfb" * 20)
    terms = ModelTerms((1, 3), 1, min_length=3, fallback=corpus.fallback)
    place.model = await place.client.register_model(terms)
    case = honest_case(corpus, tokenize("quick brown fox jumps over lazy dogs sleep all day"))
    first, *_, last = case.leaves
    assert (first.dataset, last.dataset) == (1, 3)
    honest = await place.record([case])
    thief, rest = b"\xad" * 20, [leaf for leaf in case.leaves if leaf.dataset == 3]
    lies = [
        await place.record([fit(case, rest)]),
        await place.record([fit(case, [replace(first, owner=thief), *case.leaves[1:]])]),
        await place.record([fit(case, [replace(first, hi=first.hi + 1), *case.leaves[1:]])]),
        await place.record(
            [case.with_leaves([*case.leaves[:-1], replace(last, weight=last.weight + 1)])]
        ),
        await place.record([case], payouts=((thief, sum(some for _, some in case.points)),)),
    ]
    foreign = await place.record([fit(case, [*case.leaves[:-1], replace(last, dataset=2)])])
    async with watching(place) as watcher:

        async def is_over() -> bool:
            return len(await place.convictions()) == len(lies) + 1

        await watcher.until(is_over)
        found = watcher.watcher.findings[honest, 0, False]
        assert (found.state, found.words) == (State.UNCHECKED, "dataset 3 is not held")
        assert await watcher.end()
    assert sorted(await place.convictions()) == [
        *((batch, kind) for batch, kind in zip(lies, (2, 3, 4, 6, 8), strict=True)),
        (foreign, 1),
    ]
    assert await place.status(honest) is BatchStatus.RECORDED
    assert watcher.watcher.counts["refused"] == 0


async def test_a_dataset_of_another_size_than_registered_is_condemned(place: Town) -> None:
    honest = Dataset.build(3, [Document("rain falls on the roof", OWNERS[0])])
    save_dataset(honest, place.datasets / "dataset-3")
    roots = honest.roots
    sizes = (len(honest) + 1, len(honest.ranges))
    await place.client.contracts.send(
        "AttributionRegistry", "registerDataset", roots.documents, roots.tokens,
        roots.suffixes, roots.owners, *sizes, "", "",
    )  # fmt: skip
    async with watching(place) as watcher:

        async def is_condemned() -> bool:
            return await place.convictions() == [(3, 5)]

        await watcher.until(is_condemned)
    assert "registered with" in "".join(watcher.lines)


async def test_wrong_payouts_are_proven(place: Town) -> None:
    """Without the list behind the root, and with it."""
    cases = [example(), *texts(3)]
    honest = batch_payouts(case.points for case in cases)
    (first, much), (second, more), *rest = honest
    stolen = ((first, much - 5), (second, more + 5), *rest)
    for shown in (False, True):
        batch = await place.record(cases, payouts=stolen)
        if shown:
            await place.client.contracts.send(
                "InferenceLedger", "publishPayouts", batch, encode_packed(stolen)
            )
        async with watching(place) as watcher:
            await caught(place, batch, watcher)
        assert (await place.convictions())[-1] == (batch, 7 if shown else 8)


async def test_a_batch_that_nobody_settles_is_voided(place: Town) -> None:
    batch = await place.record([example()])
    async with watching(place) as watcher:
        await place.later()
        await place.client.finalize(batch)
        await place.later(3700)

        async def is_defaulted() -> bool:
            return await place.status(batch) is BatchStatus.DEFAULTED

        await watcher.until(is_defaulted)
    assert await place.convictions() == [(batch, 7)]


async def test_hidden_evidence_is_demanded_and_costs_the_bond(place: Town) -> None:
    batch = await place.record([example(), texts(1)[0]], show=False)
    async with watching(place, patience=100) as watcher:
        await asyncio.sleep(0.5)
        assert not watcher.watcher.counts  # the operator has some time to show it
        await place.later(100)

        async def is_demanded() -> bool:
            return watcher.watcher.counts["demanded"] == 2

        await watcher.until(is_demanded)
        await place.later()
        await caught(place, batch, watcher)

        async def is_back() -> bool:
            return watcher.watcher.counts["reclaimed"] == 1

        await watcher.until(is_back)
    assert await place.convictions() == [(batch, 0)]
    fee = await place.client.contracts.read("InferenceLedger", "demandFee")
    assert await place.client.prepaid(WATCHER.address) == 2 * fee
    assert watcher.watcher.slashed == 10**16


async def test_evidence_that_turns_up_after_the_demand_saves_the_operator(place: Town) -> None:
    """By the watcher's own hand: an operator that is only slow is not to be slashed."""
    case = example()
    batch = await place.record([case], show=False)
    async with watching(place, patience=0) as watcher:

        async def is_demanded() -> bool:
            return watcher.watcher.counts["demanded"] == 1

        await watcher.until(is_demanded)
        place.show(case, (1).to_bytes(32, "big"))

        async def is_published() -> bool:
            return bool(await place.client.contracts.read(LEDGER, "published", batch, 0))

        await watcher.until(is_published)
        await place.later(2 * PAST)
        await place.client.finalize(batch)
    assert await place.convictions() == []


async def test_evidence_that_nobody_may_publish_costs_the_bond(place: Town) -> None:
    case = example()
    wrong = replace(case, record=replace(case.record, tokens_out=len(case.output) + 1))
    batch = await place.record([wrong])
    async with watching(place) as watcher:

        async def is_demanded() -> bool:
            return watcher.watcher.counts["demanded"] == 1

        await watcher.until(is_demanded)
        await place.later()
        await caught(place, batch, watcher)
    assert await place.convictions() == [(batch, 0)]


async def test_an_honest_day_is_left_alone(place: Town) -> None:
    """Thirty records, by batches of one to nine; some are shown on demand of nobody."""
    cases = texts(30)
    sizes = (1, 9, 4, 6, 2, 8)
    async with watching(place) as watcher:
        batches, at = [], 0
        for size in sizes:
            part = cases[at : at + size]
            batches.append(await place.record(part))
            await place.later(30)
            at += size
        await place.later()
        for batch, end in zip(batches, itertools.accumulate(sizes), strict=True):
            await place.client.finalize(batch)
            size = sizes[batch - 1]
            payouts = batch_payouts(case.points for case in cases[end - size : end])
            await place.client.settle(batch, payouts)
            await place.client.release(batch)
        await place.later(4000)

        async def is_all_read() -> bool:
            return len(watcher.watcher.findings) == 30 + 2

        await watcher.until(is_all_read)
        assert not await watcher.end()
    assert not watcher.watcher.counts
    assert {one.state for one in watcher.watcher.findings.values()} == {State.CLEAN}
    assert [await place.status(batch) for batch in batches] == [BatchStatus.RELEASED] * 6
