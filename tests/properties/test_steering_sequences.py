"""Whatever users steer, edit and take back in whatever order, a verifier finds what is left."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.node.config import NodeConfig
from byline.node.rollups import next_block, taking_back
from byline.node.rollups.mining import Mode
from byline.node.rollups.rollup import ChainName
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import deposit

CHAINS: tuple[ChainName, ...] = ("l1", "l2")
RICH = bytes([0x77]) * 20
STEPS = 60

Move = Callable[[World, ChainName, random.Random, list[int]], object]


def choose_field(here: World, name: ChainName, dice: random.Random, _: list[int]) -> None:
    rollup = here.rollup
    match dice.randrange(4):
        case 0:
            next_block.set_base_fee(rollup, name, dice.choice([0, 10**9, 10**10, 10**13]))
        case 1:
            next_block.set_coinbase(rollup, name, dice.randbytes(20))
        case 2:
            next_block.set_prev_randao(rollup, name, dice.randbytes(32))
        case _:
            next_block.set_gas_limit(rollup, name, dice.randrange(25_000_000, 100_000_000))


def switch(here: World, name: ChainName, dice: random.Random, _: list[int]) -> None:
    mining = here.rollup.mining
    mode = mining.mode(name).with_automine(dice.random() < 0.7)
    here.rollup.set_mining(mining.tell(name, mode))


def take_back(here: World, name: ChainName, dice: random.Random, _: list[int]) -> None:
    most = taking_back.height(here.rollup, name)
    if dice.random() < 0.5:
        taking_back.rollback(here.rollup, name, min(dice.randrange(5), most))
    elif most:
        depth = min(1 + dice.randrange(3), most)
        taking_back.reorganise(here.rollup, name, depth, lambda _: ())


def go_back(here: World, _name: ChainName, dice: random.Random, taken: list[int]) -> None:
    if taken and dice.random() < 0.5:
        here.rollup.revert(dice.choice(taken))
    else:
        taken.append(here.rollup.snapshot())


def pass_time(here: World, _name: ChainName, dice: random.Random, _: list[int]) -> None:
    if dice.random() < 0.5:
        here.clock.advance(dice.randrange(100))
    else:
        here.rollup.increase_time(dice.randrange(1, 10_000))


def reset_seldom(here: World, _name: ChainName, dice: random.Random, _: list[int]) -> None:
    if dice.random() < 0.1:
        taking_back.reset(here.rollup)


MOVES: tuple[Move, ...] = (
    choose_field,
    switch,
    take_back,
    go_back,
    pass_time,
    reset_seldom,
    lambda here, name, _, __: here.rollup.mine(name),
    lambda here, _, __, ___: here.rollup.flush(),
    lambda here, _, __, ___: deposit(here, 3),
    lambda here, name, dice, _: here.rollup.edit(
        name, [AccountEdit(RICH, balance=dice.randrange(9))]
    ),
    lambda here, name, dice, _: here.send(name, sender=dice.choice([ALICE, BOB])),
    lambda here, name, dice, _: here.send(name, sender=dice.choice([ALICE, BOB]), value=7),
)


def same(here: World, name: ChainName) -> None:
    """The pending block is the one that comes."""
    pending = here.rollup.pending(name).block
    made = here.rollup.mine_chosen(name, [])
    assert (made.base_fee, made.coinbase, made.gas_limit) == (
        pending.header.base_fee,
        pending.header.coinbase,
        pending.header.gas_limit,
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_verifier_finds_what_is_left(seed: int) -> None:
    dice = random.Random(seed)
    here = world(NodeConfig(l1_finality=dice.choice([0, 3])))
    taken: list[int] = []
    for _ in range(STEPS):
        dice.choice(MOVES)(here, dice.choice(CHAINS), dice, taken)
        if dice.random() < 0.1:
            same(here, dice.choice(CHAINS))
    for name in CHAINS:
        here.rollup.set_mining(here.rollup.mining.tell(name, Mode()))
        next_block.set_base_fee(here.rollup, name, 10**9)
        here.rollup.mine(name)
    converges(here)
