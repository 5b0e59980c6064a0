"""Withdrawals on a rollup with an L1 of its own: the node proposes, resolves, makes blocks."""

from __future__ import annotations

import logging

import pytest
from eth_abi.abi import encode

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.node.config import NodeConfig
from byline.node.l1.games import DEFENDER_WINS, IN_PROGRESS
from tests.integration.rollups import ALICE, World, world
from tests.integration.test_genesis_files import DEPOSIT, settings_901, started, verified
from tests.integration.test_l1_reorg import converges
from tests.integration.withdrawing import (
    CLOCK,
    FINALITY,
    INVALID_ROOT,
    MATURITY,
    NOT_OLD_ENOUGH,
    TARGET,
    VIEM_BUFFER,
    disputes,
    games,
    is_true,
    ripen,
    settle,
    wait,
    withdraw,
)


@pytest.mark.parametrize("token", ["eth", "open"])
def test_a_withdrawal_is_paid_after_all_delays_just_by_waiting(token: str) -> None:
    here = world(NodeConfig(gas_token=token))
    one = withdraw(here, 5)
    assert games(here) == []
    settle(here)

    [game] = games(here)
    assert is_true(here, game.address)
    assert disputes(here).block_number(game.address) == one.block
    assert one.prove()
    proven_at = here.rollup.l1.head.timestamp
    assert one.check() == NOT_OLD_ENOUGH
    told = proven_at + MATURITY - here.clock.now() + VIEM_BUFFER
    assert ripen(here, one) <= told

    now = disputes(here)
    assert now.status(game.address) == DEFENDER_WINS
    assert now.resolved_at(game.address) >= game.created_at + CLOCK
    assert here.rollup.l1.head.timestamp > proven_at + MATURITY
    assert here.rollup.l1.head.timestamp > now.resolved_at(game.address) + FINALITY
    assert one.finalize()
    if token == "eth":
        assert here.balance("l1", TARGET) == 5
    assert here.rollup.keeper.next_time is None
    converges(here)


@pytest.mark.parametrize(("fork", "engine"), [("holocene", "fast"), ("karst", "pyevm")])
def test_it_is_paid_under_other_rules_and_by_the_other_engine(fork: str, engine: str) -> None:
    here = world(NodeConfig(gas_token="eth", fork=fork, engine=engine))
    one = withdraw(here, 5)
    settle(here)
    assert one.prove()
    ripen(here, one)
    assert one.finalize()
    assert here.balance("l1", TARGET) == 5
    settle(here)
    assert len(games(here)) == 1


def test_a_withdrawal_through_the_genuine_contracts_is_paid_after_travelling() -> None:
    here = started(settings_901())
    # The lockbox pays out what was deposited, and genesis has left nothing in it.
    fields = ["address", "uint256", "uint64", "bool", "bytes"]
    deposit = DEPOSIT + encode(fields, [ALICE.address, 10**18, 100_000, False, b""])
    portal = here.rollup.engine.config.deposit_contract
    here.send("l1", to=portal, value=10**18, data=deposit, gas=500_000)
    one = withdraw(here, 5)
    settle(here)
    [game] = games(here)
    assert is_true(here, game.address)
    assert one.prove()
    wait(here, 20)
    assert one.check() == INVALID_ROOT

    here.rollup.increase_time(302_400)
    here.rollup.mine("l1")
    assert disputes(here).status(game.address) == DEFENDER_WINS
    assert one.check() == INVALID_ROOT
    wait(here, FINALITY + 2)
    assert one.check() == ""
    assert one.finalize()
    assert here.balance("l1", TARGET) == 5
    converges_from_files(here)


def converges_from_files(here: World) -> None:
    here.rollup.flush()
    assert verified(here, settings_901()).engine.heads.safe == here.rollup.engine.heads.unsafe


@pytest.mark.parametrize("chain", ["l1", "l2"])
def test_travelling_on_either_chain_resolves_what_is_due_in_the_same_breath(chain: str) -> None:
    here = world(NodeConfig(withdrawals="mainnet"))
    one = withdraw(here)
    settle(here)
    assert one.prove()
    height = here.rollup.l1.head.number
    wait(here, 30)
    assert here.rollup.l1.head.number == height

    here.rollup.increase_time(604_801)
    here.rollup.mine(chain)  # type: ignore[arg-type]
    assert disputes(here).status(games(here)[0].address) == DEFENDER_WINS
    assert one.check() == INVALID_ROOT
    here.rollup.increase_time(302_401)
    here.rollup.mine(chain)  # type: ignore[arg-type]
    assert one.check() == ""


def test_moving_the_clock_without_a_block_is_enough() -> None:
    here = world(NodeConfig(withdrawals="mainnet"))
    withdraw(here)
    settle(here)
    here.rollup.increase_time(302_400)
    here.rollup.keep()
    assert disputes(here).status(games(here)[0].address) == DEFENDER_WINS


def test_a_chain_far_ahead_of_the_wall_clock_lets_nobody_wait_longer() -> None:
    here = world()
    for _ in range(300):
        here.rollup.mine_l2()
    assert here.rollup.engine.heads.unsafe.timestamp >= here.clock.now() + 600
    one = withdraw(here)
    settle(here)
    assert one.prove()
    assert ripen(here, one) <= MATURITY + VIEM_BUFFER


def test_in_strict_mode_time_passes_in_empty_blocks() -> None:
    here = world(NodeConfig(strict=True))
    one = withdraw(here)
    settle(here)
    assert one.prove()
    assert ripen(here, one) <= MATURITY + VIEM_BUFFER
    assert one.finalize()
    assert here.rollup.first_jump is None
    assert here.rollup.l1.head.timestamp <= here.rollup.engine.heads.unsafe.timestamp + 2
    converges(here)


def test_in_strict_mode_what_takes_too_long_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = world(NodeConfig(strict=True, withdrawals="mainnet"))
    withdraw(here)
    settle(here)
    height = here.rollup.l1.head.number
    wait(here, 5)
    here.clock.advance(302_400)
    wait(here, 5)
    assert here.rollup.l1.head.number == height
    [record] = [one for one in caplog.records if "does not come about by waiting" in one.message]
    assert record.levelno == logging.WARNING


def test_blocks_by_the_wall_clock_carry_games_and_resolutions() -> None:
    here = world(NodeConfig(block_time=2))
    rollup = here.rollup

    def tick() -> None:
        here.clock.advance(2)
        rollup.mine_l2()
        if here.clock.now() % 12 == 0:
            rollup.keep()
            rollup.mine_l1()

    here.send("l2", to=L2_TO_L1_MESSAGE_PASSER, value=5, gas=200_000)
    for _ in range(12):
        tick()
    assert games(here) == []
    rollup.flush()
    for _ in range(12):
        tick()
    [game] = games(here)
    assert is_true(here, game.address)
    for _ in range(12):
        tick()
    assert disputes(here).status(game.address) == DEFENDER_WINS
    height, head = rollup.l1.head.number, rollup.engine.heads.unsafe.number
    rollup.keep()
    assert (rollup.l1.head.number, rollup.engine.heads.unsafe.number) == (height, head)


def test_what_is_due_by_the_wall_clock_waits_for_a_block_of_that_time() -> None:
    here = world(NodeConfig(block_time=2))
    rollup = here.rollup
    here.send("l2", to=L2_TO_L1_MESSAGE_PASSER, value=5, gas=200_000)
    rollup.mine_l2()
    for _ in range(2):
        rollup.flush()
        rollup.mine_l1()
        rollup.keep()
    rollup.mine_l1()
    [game] = games(here)
    here.clock.advance(CLOCK + 5)
    rollup.keep()
    rollup.mine_l1()
    assert disputes(here).status(game.address) == IN_PROGRESS
    for _ in range(CLOCK):
        rollup.mine_l2()
    rollup.keep()
    rollup.mine_l1()
    assert disputes(here).status(game.address) == DEFENDER_WINS


# -- when there is nothing to do --------------------------------------------------------


def test_without_withdrawals_no_games_are_made_before_the_interval() -> None:
    here = world()
    for _ in range(20):
        here.send("l2")
        settle(here)
    assert games(here) == []
    assert here.rollup.l1.head.number == 20

    here.clock.advance(3_600)
    here.send("l2")
    settle(here)
    [game] = games(here)
    assert is_true(here, game.address)


def test_a_node_with_nothing_to_do_makes_no_blocks() -> None:
    here = world()
    here.send("l2")
    settle(here)
    height = here.rollup.l1.head.number
    wait(here, 30)
    here.clock.advance(100_000)
    here.rollup.keep()
    assert here.rollup.l1.head.number == height


def test_each_settled_block_with_new_withdrawals_gets_one_game() -> None:
    here = world()
    for _ in range(3):
        withdraw(here)
        withdraw(here)
        settle(here)
        here.send("l2")
        settle(here)
    numbers = [disputes(here).block_number(game.address) for game in games(here)]
    assert numbers == [8, 5, 2]
