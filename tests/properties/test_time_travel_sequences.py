"""What users do with time, in random order, can be derived again from the L1 alone."""

from __future__ import annotations

import random

import pytest

from byline.node.config import NodeConfig
from tests.integration.rollups import World, world
from tests.integration.test_rollup import deposit
from tests.integration.test_time_travel import CHAINS, WEEK, head_time, settles, times


def random_reorg(here: World, dice: random.Random) -> None:
    """Let the L1 take back some blocks, and grow others or none."""
    depth = min(dice.choice([1, 1, 3]), here.rollup.l1.head.number)
    if depth:
        here.rollup.reorg_l1(depth, blocks=dice.choice([None, 0, 2]), lose=dice.random() < 0.2)


def random_travel(seed: int, steps: int) -> World:
    """Do what users do, in random order; return the rollup afterwards."""
    dice = random.Random(seed)
    here = world(
        NodeConfig(
            block_time=dice.choice([None, None, 2]),
            engine=dice.choice(["fast", "fast", "pyevm"]),
            batch_type=dice.choice(["span", "singular"]),
            l1_finality=dice.choice([0, 2, 64]),
        )
    )
    rollup = here.rollup
    saved: list[int] = []
    for step in range(steps):
        name = dice.choice(CHAINS)
        match dice.randrange(14):
            case 0 | 1:
                here.send(name, value=step)
            case 2:
                deposit(here, 10**12 + step)
            case 3:
                rollup.increase_time(dice.choice([0, 1, 2, 13, 1_000, WEEK]))
            case 4:
                later = head_time(here, name) + dice.choice([1, 2, 3, 60, 1_801, WEEK])
                if name == "l1" or later > head_time(here, "l2") + 1:
                    rollup.set_next_timestamp(name, later)
            case 5:
                rollup.set_time(max(rollup.clock.now(), *times(here)) + dice.choice([0, 30]))
            case 6:
                rollup.set_timestamp_interval(name, dice.choice([None, None, 2, 5, 4_000]))
            case 7 | 8:
                rollup.mine(name)
            case 9:
                rollup.mine(name, head_time(here, name) + dice.choice([2, 100]))
            case 10:
                here.clock.advance(dice.choice([1, 20, 5_000]))
            case 11:
                rollup.flush()
            case 12:
                saved.append(rollup.snapshot())
            case 13 if saved:
                assert rollup.revert(saved.pop())
            case _:
                random_reorg(here, dice)
        for chain in CHAINS:
            assert rollup.next_timestamp(chain) > head_time(here, chain)
    return here


def is_derived(seed: int, steps: int) -> None:
    here = random_travel(seed, steps)
    for name in CHAINS:
        here.rollup.set_timestamp_interval(name, None)
    settles(here)


@pytest.mark.parametrize("seed", range(6))
def test_what_users_do_with_time_can_be_derived_from_the_l1_alone(seed: int) -> None:
    is_derived(seed, steps=40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_040))
def test_so_can_long_journeys(seed: int) -> None:
    is_derived(seed, steps=80)
