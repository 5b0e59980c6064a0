"""Withdrawals where L1 blocks come by themselves, whatever waits for them."""

from __future__ import annotations

import pytest

from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
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


def resolved_with(gas: list[int], monkeypatch: pytest.MonkeyPatch) -> World:
    """Let a game be resolved with each gas limit in turn, the last one for ever."""
    here = world()
    withdraw(here)
    here.rollup.flush()
    here.rollup.keep()
    [game] = games(here)
    limits = iter(gas)
    sign = here.rollup._sign_l1

    def signed(
        account: DevAccount, to: bytes, data: bytes, gas: int, *rest: int, **named: int
    ) -> Transaction:
        if to == game.address:
            gas = next(limits, last)
        return sign(account, to, data, gas, *rest, **named)

    last = gas[-1]
    monkeypatch.setattr(type(here.rollup), "_sign_l1", staticmethod(signed))
    for _ in range(CLOCK + 4):
        here.clock.advance(1)
        here.rollup.keep()
    return here


def test_a_resolution_that_fails_in_a_block_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = resolved_with([40_000, 1_000_000], monkeypatch)
    [game] = games(here)
    assert disputes(here).status(game.address) == DEFENDER_WINS


def test_a_resolution_that_goes_on_failing_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = resolved_with([40_000], monkeypatch)
    [game] = games(here)
    assert disputes(here).status(game.address) == IN_PROGRESS
    assert "is given up: it failed in 3 blocks" in caplog.text
    before = here.rollup.l1.head.number
    for _ in range(5):
        here.clock.advance(1)
        here.rollup.keep()
    assert here.rollup.l1.head.number == before
