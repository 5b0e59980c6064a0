"""The registry says which games count, and only the guardian may judge them."""

from __future__ import annotations

import pytest

from byline.node.contracts import artifacts
from tests.contracts.harness import Contract, Outcome
from tests.contracts.l1_stack import (
    DEPLOYER,
    GAME,
    GAME_TYPE,
    GUARDIAN,
    OWNER,
    Stack,
    l1_stack,
    text,
)

ROOT = b"\x33" * 32


@pytest.fixture
def stack() -> Stack:
    return l1_stack()


def error(contract: Contract, outcome: Outcome) -> str:
    assert not outcome.success
    return contract.error(outcome)


def test_the_registry_says_what_is_true_of_a_game(stack: Stack) -> None:
    game = stack.propose(ROOT, 100)

    def said() -> str:
        questions = "Registered Respected Proper Resolved Finalized ClaimValid Retired Blacklisted"
        return " ".join(
            question
            for question in questions.split()
            if stack.registry.read(f"isGame{question}", text(game.address))
        )

    assert said() == "Registered Respected Proper"
    stack.settle(game)
    assert said() == "Registered Respected Proper Resolved"
    stack.wait(6)
    assert said() == "Registered Respected Proper Resolved"
    stack.wait(1)
    assert said() == "Registered Respected Proper Resolved Finalized ClaimValid"
    stack.superchain.send("pause", text(stack.portal.address), sender=GUARDIAN)
    assert said() == "Registered Respected Resolved Finalized"
    stack.superchain.send("unpause", text(stack.portal.address), sender=GUARDIAN)
    stack.registry.send("updateRetirementTimestamp", sender=GUARDIAN)
    assert said() == "Registered Respected Resolved Finalized Retired"
    stack.registry.send("blacklistDisputeGame", text(game.address), sender=GUARDIAN)
    assert said() == "Registered Respected Resolved Finalized Retired Blacklisted"


def test_a_game_of_another_factory_is_not_registered(stack: Stack) -> None:
    other = l1_stack(addresses={"DisputeGameFactory": b"\xfa" * 20}, evm=stack.evm)
    game = other.propose(ROOT, 100)
    stack.wait(5)
    assert other.registry.read("isGameRegistered", text(game.address))
    slot = 1
    factory = int.from_bytes(stack.factory.address, "big")
    stack.evm.set(stack.registry.address, storage={slot: factory})
    assert not stack.registry.read("isGameRegistered", text(game.address))
    assert not stack.registry.read("isGameProper", text(game.address))


def test_a_game_of_another_registry_is_not_registered(stack: Stack) -> None:
    artifact = artifacts.load("AnchorStateRegistry")
    address = b"\xab" * 20
    assert stack.evm.deploy(artifact.bytecode, sender=DEPLOYER, at=address).success
    other = Contract(stack.evm, address, artifact.abi)
    config, factory = text(stack.config.address), text(stack.factory.address)
    setup = (config, factory, (b"\xdd" * 32, 0), GAME_TYPE, 6)
    assert other.send("initialize", *setup, sender=DEPLOYER).success
    stack.wait(1)
    arguments = address + stack.factory.read("gameArgs", GAME_TYPE)[20:]
    call = ("setImplementation", GAME_TYPE, text(GAME), arguments)
    assert stack.factory.send(*call, sender=OWNER).success
    game = text(stack.propose(ROOT, 100).address)
    assert other.read("isGameRegistered", game)
    assert not stack.registry.read("isGameRegistered", game)


def test_games_are_retired_up_to_the_second(stack: Stack) -> None:
    before = text(stack.propose(b"\x01" * 32, 1).address)
    stack.wait(1)
    at_once = text(stack.propose(b"\x02" * 32, 2).address)
    assert stack.registry.send("updateRetirementTimestamp", sender=GUARDIAN).success
    stack.wait(1)
    after = text(stack.propose(b"\x03" * 32, 3).address)
    retired = [stack.registry.read("isGameRetired", game) for game in (before, at_once, after)]
    assert retired == [True, True, False]


def test_the_anchor_moves_only_to_newer_valid_claims(stack: Stack) -> None:
    old, new = stack.propose(b"\x01" * 32, 10), stack.propose(b"\x02" * 32, 20)
    for game in (old, new):
        refused = stack.registry.send("setAnchorState", text(game.address))
        name = "AnchorStateRegistry_InvalidAnchorGame"
        assert error(stack.registry, refused) == name
    stack.wait(10)
    for game in (old, new):
        assert game.send("resolveClaim", 0, 0).success
        assert game.send("resolve").success
    stack.wait(7)
    outcome = stack.registry.send("setAnchorState", text(new.address))
    assert stack.registry.event(outcome.logs[0]) == {
        "": "AnchorUpdated",
        "game": text(new.address),
    }
    assert stack.registry.read("anchors", 0) == (b"\x02" * 32, 20)
    assert not stack.registry.send("setAnchorState", text(old.address)).success
    assert not stack.registry.send("setAnchorState", text(new.address)).success
    stack.registry.send("blacklistDisputeGame", text(new.address), sender=GUARDIAN)
    # As in the genuine registry: what was an anchor stays one, and a newer game can follow.
    assert stack.registry.read("getAnchorRoot") == (b"\x02" * 32, 20)
    stack.settle(newest := stack.propose(b"\x03" * 32, 30))
    stack.wait(7)
    assert stack.registry.send("setAnchorState", text(newest.address)).success
    assert stack.registry.read("getAnchorRoot") == (b"\x03" * 32, 30)


def test_only_the_guardian_judges_games(stack: Stack) -> None:
    calls: tuple[tuple[str, tuple[object, ...], str], ...] = (
        ("setRespectedGameType", (7,), "RespectedGameTypeSet"),
        ("updateRetirementTimestamp", (), "RetirementTimestampSet"),
        ("blacklistDisputeGame", (text(GAME),), "DisputeGameBlacklisted"),
    )
    for name, arguments, event in calls:
        refused = stack.registry.send(name, *arguments, sender=OWNER)
        assert error(stack.registry, refused) == "AnchorStateRegistry_Unauthorized"
        outcome = stack.registry.send(name, *arguments, sender=GUARDIAN)
        assert stack.registry.event(outcome.logs[0])[""] == event
    assert stack.registry.read("respectedGameType") == 7
    assert stack.registry.read("retirementTimestamp") == stack.timestamp
    assert stack.portal.read("respectedGameType") == 7
    assert stack.portal.read("respectedGameTypeUpdatedAt") == stack.timestamp
    assert stack.portal.read("disputeGameBlacklist", text(GAME))
