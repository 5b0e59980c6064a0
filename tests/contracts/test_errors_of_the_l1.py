"""What is wrong at games, registry, config, messenger and bridge is refused as by the genuine.

Each case puts both sides into one state and makes one call, which must fail with the same bytes;
they are the error that the case names, or the text.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.contracts.bridging import REMOTE, SOMEBODY, TOKEN, TWIN, from_l2
from tests.contracts.harness import Outcome, word
from tests.contracts.l1_stack import text
from tests.contracts.sides_of_l1 import (
    PERSON,
    REFUSER,
    OneSide,
    Refusals,
    both_sides,
    people,
)
from tests.contracts.withdrawals import Withdrawal

PAID: Final = Withdrawal(value=5)
RECEIVE_ETHER: Final = "finalizeBridgeETH(address,address,uint256,bytes)"
RECEIVE_TOKENS: Final = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
SEND_TOKENS: Final = "bridgeERC20(address,address,uint256,uint32,bytes)"
REFUSALS: Final = Refusals()
raises: Final = REFUSALS.raises


# --- Games


@raises("NoImplementation(uint32)")
def game_of_an_unknown_type(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, word(5), kind=77)


@raises("GameAlreadyExists(bytes32)")
def game_for_the_second_time(side: OneSide) -> Outcome:
    assert side.create(b"\x01" * 32, word(5)).success
    return side.create(b"\x01" * 32, word(5))


@raises("IncorrectBondAmount()")
def game_with_another_bond(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, word(5), value=1)


@raises("BadAuth()")
def game_of_somebody_else(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, word(5), sender=PERSON)


@raises("UnexpectedRootClaim(bytes32)")
def game_about_nothing_newer_than_the_anchor(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, word(0))


@raises("BadExtraData()")
def game_about_less_than_a_word(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, bytes(31))


@raises("BadExtraData()")
def game_about_more_than_a_word(side: OneSide) -> Outcome:
    return side.create(b"\x01" * 32, bytes(64))


@raises("AlreadyInitialized()")
def game_that_begins_again(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.call(side.game.hex(), "initialize()", sender=people()["Proposer"])


@raises("ClockNotExpired()")
def game_resolved_early(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.call(side.game.hex(), "resolveClaim(uint256,uint256)", 0, 0)


@raises("OutOfOrderResolution()")
def game_resolved_before_its_claim(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.call(side.game.hex(), "resolve()")


@raises("ClaimAlreadyResolved()")
def claim_resolved_twice(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle_claim()
    return side.call(side.game.hex(), "resolveClaim(uint256,uint256)", 0, 0)


@raises("GameNotInProgress()")
def game_resolved_twice(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle()
    return side.call(side.game.hex(), "resolve()")


@raises("GameNotResolved()")
def game_closed_before_it_is_resolved(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.call(side.game.hex(), "closeGame()")


@raises("GameNotFinalized()")
def game_closed_soon(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle()
    side.wait(6)
    return side.call(side.game.hex(), "closeGame()")


@raises("GamePaused()")
def game_closed_during_a_pause(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle()
    side.wait(100)
    side.pause()
    return side.call(side.game.hex(), "closeGame()")


@raises("NoCreditToClaim()")
def credit_of_somebody_else(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle()
    side.wait(100)
    # The first call closes a genuine game; nothing is to be claimed before the second.
    side.call(side.game.hex(), "claimCredit(address)", text(PERSON))
    return side.call(side.game.hex(), "claimCredit(address)", text(PERSON))


# --- Registry, factory, config


@raises("AnchorStateRegistry_InvalidAnchorGame()")
def anchor_by_a_game_that_goes_on(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.call("AnchorStateRegistry", "setAnchorState(address)", text(side.game))


@raises("AnchorStateRegistry_InvalidAnchorGame()")
def anchor_by_a_game_of_a_type_that_was_not_respected(side: OneSide) -> Outcome:
    side.guard("setRespectedGameType(uint32)", 7)
    side.propose(PAID)
    side.settle()
    side.wait(100)
    side.guard("setRespectedGameType(uint32)", 1)
    return side.call("AnchorStateRegistry", "setAnchorState(address)", text(side.game))


@raises("AnchorStateRegistry_InvalidAnchorGame()")
def anchor_by_a_game_no_newer(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.settle()
    side.wait(100)
    side.do("AnchorStateRegistry", "setAnchorState(address)", text(side.game))
    return side.call("AnchorStateRegistry", "setAnchorState(address)", text(side.game))


@raises("AnchorStateRegistry_Unauthorized()")
def blacklisting_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("AnchorStateRegistry", "blacklistDisputeGame(address)", SOMEBODY)


@raises("AnchorStateRegistry_Unauthorized()")
def retirement_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("AnchorStateRegistry", "updateRetirementTimestamp()")


@raises("AnchorStateRegistry_Unauthorized()")
def respect_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("AnchorStateRegistry", "setRespectedGameType(uint32)", 3)


@raises("Ownable: caller is not the owner")
def implementation_by_somebody_else(side: OneSide) -> Outcome:
    call = "setImplementation(uint32,address)"
    return side.call("DisputeGameFactory", call, 1, SOMEBODY)


@raises("Ownable: caller is not the owner")
def bond_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("DisputeGameFactory", "setInitBond(uint32,uint256)", 1, 5)


@raises("Ownable: new owner is the zero address")
def factory_without_an_owner(side: OneSide) -> Outcome:
    call, nobody = "transferOwnership(address)", text(bytes(20))
    owner = side.do("DisputeGameFactory", "owner()").output[12:]
    return side.call("DisputeGameFactory", call, nobody, sender=owner)


@raises("Ownable: caller is not the owner")
def gas_limit_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("SystemConfig", "setGasLimit(uint64)", 30_000_000)


def by_owner(side: OneSide, signature: str, *arguments: object) -> Outcome:
    owner = people()["SystemConfigOwner"]
    return side.call("SystemConfig", signature, *arguments, sender=owner)


@raises("SystemConfig: gas limit too low")
def gas_limit_that_is_too_low(side: OneSide) -> Outcome:
    return by_owner(side, "setGasLimit(uint64)", 20_999_999)


@raises("SystemConfig: gas limit too high")
def gas_limit_that_is_too_high(side: OneSide) -> Outcome:
    return by_owner(side, "setGasLimit(uint64)", 500_000_001)


@raises("SystemConfig: denominator must be >= 1")
def denominator_of_zero(side: OneSide) -> Outcome:
    return by_owner(side, "setEIP1559Params(uint32,uint32)", 0, 6)


@raises("SystemConfig: elasticity must be >= 1")
def elasticity_of_zero(side: OneSide) -> Outcome:
    return by_owner(side, "setEIP1559Params(uint32,uint32)", 50, 0)


@raises("SystemConfig: scalar exceeds max.")
def scalar_of_too_many_bits(side: OneSide) -> Outcome:
    return by_owner(side, "setGasConfig(uint256,uint256)", 0, 1 << 248)


@raises("SuperchainConfig_OnlyGuardian()")
def pause_by_somebody_else(side: OneSide) -> Outcome:
    return side.call("SuperchainConfig", "pause(address)", text(bytes(20)))


# --- Messages


@raises("CrossDomainMessenger: paused")
def message_during_a_pause(side: OneSide) -> Outcome:
    side.pause()
    return side.arrival(from_l2(PERSON, b""))


@raises("CrossDomainMessenger: only version 0 or 1 messages are supported at this time")
def message_of_a_later_version(side: OneSide) -> Outcome:
    return side.arrival(from_l2(PERSON, b"", nonce=2 << 240))


@raises("CrossDomainMessenger: value must be zero unless message is from a system address")
def message_with_value_of_somebody_else(side: OneSide) -> Outcome:
    messenger = side.at["L1CrossDomainMessenger"]
    return side.evm.call(messenger, from_l2(PERSON, b"", value=1), sender=PERSON, value=1)


@raises("CrossDomainMessenger: message cannot be replayed")
def message_that_has_not_failed(side: OneSide) -> Outcome:
    messenger = side.at["L1CrossDomainMessenger"]
    return side.evm.call(messenger, from_l2(PERSON, b""), sender=PERSON)


@raises("CrossDomainMessenger: cannot send message to blocked system address")
def message_to_the_portal(side: OneSide) -> Outcome:
    return side.arrival(from_l2(side.at["OptimismPortal"], b""))


@raises("CrossDomainMessenger: message has already been relayed")
def message_that_has_arrived(side: OneSide) -> Outcome:
    assert side.arrival(from_l2(PERSON, b"")).success
    return side.arrival(from_l2(PERSON, b""))


@raises("CrossDomainMessenger: xDomainMessageSender is not set")
def sender_of_no_message(side: OneSide) -> Outcome:
    return side.call("L1CrossDomainMessenger", "xDomainMessageSender()")


# --- Bridge


@raises("StandardBridge: function can only be called from the other bridge")
def ether_from_nobody(side: OneSide) -> Outcome:
    return side.call("L1StandardBridge", RECEIVE_ETHER, SOMEBODY, SOMEBODY, 0, b"")


@raises("StandardBridge: function can only be called from the other bridge")
def ether_from_somebody_else_on_the_l2(side: OneSide) -> Outcome:
    side.as_message_of(PERSON)
    sender = side.at["L1CrossDomainMessenger"]
    call = (RECEIVE_ETHER, SOMEBODY, SOMEBODY, 0, b"")
    return side.call("L1StandardBridge", *call, sender=sender)


@raises("StandardBridge: paused")
def ether_during_a_pause(side: OneSide) -> Outcome:
    side.pause()
    return side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, SOMEBODY, 0, b"")


@raises("StandardBridge: paused")
def tokens_during_a_pause(side: OneSide) -> Outcome:
    side.pause()
    tokens = (text(TOKEN), REMOTE, SOMEBODY, SOMEBODY, 0, b"")
    return side.bridge_arrival(RECEIVE_TOKENS, *tokens)


@raises("StandardBridge: amount sent does not match amount required")
def ether_of_another_amount(side: OneSide) -> Outcome:
    return side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, SOMEBODY, 2, b"", value=1)


@raises("StandardBridge: cannot send to self")
def ether_to_the_bridge(side: OneSide) -> Outcome:
    to = text(side.at["L1StandardBridge"])
    return side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, to, 0, b"")


@raises("StandardBridge: cannot send to messenger")
def ether_to_the_messenger(side: OneSide) -> Outcome:
    to = text(side.at["L1CrossDomainMessenger"])
    return side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, to, 0, b"")


@raises("StandardBridge: ETH transfer failed")
def ether_to_somebody_who_refuses(side: OneSide) -> Outcome:
    return side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, text(REFUSER), 1, b"", value=1)


@raises("StandardBridge: wrong remote token for Optimism Mintable ERC20 local token")
def tokens_of_another_twin(side: OneSide) -> Outcome:
    tokens = (text(TWIN), SOMEBODY, SOMEBODY, SOMEBODY, 1, b"")
    return side.bridge_arrival(RECEIVE_TOKENS, *tokens)


@raises("StandardBridge: wrong remote token for Optimism Mintable ERC20 local token")
def bridging_a_twin_of_another_token(side: OneSide) -> Outcome:
    call = (SEND_TOKENS, text(TWIN), SOMEBODY, 1, 0, b"")
    return side.call("L1StandardBridge", *call, sender=PERSON)


# --- The tests


@pytest.mark.parametrize("name", REFUSALS)
def test_both_refuse_with_the_same_error(name: str) -> None:
    REFUSALS.check(name)


def test_a_blacklisted_anchor_stays_the_anchor_on_both() -> None:
    answers = []
    for side in both_sides():
        side.propose(PAID)
        side.settle()
        side.wait(100)
        side.do("AnchorStateRegistry", "setAnchorState(address)", text(side.game))
        side.guard("blacklistDisputeGame(address)", text(side.game))
        answers.append(side.do("AnchorStateRegistry", "getAnchorRoot()").output)
    assert answers[0] == answers[1]


def test_ether_that_is_not_wrong_arrives_on_both() -> None:
    for side in both_sides():
        assert side.bridge_arrival(RECEIVE_ETHER, SOMEBODY, SOMEBODY, 1, b"", value=1).success
        assert side.evm.balance(bytes.fromhex(SOMEBODY[2:])) == 1
