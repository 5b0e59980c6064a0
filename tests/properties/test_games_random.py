"""Whatever happens to both chains, the games are true, end in time, and serve withdrawals."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from byline.node.config import NodeConfig
from byline.node.l1.games import IN_PROGRESS
from tests.integration.rollups import World, world
from tests.integration.test_l1_reorg import converges
from tests.integration.withdrawing import (
    CLOCK,
    disputes,
    games,
    is_true,
    ripen,
    settle,
    wait,
    withdraw,
)

STEPS = 25


class Play:
    """Random steps of users, of time and of the L1 on one rollup."""

    def __init__(self, seed: int, settings: NodeConfig) -> None:
        self.random = random.Random(seed)
        self.here: World = world(settings)
        self.snapshots: list[int] = []
        self.travels = not settings.strict
        self.steps: list[Callable[[], object]] = [
            lambda: withdraw(self.here, self.random.randint(0, 9)),
            lambda: self.here.send("l2"),
            lambda: self.here.send("l1"),
            lambda: settle(self.here),
            lambda: settle(self.here),
            self.here.rollup.flush,
            self.here.rollup.keep,
            lambda: self.here.rollup.mine("l1"),
            lambda: self.here.rollup.mine("l2"),
            lambda: wait(self.here, self.random.randint(1, 15)),
            lambda: self.here.clock.advance(self.random.choice([1, 30, 4_000])),
            self.travel,
            self.reorganise,
            self.remember,
            self.go_back,
        ]

    def travel(self) -> None:
        if self.travels:
            self.here.rollup.increase_time(self.random.choice([5, 600, 302_400]))

    def reorganise(self) -> None:
        most = min(4, self.here.rollup.l1.head.number)
        if most:
            self.here.rollup.reorg_l1(
                self.random.randint(1, most), lose=self.random.random() < 0.5
            )
            self.snapshots.clear()

    def remember(self) -> None:
        self.snapshots.append(self.here.rollup.snapshot())

    def go_back(self) -> None:
        if self.snapshots:
            place = self.random.randrange(len(self.snapshots))
            assert self.here.rollup.revert(self.snapshots[place])
            del self.snapshots[place:]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_withdrawals_come_to_their_end_after_anything(seed: int, strict: bool) -> None:
    play = Play(seed, NodeConfig(strict=strict))
    here = play.here
    for _ in range(STEPS):
        play.random.choice(play.steps)()
        assert all(is_true(here, game.address) for game in games(here))

    one = withdraw(here)
    settle(here)
    assert one.prove()
    ripen(here, one)
    assert one.finalize()
    wait(here, CLOCK + 2)
    now = disputes(here)
    assert all(now.status(game.address) != IN_PROGRESS for game in games(here))
    assert here.rollup.keeper.next_time is None or not strict
    converges(here)
