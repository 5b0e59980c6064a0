"""The messenger of the L1 sends and executes what the genuine one does."""

from __future__ import annotations

import random

import pytest

from byline.derivation.hashing import keccak256
from tests.contracts.bridging import (
    ETHER,
    PERSON,
    REMOTE,
    SOMEBODY,
    TOKEN,
    alike,
    arrive,
    arrive_at_both,
    beside,
    from_l2,
    known,
    places,
)
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, calldata
from tests.contracts.l1_stack import L2_MESSENGER, Stack, l1_stack, text
from tests.contracts.withdrawals import Withdrawal, proposed

CALLER_SOURCE = """
@external
def callThat(_to: address, _data: Bytes[2048]):
    raw_call(_to, _data)
"""


@pytest.fixture
def stack() -> Stack:
    return l1_stack(addresses=places())


@pytest.fixture
def both(stack: Stack) -> tuple[Evm, Evm]:
    return beside(stack)


def test_messages_are_sent_as_by_the_genuine_messenger(both: tuple[Evm, Evm]) -> None:
    source = random.Random(11)
    for size in (0, 1, 31, 32, 100, 3_000, 24_000):
        outcome = alike(
            both,
            "L1CrossDomainMessenger",
            "sendMessage(address,bytes,uint32)",
            text(source.randbytes(20)),
            source.randbytes(size),
            source.choice((0, 21_000, 200_000, 2_000_000)),
            value=source.choice((0, 5)),
        )
        assert outcome.success
        assert len(outcome.logs) == 3


def test_the_messenger_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    calls = (
        "MESSAGE_VERSION RELAY_CONSTANT_OVERHEAD MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR "
        "MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR MIN_GAS_CALLDATA_OVERHEAD RELAY_CALL_OVERHEAD "
        "RELAY_RESERVED_GAS RELAY_GAS_CHECK_BUFFER TX_BASE_GAS FLOOR_CALLDATA_OVERHEAD "
        "ENCODING_OVERHEAD OTHER_MESSENGER otherMessenger messageNonce PORTAL portal paused "
        "systemConfig xDomainMessageSender"
    )
    for name in calls.split():
        alike(both, "L1CrossDomainMessenger", f"{name}()")
    for size in (0, 1, 500, 20_000):
        for gas in (0, 1, 200_000, 2**32 - 1):
            alike(both, "L1CrossDomainMessenger", "baseGas(bytes,uint32)", b"\x01" * size, gas)


@pytest.mark.parametrize(
    ("nonce", "value", "sent"), [(2 << 240, 0, 0), (1 << 240, 5, 4), (1 << 240, 0, 1), (0, 0, 0)]
)
def test_odd_messages_end_as_at_the_genuine_messenger(
    both: tuple[Evm, Evm], nonce: int, value: int, sent: int
) -> None:
    message = from_l2(b"\x33" * 20, b"", nonce=nonce, value=value)
    ours, genuine = (arrive(evm, message, value=sent) for evm in both)
    assert ours.success == genuine.success
    assert known(ours) == known(genuine)


@pytest.mark.parametrize("name", ["L1CrossDomainMessenger", "OptimismPortal"])
def test_messages_to_the_system_are_refused_as_by_the_genuine_messenger(
    both: tuple[Evm, Evm], name: str
) -> None:
    assert not arrive_at_both(both, from_l2(places()[name], b"")).success


def test_a_message_that_fails_can_be_tried_again_by_anybody(both: tuple[Evm, Evm]) -> None:
    back = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
    inner = calldata(back, text(TOKEN), REMOTE, text(PERSON), SOMEBODY, 50, b"")
    message = from_l2(places()["L1StandardBridge"], inner, gas=300_000)
    assert known(arrive_at_both(both, message))[-1].topics[0] == keccak256(
        b"FailedRelayedMessage(bytes32)"
    )
    # Refused from the portal by a bare assertion: ours reverts without data, not by a panic.
    ours, genuine = (arrive(evm, message) for evm in both)
    assert not ours.success
    assert not genuine.success
    there = "bridgeERC20(address,address,uint256,uint32,bytes)"
    alike(both, "L1StandardBridge", there, text(TOKEN), REMOTE, 300, 200_000, b"")
    messenger = places()["L1CrossDomainMessenger"]
    ours, genuine = (evm.call(messenger, message, sender=b"\x42" * 20) for evm in both)
    assert ours.success
    assert known(ours) == known(genuine)
    assert ours.logs[-1].topics[0] == keccak256(b"RelayedMessage(bytes32)")
    ours, genuine = (evm.call(messenger, message, sender=b"\x42" * 20) for evm in both)
    assert not ours.success
    assert ours.output == genuine.output


def test_no_message_is_executed_within_another(both: tuple[Evm, Evm]) -> None:
    messenger, caller = places()["L1CrossDomainMessenger"], b"\x35" * 20
    for evm in both:
        evm.set(caller, code=compiled(CALLER_SOURCE).runtime)
    # One that has failed, so that anybody may try it again.
    target = b"\x36" * 20
    waiting = from_l2(target, b"", gas=500_000)
    arrive_at_both(both, waiting, gas=400_000)
    inner = calldata("callThat(address,bytes)", text(messenger), waiting)
    outer = from_l2(caller, inner, nonce=(1 << 240) + 1, gas=3_000_000)
    outcome = arrive_at_both(both, outer)
    names = [log.topics[0] for log in outcome.logs]
    assert names == [
        keccak256(b"FailedRelayedMessage(bytes32)"),
        keccak256(b"RelayedMessage(bytes32)"),
    ]
    ours, genuine = (evm.call(messenger, waiting) for evm in both)
    assert known(ours) == known(genuine)
    assert ours.logs[0].topics[0] == keccak256(b"RelayedMessage(bytes32)")


def test_a_message_without_its_gas_fails_and_is_kept(both: tuple[Evm, Evm]) -> None:
    message = from_l2(b"\x33" * 20, b"", gas=500_000)
    outcome = arrive_at_both(both, message, gas=400_000)
    assert outcome.success
    assert outcome.logs[0].topics[0] == keccak256(b"FailedRelayedMessage(bytes32)")


def test_nobody_else_relays_or_finalizes(both: tuple[Evm, Evm]) -> None:
    message = from_l2(b"\x33" * 20, b"")
    messenger = places()["L1CrossDomainMessenger"]
    ours, genuine = (evm.call(messenger, message, sender=PERSON) for evm in both)
    assert not ours.success
    assert ours.output == genuine.output
    call = "finalizeBridgeETH(address,address,uint256,bytes)"
    refused = alike(both, "L1StandardBridge", call, text(PERSON), SOMEBODY, 9, b"", value=9)
    assert not refused.success
    # The portal alone does not make a message: the withdrawal must be the messenger's.
    ours, genuine = (
        evm.call(messenger, message, sender=places()["OptimismPortal"]) for evm in both
    )
    assert not ours.success
    assert ours.output == genuine.output


def test_a_message_leaves_the_l2_through_a_withdrawal(stack: Stack) -> None:
    stack.evm.set(stack.portal.address, balance=ETHER)
    call = "finalizeBridgeETH(address,address,uint256,bytes)"
    inner = calldata(call, text(PERSON), SOMEBODY, 77, b"")
    message = from_l2(stack.bridge.address, inner, value=77, gas=200_000)
    withdrawal = Withdrawal(
        sender=L2_MESSENGER,
        target=stack.messenger.address,
        value=77,
        gas_limit=600_000,
        data=message,
    )
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    outcome = ready.finalize(withdrawal)
    assert outcome.success
    names = [
        Contract(stack.evm, log.address, contract.abi).event(log)[""]
        for log in outcome.logs
        for contract in (stack.portal, stack.messenger, stack.bridge)
        if contract.address == log.address
    ]
    assert names == [
        "ETHWithdrawalFinalized",
        "ETHBridgeFinalized",
        "RelayedMessage",
        "WithdrawalFinalized",
    ]
    assert stack.evm.balance(bytes.fromhex(SOMEBODY[2:])) == 77
