"""Games and proofs after starts, reorganisations and reverts: the L1 says what is due."""

from __future__ import annotations

import pytest

from byline.node.config import NodeConfig
from byline.node.l1 import watch
from byline.node.l1.games import DEFENDER_WINS, IN_PROGRESS
from byline.node.storage.kv import MemoryKV
from tests.integration.rollups import world
from tests.integration.test_l1_reorg import converges
from tests.integration.withdrawing import (
    CLOCK,
    FINALITY,
    MATURITY,
    NOT_OLD_ENOUGH,
    VIEM_BUFFER,
    Withdrawing,
    disputes,
    games,
    is_true,
    ripen,
    settle,
    wait,
    withdraw,
)


@pytest.mark.parametrize("seconds", [0, 4, 11, 14])
def test_a_node_that_starts_again_goes_on_where_the_l1_is(seconds: int) -> None:
    kv = MemoryKV()
    here = world(kv=kv)
    one = withdraw(here)
    settle(here)
    assert one.prove()
    wait(here, seconds)
    again = world(kv=kv)
    again.clock.seconds = here.clock.seconds
    two = Withdrawing(again, one.withdrawal, one.block)
    assert len(games(again)) == 1
    assert ripen(again, two) <= MATURITY + VIEM_BUFFER - seconds
    assert len(games(again)) == 1
    assert two.finalize()


def test_a_start_finds_proofs_that_are_not_mature() -> None:
    kv = MemoryKV()
    here = world(kv=kv)
    one = withdraw(here)
    settle(here)
    wait(here, CLOCK + FINALITY + 5)
    assert here.rollup.keeper.next_time is None
    assert one.prove()
    again = world(kv=kv)
    again.clock.seconds = here.clock.seconds
    two = Withdrawing(again, one.withdrawal, one.block)
    assert two.check() == NOT_OLD_ENOUGH
    assert ripen(again, two) <= MATURITY + VIEM_BUFFER


def test_a_start_reads_the_newest_games_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_GAMES", 3)
    kv = MemoryKV()
    settings = NodeConfig(withdrawals="mainnet")
    here = world(settings, kv)
    for _ in range(5):
        withdraw(here)
        settle(here)
    again = world(settings, kv)
    again.rollup.increase_time(302_400)
    again.rollup.keep()
    now = disputes(again)
    found = [now.status(game.address) for game in games(again)]
    assert found == [DEFENDER_WINS] * 3 + [IN_PROGRESS] * 2


def test_a_revert_takes_back_a_game_and_a_new_withdrawal_gets_a_new_one() -> None:
    here = world()
    here.send("l2")
    settle(here)
    number = here.rollup.snapshot()
    withdraw(here)
    settle(here)
    assert len(games(here)) == 1
    assert here.rollup.revert(number)
    assert games(here) == []
    wait(here, 20)
    assert games(here) == []
    one = withdraw(here, 7)
    settle(here)
    assert [is_true(here, game.address) for game in games(here)] == [True]
    assert one.prove()
    ripen(here, one)
    converges(here)


def test_a_revert_takes_back_a_resolution_which_is_made_again() -> None:
    here = world()
    one = withdraw(here)
    settle(here)
    assert one.prove()
    number = here.rollup.snapshot()
    ripen(here, one)
    assert here.rollup.revert(number)
    [game] = games(here)
    assert disputes(here).status(game.address) == IN_PROGRESS
    assert one.check() == NOT_OLD_ENOUGH
    ripen(here, one)
    assert one.finalize()


@pytest.mark.parametrize("lose", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_after_an_l1_reorganisation_the_games_are_true_again(depth: int, lose: bool) -> None:
    here = world()
    here.send("l2")
    settle(here)
    withdraw(here)
    settle(here)
    here.rollup.reorg_l1(depth, lose=lose)
    settle(here)
    found = games(here)
    assert found
    assert all(is_true(here, game.address) for game in found)
    wait(here, CLOCK + 2)
    now = disputes(here)
    assert {now.status(game.address) for game in games(here)} == {DEFENDER_WINS}
    converges(here)


def test_a_proposal_that_falls_out_of_the_pool_is_made_again() -> None:
    here = world(NodeConfig(block_time=2))
    rollup = here.rollup
    here.send("l2", to=b"\x42" + bytes(18) + b"\x16", value=5, gas=200_000)
    rollup.mine_l2()
    rollup.flush()
    rollup.mine_l1()
    rollup.keep()
    rollup.keep()
    assert len(rollup.pools["l1"]) == 1
    rollup.pools["l1"].clear()
    rollup.keep()
    assert len(rollup.pools["l1"]) == 1
    rollup.mine_l1()
    rollup.keep()
    assert len(games(here)) == 1
    assert len(rollup.pools["l1"]) == 0
