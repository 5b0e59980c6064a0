"""Deposits reach the L2 however far ahead of it the L1 is."""

from __future__ import annotations

import pytest

from byline.node.config import NodeConfig
from tests.integration.rollups import BOB, GENESIS_TIME, world
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import deposit
from tests.integration.test_time_travel import WEEK


def test_a_deposit_reaches_an_l2_that_users_hold_back() -> None:
    here = world()
    here.rollup.set_timestamp_interval("l2", 2)
    here.rollup.set_next_timestamp("l1", GENESIS_TIME + WEEK)
    here.rollup.mine("l1")
    here.rollup.mine("l2", GENESIS_TIME + 2)
    before = here.balance("l2", BOB.address)
    deposit(here, 10**18)
    assert here.balance("l2", BOB.address) == before + 10**18
    assert here.rollup.engine.heads.unsafe.number < 10
    converges(here)


@pytest.mark.slow
def test_a_deposit_is_adopted_after_many_l1_blocks() -> None:
    here = world(NodeConfig(strict=True))
    for _ in range(1_100):
        here.rollup.mine_l1()
    before = here.balance("l2", BOB.address)
    deposit(here, 10**18)
    assert here.balance("l2", BOB.address) == before + 10**18
