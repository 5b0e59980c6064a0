"""A claim holds unless it is challenged in time, and the winner gets the bond."""

from __future__ import annotations

import pytest

from tests.contracts.harness import Contract, Event, Outcome, word
from tests.contracts.l1_stack import (
    CHALLENGER,
    GAME,
    GAME_TYPE,
    GUARDIAN,
    NOBODY,
    OWNER,
    PROPOSER,
    Stack,
    l1_stack,
    plan,
    text,
)

ROOT = b"\x33" * 32
DEFENDER_WINS, CHALLENGER_WINS = 2, 1
NORMAL, REFUND = 1, 2


@pytest.fixture
def stack() -> Stack:
    return l1_stack()


def error(contract: Contract, outcome: Outcome) -> str:
    assert not outcome.success
    return contract.error(outcome)


def names(stack: Stack, game: Contract, logs: tuple[Event, ...]) -> list[str]:
    known = {stack.registry.address: stack.registry, game.address: game}
    return [str(known[log.address].event(log)[""]) for log in logs]


def test_a_claim_that_nobody_contradicts_holds(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    stack.wait(9)
    assert error(game, game.send("resolveClaim", 0, 0)) == "ClockNotExpired"
    stack.wait(1)
    assert error(game, game.send("resolve")) == "OutOfOrderResolution"
    assert error(game, game.send("resolveClaim", 1, 0)) == "InvalidParent"
    assert game.send("resolveClaim", 0, 0).success
    assert error(game, game.send("resolveClaim", 0, 0)) == "ClaimAlreadyResolved"
    outcome = game.send("resolve")
    assert outcome.output == word(DEFENDER_WINS)
    assert game.event(outcome.logs[0]) == {"": "Resolved", "status": DEFENDER_WINS}
    assert game.read("status") == DEFENDER_WINS
    assert game.read("resolvedAt") == stack.timestamp
    assert error(game, game.send("resolve")) == "GameNotInProgress"
    assert error(game, game.send("resolveClaim", 0, 0)) == "GameNotInProgress"


def test_a_claim_that_is_contradicted_in_time_loses(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    assert error(game, game.send("challenge", sender=PROPOSER)) == "BadAuth"
    stack.wait(9)
    outcome = game.send("challenge", sender=CHALLENGER)
    assert game.event(outcome.logs[0]) == {"": "Challenged", "challenger": text(CHALLENGER)}
    stack.settle(game)
    assert game.read("status") == CHALLENGER_WINS
    assert error(game, game.send("challenge", sender=CHALLENGER)) == "GameNotInProgress"


def test_a_challenge_after_the_clock_is_late(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    stack.wait(10)
    assert error(game, game.send("challenge", sender=CHALLENGER)) == "ClockTimeExceeded"


def test_without_a_challenger_nobody_challenges() -> None:
    stack = l1_stack(plan(challenger=NOBODY))
    game = stack.propose(ROOT, 100)
    for sender in (NOBODY, CHALLENGER):
        assert error(game, game.send("challenge", sender=sender)) == "BadAuth"


def test_only_the_proposer_claims_unless_there_is_none() -> None:
    stack = l1_stack()
    assert error(stack.game(GAME), stack.create(ROOT, 1, sender=OWNER)) == "BadAuth"
    assert l1_stack(plan(proposer=NOBODY)).create(ROOT, 1, sender=OWNER).success


def test_a_claim_must_be_newer_than_the_anchor(stack: Stack) -> None:
    refused = stack.create(ROOT, 0)
    assert error(stack.game(GAME), refused) == "UnexpectedRootClaim"
    assert refused.output[4:] == ROOT
    game = stack.propose(ROOT, 50)
    stack.settle(game)
    stack.wait(7)
    assert game.send("closeGame").success
    assert stack.registry.read("getAnchorRoot") == (ROOT, 50)
    assert not stack.create(b"\x34" * 32, 50).success
    assert stack.propose(b"\x34" * 32, 51).read("startingOutputRoot") == (ROOT, 50)


def test_without_an_anchor_nothing_is_claimed() -> None:
    stack = l1_stack(plan(anchor=bytes(32)))
    assert error(stack.game(GAME), stack.create(ROOT, 1)) == "AnchorRootNotFound"


@pytest.mark.parametrize("size", [0, 31, 33, 64, 128])
def test_extra_data_is_one_word(stack: Stack, size: int) -> None:
    refused = stack.factory.send("create", GAME_TYPE, ROOT, b"\x01" * size, sender=PROPOSER)
    assert error(stack.game(GAME), refused) == "BadExtraData"


def test_a_game_begins_once(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)
    assert error(game, game.send("initialize", sender=PROPOSER)) == "AlreadyInitialized"


def test_the_creator_gets_the_bond_of_a_claim_that_held() -> None:
    stack = l1_stack(plan(bond=100, proposer=PROPOSER))
    game = stack.propose(ROOT, 100)
    assert game.read("credit", text(PROPOSER)) == 0
    assert error(game, game.send("closeGame")) == "GameNotResolved"
    stack.settle(game)
    assert game.read("credit", text(PROPOSER)) == 100
    stack.wait(6)
    assert error(game, game.send("claimCredit", text(PROPOSER))) == "GameNotFinalized"
    stack.wait(1)
    assert error(game, game.send("claimCredit", text(CHALLENGER))) == "NoCreditToClaim"
    outcome = game.send("claimCredit", text(PROPOSER))
    assert names(stack, game, outcome.logs) == ["AnchorUpdated", "GameClosed"]
    assert stack.evm.balance(PROPOSER) == 100
    assert error(game, game.send("claimCredit", text(PROPOSER))) == "NoCreditToClaim"
    assert game.read("bondDistributionMode") == NORMAL


def test_the_challenger_gets_the_bond_of_a_claim_that_lost() -> None:
    stack = l1_stack(plan(bond=100))
    game = stack.propose(ROOT, 100)
    assert game.send("challenge", sender=CHALLENGER).success
    stack.settle(game)
    stack.wait(7)
    assert error(game, game.send("claimCredit", text(PROPOSER))) == "NoCreditToClaim"
    outcome = game.send("claimCredit", text(CHALLENGER))
    assert names(stack, game, outcome.logs) == ["GameClosed"]
    assert stack.evm.balance(CHALLENGER) == 100
    assert stack.registry.read("anchorGame") == text(NOBODY)


def test_the_bond_of_a_game_that_does_not_count_goes_back() -> None:
    stack = l1_stack(plan(bond=100))
    game = stack.propose(ROOT, 100)
    assert game.send("challenge", sender=CHALLENGER).success
    stack.settle(game)
    stack.registry.send("blacklistDisputeGame", text(game.address), sender=GUARDIAN)
    stack.wait(7)
    assert game.send("claimCredit", text(PROPOSER)).success
    assert game.read("bondDistributionMode") == REFUND
    assert stack.evm.balance(PROPOSER) == 100


def test_no_bond_is_paid_during_a_pause() -> None:
    stack = l1_stack(plan(bond=100))
    game = stack.propose(ROOT, 100)
    stack.settle(game)
    stack.wait(7)
    stack.superchain.send("pause", text(NOBODY), sender=GUARDIAN)
    assert error(game, game.send("claimCredit", text(PROPOSER))) == "GamePaused"
