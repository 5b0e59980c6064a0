"""The bridge of the L1 sends and pays out what the genuine one does."""

from __future__ import annotations

import pytest

from byline.derivation.hashing import keccak256
from tests.contracts.bridging import (
    CUSTOM_GAS_TOKEN,
    ETHER,
    PERSON,
    REMOTE,
    SOMEBODY,
    TOKEN,
    TOKEN_SOURCE,
    TWIN,
    alike,
    arrive,
    arrive_at_both,
    beside,
    from_l2,
    known,
    places,
    send,
)
from tests.contracts.compiled import compiled
from tests.contracts.harness import Evm, calldata
from tests.contracts.l1_stack import GUARDIAN, OWNER, Stack, l1_stack, text
from tests.vectors_folder import load


@pytest.fixture
def stack() -> Stack:
    return l1_stack(addresses=places())


@pytest.fixture
def both(stack: Stack) -> tuple[Evm, Evm]:
    return beside(stack)


def test_the_bridge_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    names = ("MESSENGER", "OTHER_BRIDGE", "messenger", "otherBridge", "l2TokenBridge", "paused")
    for name in names:
        alike(both, "L1StandardBridge", f"{name}()")


def test_the_deposit_of_the_vector_comes_out(stack: Stack) -> None:
    vector = load("devnet-901/bridge_eth_deposit.json")
    call = vector["l1_call"]
    outcome = stack.evm.call(
        bytes.fromhex(call["to"][2:]),
        bytes.fromhex(call["data"][2:]),
        sender=bytes.fromhex(call["from"][2:]),
        value=int(call["value"], 16),
    )
    (log,) = (log for log in outcome.logs if log.address == stack.portal.address)
    assert ["0x" + topic.hex() for topic in log.topics] == vector["deposit_log"]["topics"]
    assert "0x" + log.data.hex() == vector["deposit_log"]["data"]


@pytest.mark.parametrize("size", [0, 5, 4_096])
@pytest.mark.parametrize("name", ["bridgeETH", "depositETH"])
def test_ether_is_bridged_as_by_the_genuine_bridge(
    both: tuple[Evm, Evm], name: str, size: int
) -> None:
    extra = b"\x0e" * size
    for value in (ETHER, 0):
        outcome = alike(
            both, "L1StandardBridge", f"{name}(uint32,bytes)", 200_000, extra, value=value
        )
        assert outcome.success
        outcome = alike(
            both,
            "L1StandardBridge",
            f"{name}To(address,uint32,bytes)",
            SOMEBODY,
            200_000,
            extra,
            value=value,
        )
        assert outcome.success


def test_plain_ether_is_bridged_as_by_the_genuine_bridge(both: tuple[Evm, Evm]) -> None:
    ours, genuine = (
        evm.call(places()["L1StandardBridge"], sender=PERSON, value=7) for evm in both
    )
    assert ours.success
    assert known(ours) == known(genuine)


@pytest.mark.parametrize("token", [TOKEN, TWIN])
@pytest.mark.parametrize("name", ["bridgeERC20", "depositERC20"])
def test_tokens_are_bridged_as_by_the_genuine_bridge(
    both: tuple[Evm, Evm], token: bytes, name: str
) -> None:
    local = text(token)
    call = f"{name}(address,address,uint256,uint32,bytes)"
    assert alike(both, "L1StandardBridge", call, local, REMOTE, 300, 200_000, b"hi").success
    call = f"{name}To(address,address,address,uint256,uint32,bytes)"
    assert alike(
        both, "L1StandardBridge", call, local, REMOTE, SOMEBODY, 200, 200_000, b""
    ).success
    balance = send(both[0], token, "balanceOf(address)", text(PERSON)).output
    assert int.from_bytes(balance, "big") == 500
    kept = alike(both, "L1StandardBridge", "deposits(address,address)", local, REMOTE)
    assert int.from_bytes(kept.output, "big") == (500 if token == TOKEN else 0)


def test_a_twin_of_another_token_is_refused_as_by_the_genuine_bridge(
    both: tuple[Evm, Evm],
) -> None:
    call = "bridgeERC20(address,address,uint256,uint32,bytes)"
    refused = alike(both, "L1StandardBridge", call, text(TWIN), SOMEBODY, 1, 200_000, b"")
    assert not refused.success


def test_contracts_may_bridge_only_to_a_named_address(both: tuple[Evm, Evm]) -> None:
    outcomes = [
        evm.call(
            places()["L1StandardBridge"],
            calldata("bridgeETH(uint32,bytes)", 0, b""),
            sender=TOKEN,
            origin=PERSON,
        )
        for evm in both
    ]
    assert not outcomes[0].success
    assert outcomes[0].output == outcomes[1].output


def test_ether_arrives_as_at_the_genuine_bridge(both: tuple[Evm, Evm]) -> None:
    call = "finalizeBridgeETH(address,address,uint256,bytes)"
    inner = calldata(call, text(PERSON), SOMEBODY, 9, b"xyz")
    message = from_l2(places()["L1StandardBridge"], inner, value=9)
    outcome = arrive_at_both(both, message, value=9)
    assert len(known(outcome)) == 3
    assert both[0].balance(bytes.fromhex(SOMEBODY[2:])) == 9
    # Never twice.
    assert not arrive_at_both(both, message, value=9).success


@pytest.mark.parametrize("token", [TOKEN, TWIN])
def test_tokens_arrive_as_at_the_genuine_bridge(both: tuple[Evm, Evm], token: bytes) -> None:
    there = "bridgeERC20(address,address,uint256,uint32,bytes)"
    assert alike(both, "L1StandardBridge", there, text(token), REMOTE, 300, 200_000, b"").success
    back = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
    inner = calldata(back, text(token), REMOTE, text(PERSON), SOMEBODY, 120, b"")
    outcome = arrive_at_both(both, from_l2(places()["L1StandardBridge"], inner, gas=300_000))
    assert len(known(outcome)) == 3
    held = send(both[0], token, "balanceOf(address)", SOMEBODY).output
    assert int.from_bytes(held, "big") == 120
    kept = alike(both, "L1StandardBridge", "deposits(address,address)", text(token), REMOTE)
    assert int.from_bytes(kept.output, "big") == (180 if token == TOKEN else 0)
    # More than was ever locked does not come out; a twin is minted.
    inner = calldata(back, text(token), REMOTE, text(PERSON), SOMEBODY, 10_000, b"")
    again = from_l2(places()["L1StandardBridge"], inner, nonce=(1 << 240) + 1, gas=300_000)
    last = arrive_at_both(both, again).logs[-1]
    failed = keccak256(b"FailedRelayedMessage(bytes32)")
    assert (last.topics[0] == failed) == (token == TOKEN)


def test_messages_of_others_than_the_bridge_pay_nothing(both: tuple[Evm, Evm]) -> None:
    bridge = places()["L1StandardBridge"]
    call = "finalizeBridgeETH(address,address,uint256,bytes)"
    inner = calldata(call, text(PERSON), SOMEBODY, 9, b"xyz")
    message = from_l2(bridge, inner, sender=bridge, value=9)
    outcome = arrive_at_both(both, message, value=9)
    assert [log.topics[0] for log in outcome.logs] == [keccak256(b"FailedRelayedMessage(bytes32)")]
    assert both[0].balance(bytes.fromhex(SOMEBODY[2:])) == 0


def test_a_token_that_keeps_a_part_of_each_transfer_is_refused(stack: Stack) -> None:
    stack.evm.set(TOKEN, code=compiled(TOKEN_SOURCE).runtime)
    send(stack.evm, TOKEN, "set(address,uint256,uint256)", text(PERSON), 1_000, 1)
    outcome = stack.bridge.send("bridgeERC20", text(TOKEN), REMOTE, 300, 200_000, b"")
    assert stack.bridge.error(outcome) == "TransferFailed"
    assert stack.bridge.read("deposits", text(TOKEN), REMOTE) == 0


def test_a_pause_stops_what_arrives_and_not_what_leaves(stack: Stack) -> None:
    assert stack.superchain.send("pause", text(bytes(20)), sender=GUARDIAN).success
    refused = arrive(stack.evm, from_l2(b"\x33" * 20, b""))
    assert stack.messenger.error(refused) == "CrossDomainMessenger: paused"
    assert stack.bridge.send("bridgeETH", 200_000, b"", value=5).success


def test_no_ether_is_sent_where_another_token_pays_for_gas(stack: Stack) -> None:
    assert stack.config.send("setFeature", CUSTOM_GAS_TOKEN, True, sender=OWNER).success
    refused = stack.bridge.send("bridgeETH", 200_000, b"", value=5)
    words = "StandardBridge: cannot bridge ETH with custom gas token"
    assert stack.bridge.error(refused) == words
    refused = stack.messenger.send("sendMessage", SOMEBODY, b"", 0, value=5)
    words = "CrossDomainMessenger: cannot send value with custom gas token"
    assert stack.messenger.error(refused) == words
    assert stack.messenger.send("sendMessage", SOMEBODY, b"", 0).success


def test_the_interfaces_of_twins_are_those_of_their_functions() -> None:
    def interface(*signatures: str) -> int:
        number = 0
        for signature in signatures:
            number ^= int.from_bytes(keccak256(signature.encode())[:4], "big")
        return number

    both = ("mint(address,uint256)", "burn(address,uint256)")
    assert interface("l1Token()", *both) == 0x1D1D8B63
    assert interface("remoteToken()", "bridge()", *both) == 0xEC4FC8E3
