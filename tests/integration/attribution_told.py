"""What answers about a chain on which answers were sold, forged, settled and claimed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from byline.node.attribution.index.index import Index
from byline.node.backend.attribution_index import Follower
from byline.node.evm.patience import ENDLESS
from byline.precompiles.math import apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.attribution_story import OTHER, OWNERS, Story, begin, forged
from tests.integration.rollups import world
from tests.integration.serving import Port, served

WINDOW = 601
"""Seconds after which a batch is final."""


@dataclass
class Chain:
    """The story, and what answers about it with and without the datasets' contents."""

    story: Story
    port: Port
    poor: Port
    folder: Path


@contextmanager
def told_chain(folder: Path) -> Iterator[Chain]:
    """Yield a chain on which the story was told."""
    here = world()
    with served(here, "l2", folder=folder) as port, served(here, "l2") as poor:
        found = Chain(begin(here, folder), port, poor, folder)
        tell(found)
        yield found


def tell(chain: Chain) -> None:
    """Batch 1 of model 1 is paid by credit, batch 2 of model 2 by root, batch 3 is forged, and
    of batch 4 nothing is public."""
    story, port = chain.story, chain.port
    story.record(
        1,
        [
            story.answer(),
            story.answer("nothing that anybody wrote", OTHER, request=b"\x06" * 32),
            story.answer("a slow green turtle walks", OWNERS[1], request=b"\x06" * 32),
        ],
    )
    story.record(2, [story.answer(payer=OTHER)])
    lie = forged(story.answer(payer=OTHER))
    story.record(1, [lie])
    story.record(2, [story.answer(payer=OTHER, request=b"\x07" * 32)])
    for batch, index in ((1, 0), (1, 1), (1, 2), (2, 0), (3, 0)):
        story.publish(batch, index)
    port.result("evm_increaseTime", WINDOW)
    port.result("evm_mine")
    for batch in (1, 2):
        story.settle(batch)
    claim(story, 2)


def claim(story: Story, batch: int) -> None:
    """Claim what the first of a list of a batch in root mode gets."""
    payouts = story.payouts(story.batches[batch])
    pot = number_of_pot(story, batch)
    amounts = apportion(0, pot, [weight for _, weight in payouts])
    who = next(one for one in OWNERS if one.address == payouts[0][0])
    entries = tuple((owner, part) for (owner, _), part in zip(payouts, amounts, strict=True))
    proof = SumTree(entries).proof(0)
    story.send("PayoutVault", "claim", batch, 0, amounts[0], proof, sender=who)


def number_of_pot(story: Story, batch: int) -> int:
    return index_of(story).vault.settlements[batch].pot


def index_of(story: Story) -> Index:
    return Follower(story.world.rollup).at_head(ENDLESS).index
