"""What users do to state, time and blocks, in random order, can be derived from the L1 alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from byline.derivation.dev_edits import AccountEdit
from byline.node.config import NodeConfig
from byline.node.rollups.impersonation import Unsigned, send_on_l2
from byline.rpc.backend import Refused
from tests.integration.rollups import ALICE, World, world
from tests.integration.test_rollup import deposit
from tests.integration.test_time_travel import CHAINS, WEEK, head_time, settles
from tests.properties.test_time_travel_sequences import random_reorg

SOMEBODY = tuple(bytes([n]) * 20 for n in (0x0A, 0x0B, 0x0C))
CODES = (b"", b"\x00", bytes.fromhex("345f5500"), bytes.fromhex("5f5ffd"), bytes.fromhex("33ff"))
"""Nothing, stops, stores its value, reverts, gives all it has to its caller."""


def random_edit(dice: random.Random) -> AccountEdit:
    return AccountEdit(
        dice.choice((*SOMEBODY, ALICE.address)),
        balance=dice.choice([None, 0, 10**20, 2**256 - 1]),
        nonce=dice.choice([None, None, 0, 5]),
        storage={dice.randrange(3): dice.randrange(3) for _ in range(dice.randrange(3))},
    )


def random_code(dice: random.Random) -> AccountEdit:
    return AccountEdit(dice.choice(SOMEBODY), code=dice.choice(CODES))


def impersonate(here: World, dice: random.Random) -> None:
    sender, to = dice.choice(SOMEBODY), dice.choice((*SOMEBODY, ALICE.address, None))
    data = dice.choice([b"", bytes.fromhex("5f5ff3"), bytes.fromhex("fe")])
    wanted = Unsigned(sender, to, dice.choice([0, 1, 10**18]), 100_000, data)
    balance = here.balance("l2", sender)
    try:
        send_on_l2(here.rollup, wanted)
    except Refused as exc:
        if "insufficient funds" not in str(exc) or balance > 10**19:
            raise


def signed(here: World, dice: random.Random, step: int) -> None:
    name = dice.choice(CHAINS)
    try:
        here.send(name, value=step, to=dice.choice(SOMEBODY), gas=100_000)
    except Refused as exc:
        if "insufficient funds" not in str(exc):
            raise


def random_history(seed: int, steps: int) -> World:
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
        match dice.randrange(15):
            case 0 | 1 | 2:
                rollup.edit(name, [random_edit(dice) for _ in range(dice.randrange(1, 4))])
            case 3:
                rollup.edit(name, [random_code(dice)])
            case 4 | 5 | 6:
                impersonate(here, dice)
            case 7 | 8:
                signed(here, dice, step)
            case 9:
                rollup.edit("l1", [AccountEdit(ALICE.address, balance=10**20)])
                deposit(here, 10**12 + step)
            case 10:
                rollup.increase_time(dice.choice([1, 13, WEEK]))
            case 11:
                here.clock.advance(dice.choice([1, 20, 5_000]))
                rollup.mine(name)
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
    here = random_history(seed, steps)
    here.rollup.mining = replace(here.rollup.mining, automine=True, interval=None)
    settles(here)
    hashes = [
        tx.hash
        for number in range(1, here.rollup.engine.heads.unsafe.number + 1)
        if (block := here.rollup.chain("l2").canonical_block(number)) is not None
        for tx in block.transactions
    ]
    assert len(hashes) == len(set(hashes))


@pytest.mark.parametrize("seed", range(6))
def test_what_users_do_to_state_can_be_derived_from_the_l1_alone(seed: int) -> None:
    is_derived(seed, steps=40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_040))
def test_so_can_long_histories(seed: int) -> None:
    is_derived(seed, steps=80)
