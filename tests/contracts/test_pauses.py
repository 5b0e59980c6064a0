"""The guardian pauses and judges as with the genuine contracts, for whom it was meant."""

from __future__ import annotations

import random

import pytest

from tests.contracts.bridging import places
from tests.contracts.genuine import genuine_l1
from tests.contracts.harness import Contract, Outcome
from tests.contracts.l1_stack import GUARDIAN, NOBODY, OWNER, Stack, l1_stack, text


@pytest.fixture
def stack() -> Stack:
    return l1_stack()


def error(contract: Contract, outcome: Outcome) -> str:
    assert not outcome.success
    return contract.error(outcome)


@pytest.mark.parametrize("whom", ["everybody", "this chain", "another chain"])
def test_a_pause_holds_for_whom_it_was_meant(stack: Stack, whom: str) -> None:
    identifier = {
        "everybody": NOBODY,
        "this chain": stack.portal.address,
        "another chain": b"\x99" * 20,
    }[whom]
    outcome = stack.superchain.send("pause", text(identifier), sender=GUARDIAN)
    assert stack.superchain.event(outcome.logs[0]) == {
        "": "Paused",
        "identifier": text(identifier),
    }
    for contract in (stack.config, stack.portal, stack.messenger, stack.bridge, stack.registry):
        assert contract.read("paused") == (whom != "another chain")
    assert stack.superchain.read("paused", text(identifier))


def test_a_pause_ends_by_itself_and_can_be_prolonged(stack: Stack) -> None:
    superchain = stack.superchain
    expiry = superchain.read("pauseExpiry")
    begin = ("pause", text(NOBODY))
    assert superchain.read("pausable", text(NOBODY))
    assert error(superchain, superchain.send("extend", text(NOBODY), sender=GUARDIAN)) == (
        "SuperchainConfig_NotAlreadyPaused"
    )
    assert superchain.send(*begin, sender=GUARDIAN).success
    assert superchain.read("expiration", text(NOBODY)) == stack.timestamp + expiry
    refused = superchain.send(*begin, sender=GUARDIAN)
    assert error(superchain, refused) == "SuperchainConfig_AlreadyPaused"
    stack.wait(expiry - 1)
    assert stack.superchain.read("paused")
    assert superchain.send("extend", text(NOBODY), sender=GUARDIAN).success
    stack.wait(expiry - 1)
    assert superchain.read("paused")
    stack.wait(1)
    assert not superchain.read("paused")
    assert not superchain.read("pausable", text(NOBODY))
    assert superchain.send("unpause", text(NOBODY), sender=GUARDIAN).success
    assert superchain.send(*begin, sender=GUARDIAN).success


@pytest.mark.parametrize("name", ["pause", "unpause", "extend"])
def test_only_the_guardian_pauses(stack: Stack, name: str) -> None:
    refused = stack.superchain.send(name, text(NOBODY), sender=OWNER)
    assert error(stack.superchain, refused) == "SuperchainConfig_OnlyGuardian"


def alike(ours: Outcome, genuine: Outcome) -> bool:
    """Whether both did the same, wherever they stand."""
    return (ours.success, ours.output, [(log.topics, log.data) for log in ours.logs]) == (
        genuine.success,
        genuine.output,
        [(log.topics, log.data) for log in genuine.logs],
    )


def test_pauses_go_as_in_the_genuine_contract() -> None:
    source = random.Random(1)
    genuine = genuine_l1()
    stack = l1_stack(addresses=places())
    config = Contract(genuine, stack.config.address, stack.config.abi)
    address = bytes.fromhex(config.read("superchainConfig")[2:])
    theirs = Contract(genuine, address, stack.superchain.abi)
    guardian = bytes.fromhex(theirs.read("guardian")[2:])
    names = ("pause", "unpause", "extend", "paused", "pausable", "expiration", "pauseTimestamps")
    now = 1_800_000_000
    for number in range(10, 130):
        now += source.choice((0, 1, 1_000, 7_883_999, 7_884_000))
        for evm in (stack.evm, genuine):
            evm.at(number, now)
        call = (
            source.choice(names),
            text(source.choice((NOBODY, b"\x99" * 20, stack.portal.address))),
        )
        allowed = source.random() < 0.8
        ours = stack.superchain.send(*call, sender=GUARDIAN if allowed else OWNER)
        expected = theirs.send(*call, sender=guardian if allowed else OWNER)
        assert alike(ours, expected), (number, call)


def test_the_guardian_judges_as_in_the_genuine_registry() -> None:
    genuine = genuine_l1()
    stack = l1_stack(addresses=places())
    theirs = Contract(genuine, stack.registry.address, stack.registry.abi)
    config = Contract(genuine, stack.config.address, stack.config.abi)
    superchain = Contract(
        genuine, bytes.fromhex(config.read("superchainConfig")[2:]), stack.superchain.abi
    )
    guardian = bytes.fromhex(superchain.read("guardian")[2:])
    for evm in (stack.evm, genuine):
        evm.at(50, 1_800_000_000)
    calls: tuple[tuple[object, ...], ...] = (
        ("respectedGameType",),
        ("setRespectedGameType", 7),
        ("respectedGameType",),
        ("updateRetirementTimestamp",),
        ("retirementTimestamp",),
        ("blacklistDisputeGame", text(b"\x6a" * 20)),
        ("isGameBlacklisted", text(b"\x6a" * 20)),
        ("disputeGameBlacklist", text(b"\x6b" * 20)),
        ("paused",),
        ("disputeGameFactory",),
        ("systemConfig",),
        ("anchorGame",),
        ("disputeGameFinalityDelaySeconds",),
    )
    for name, *arguments in calls:
        for is_guardian in (True, False):
            ours = stack.registry.send(
                str(name), *arguments, sender=GUARDIAN if is_guardian else OWNER
            )
            expected = theirs.send(
                str(name), *arguments, sender=guardian if is_guardian else OWNER
            )
            assert alike(ours, expected), (name, is_guardian)
