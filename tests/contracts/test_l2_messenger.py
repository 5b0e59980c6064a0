"""The messenger of the L2 sends and executes what the genuine one does."""

from __future__ import annotations

import random

import pytest

from byline.derivation.hashing import keccak256
from byline.node.contracts import artifacts
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, calldata
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import (
    ALIAS,
    BRIDGE,
    L1_BLOCK,
    L1_BRIDGE,
    L1_MESSENGER,
    MESSENGER,
    PASSER,
    PERSON,
    REMOTE,
    SOMEBODY,
    STORAGE,
    TOKEN,
    agreed,
    alike,
    arrive,
    from_l1,
    of,
    sides,
    topics,
)
from tests.vectors_folder import load

FAILED = keccak256(b"FailedRelayedMessage(bytes32)")
RELAYED = keccak256(b"RelayedMessage(bytes32)")
CALLER_SOURCE = """
@external
def callThat(_to: address, _data: Bytes[2048]):
    raw_call(_to, _data)
"""
ASKER_SOURCE = """
interface Messenger:
    def xDomainMessageSender() -> address: view

sender: public(address)

@external
def ask():
    self.sender = staticcall Messenger(msg.sender).xDomainMessageSender()
"""
GAS_TOKEN_SOURCE = """
@external
@pure
def isCustomGasToken() -> bool:
    return True
"""


@pytest.fixture
def both() -> tuple[Evm, Evm]:
    return sides()


def test_the_slots_are_those_that_the_genesis_of_the_vector_writes(both: tuple[Evm, Evm]) -> None:
    alloc = load("devnet-901/l2-genesis.json.gz")["alloc"]
    alloc = {address.lower().removeprefix("0x"): account for address, account in alloc.items()}
    for address, slots in STORAGE.items():
        written = alloc[address.hex()]["storage"]
        for slot, value in slots.items():
            if slot != 0:
                assert int(written[f"0x{slot:064x}"], 16) == value, slot
    storage = artifacts.load("L2CrossDomainMessenger").storage
    assert {name.partition(".")[2]: slot for name, slot in storage.items()} == {
        "gap": 0,
        "successfulMessages": 203,
        "message_sender": 204,
        "sent_count": 205,
        "failedMessages": 206,
        "otherMessenger": 207,
    }


def test_messages_are_sent_as_by_the_genuine_messenger(both: tuple[Evm, Evm]) -> None:
    source = random.Random(11)
    for size in (0, 1, 31, 32, 100, 3_000, 24_000):
        outcome = alike(
            both,
            MESSENGER,
            "sendMessage(address,bytes,uint32)",
            text(source.randbytes(20)),
            source.randbytes(size),
            source.choice((0, 21_000, 200_000, 2_000_000)),
            value=source.choice((0, 5)),
        )
        assert outcome.success
        assert len(outcome.logs) == 3
    assert both[0].storage_root(PASSER) == both[1].storage_root(PASSER)
    assert both[0].storage(MESSENGER, 205) == both[1].storage(MESSENGER, 205) == 7


def test_a_message_beyond_what_a_withdrawal_carries_is_refused(both: tuple[Evm, Evm]) -> None:
    call = calldata("sendMessage(address,bytes,uint32)", SOMEBODY, bytes(24_001), 0)
    assert not both[0].call(MESSENGER, call).success


def test_the_messenger_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    calls = (
        "MESSAGE_VERSION RELAY_CONSTANT_OVERHEAD MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR "
        "MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR MIN_GAS_CALLDATA_OVERHEAD RELAY_CALL_OVERHEAD "
        "RELAY_RESERVED_GAS RELAY_GAS_CHECK_BUFFER TX_BASE_GAS FLOOR_CALLDATA_OVERHEAD "
        "ENCODING_OVERHEAD OTHER_MESSENGER otherMessenger l1CrossDomainMessenger messageNonce "
        "paused version"
    )
    for name in calls.split():
        assert alike(both, MESSENGER, f"{name}()").success
    assert not alike(both, MESSENGER, "xDomainMessageSender()").success
    for size in (0, 1, 500, 20_000):
        for gas in (0, 1, 200_000, 2**32 - 1):
            alike(both, MESSENGER, "baseGas(bytes,uint32)", b"\x01" * size, gas)


def test_only_the_alias_of_the_messenger_of_the_l1_relays(both: tuple[Evm, Evm]) -> None:
    message = from_l1(b"\x33" * 20, b"")
    for sender in (L1_MESSENGER, L1_BRIDGE, PERSON, MESSENGER, bytes(20), b"\xff" * 20):
        outcomes = [evm.call(MESSENGER, message, sender=sender) for evm in both]
        assert not agreed(*outcomes).success
    assert topics(arrive(both, message)) == [RELAYED]
    digest = keccak256(message)
    for name in ("successfulMessages", "failedMessages"):
        alike(both, MESSENGER, f"{name}(bytes32)", digest)
    assert alike(both, MESSENGER, "successfulMessages(bytes32)", digest).output[-1] == 1


def test_the_target_can_ask_who_sent_the_message(both: tuple[Evm, Evm]) -> None:
    target, sender = b"\x35" * 20, b"\x5e" * 20
    for evm in both:
        evm.set(target, code=compiled(ASKER_SOURCE).runtime)
    outcome = arrive(both, from_l1(target, calldata("ask()"), sender=sender))
    assert topics(outcome) == [RELAYED]
    assert alike(both, target, "sender()").output[12:] == sender


@pytest.mark.parametrize(
    ("nonce", "value", "sent"), [(2 << 240, 0, 0), (1 << 240, 5, 4), (1 << 240, 0, 1), (0, 0, 0)]
)
def test_odd_messages_end_as_at_the_genuine_messenger(
    both: tuple[Evm, Evm], nonce: int, value: int, sent: int
) -> None:
    message = from_l1(b"\x33" * 20, b"", nonce=nonce, value=value)
    ours, genuine = (evm.call(MESSENGER, message, sender=ALIAS, value=sent) for evm in both)
    # A bare assertion of ours reverts without data, theirs by a panic.
    assert (ours.success, ours.logs) == (genuine.success, genuine.logs)
    assert ours.success == (nonce == 0)


@pytest.mark.parametrize("target", [MESSENGER, PASSER])
def test_messages_to_the_system_are_refused_as_by_the_genuine_messenger(
    both: tuple[Evm, Evm], target: bytes
) -> None:
    assert not arrive(both, from_l1(target, b"")).success


def test_a_message_that_fails_can_be_tried_again_by_anybody(both: tuple[Evm, Evm]) -> None:
    back = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
    inner = calldata(back, text(TOKEN), REMOTE, text(PERSON), SOMEBODY, 50, b"")
    message = from_l1(BRIDGE, inner)
    assert topics(arrive(both, message)) == [FAILED]
    ours, genuine = (evm.call(MESSENGER, message, sender=ALIAS) for evm in both)
    assert not ours.success
    assert not genuine.success
    there = "bridgeERC20(address,address,uint256,uint32,bytes)"
    assert alike(both, BRIDGE, there, text(TOKEN), REMOTE, 300, 200_000, b"").success
    again = [evm.call(MESSENGER, message, sender=b"\x42" * 20) for evm in both]
    assert topics(agreed(*again))[-1] == RELAYED
    again = [evm.call(MESSENGER, message, sender=b"\x42" * 20) for evm in both]
    assert not agreed(*again).success


def test_value_of_a_message_that_failed_waits_for_it_in_the_messenger(
    both: tuple[Evm, Evm],
) -> None:
    target = b"\x36" * 20
    for evm in both:
        evm.set(target, code=bytes.fromhex("5f5ffd"))
    message = from_l1(target, b"", value=70)
    assert topics(arrive(both, message, value=70)) == [FAILED]
    with_value = [evm.call(MESSENGER, message, sender=PERSON, value=70) for evm in both]
    assert not agreed(*with_value).success
    for evm in both:
        assert evm.balance(MESSENGER) == 70
        evm.set(target, code=b"")
    again = [evm.call(MESSENGER, message, sender=PERSON) for evm in both]
    assert topics(agreed(*again)) == [RELAYED]
    for evm in both:
        assert (evm.balance(MESSENGER), evm.balance(target)) == (0, 70)


def test_no_message_is_executed_within_another(both: tuple[Evm, Evm]) -> None:
    caller, target = b"\x35" * 20, b"\x36" * 20
    for evm in both:
        evm.set(caller, code=compiled(CALLER_SOURCE).runtime)
    waiting = from_l1(target, b"", gas=500_000)
    assert topics(arrive(both, waiting, gas=400_000)) == [FAILED]
    inner = calldata("callThat(address,bytes)", text(MESSENGER), waiting)
    outer = from_l1(caller, inner, nonce=(1 << 240) + 1, gas=3_000_000)
    assert topics(arrive(both, outer)) == [FAILED, RELAYED]
    alone = [evm.call(MESSENGER, waiting) for evm in both]
    assert topics(agreed(*alone)) == [RELAYED]


def test_a_failed_message_reverts_where_its_gas_is_being_estimated(both: tuple[Evm, Evm]) -> None:
    target, estimator = b"\x36" * 20, bytes(19) + b"\x01"
    for evm in both:
        evm.set(target, code=bytes.fromhex("5f5ffd"))
    outcomes = [
        evm.call(MESSENGER, from_l1(target, b""), sender=ALIAS, origin=estimator) for evm in both
    ]
    assert not agreed(*outcomes).success


def test_no_value_is_sent_where_another_token_pays_for_gas(both: tuple[Evm, Evm]) -> None:
    ours = both[0]
    ours.set(L1_BLOCK, code=compiled(GAS_TOKEN_SOURCE).runtime)
    messenger = Contract(ours, MESSENGER, artifacts.load("L2CrossDomainMessenger").abi)
    refused = messenger.send("sendMessage", SOMEBODY, b"", 0, value=5)
    words = "CrossDomainMessenger: cannot send value with custom gas token"
    assert messenger.error(refused) == words
    outcome = messenger.send("sendMessage", SOMEBODY, b"", 0)
    assert outcome.success
    assert len(of(outcome, PASSER)) == 1
