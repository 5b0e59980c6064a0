"""Withdrawals where L1 blocks come by themselves, whatever waits for them."""

from __future__ import annotations

from byline.node.config import NodeConfig
from byline.node.l1.games import DEFENDER_WINS, IN_PROGRESS
from tests.integration.rollups import World, world
from tests.integration.withdrawing import CLOCK, disputes, games, withdraw


def second(here: World) -> None:
    """Let a second pass, as the devnet's tasks do where the next L1 block is not due yet."""
    here.clock.advance(1)
    here.rollup.keep()
    here.rollup.mine_l2()


def test_no_block_holds_a_resolution_that_is_too_early() -> None:
    here = world(NodeConfig(block_time=1, mixed=True))
    withdraw(here)
    here.rollup.flush()
    while not games(here):
        second(here)
        here.send("l1")
    [game] = games(here)
    due = game.created_at + CLOCK
    while here.clock.now() < due - 2:
        second(here)

    # A user's transaction makes a block just before the one that may hold the resolution.
    here.send("l1")
    assert here.rollup.l1.head.timestamp < due
    assert disputes(here).status(game.address) == IN_PROGRESS
    for _ in range(3):
        second(here)
        here.send("l1")
    assert disputes(here).status(game.address) == DEFENDER_WINS
