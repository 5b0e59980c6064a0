"""The bridge of the L2 sends and pays out what the genuine one does."""

from __future__ import annotations

import pytest

from byline.node.contracts import artifacts
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, calldata
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import (
    BRIDGE,
    ETHER_TOKEN,
    L1_BLOCK,
    L1_BRIDGE,
    MESSENGER,
    PASSER,
    PERSON,
    REMOTE,
    SOMEBODY,
    TOKEN,
    TWIN,
    agreed,
    alike,
    arrive,
    from_l1,
    of,
    send,
    sides,
    topics,
)
from tests.contracts.test_l2_messenger import FAILED, GAS_TOKEN_SOURCE, RELAYED
from tests.vectors_folder import load

ETHER = 10**18
RECEIVE_ETHER = "finalizeBridgeETH(address,address,uint256,bytes)"
RECEIVE_TOKENS = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
SEND_TOKENS = "bridgeERC20(address,address,uint256,uint32,bytes)"
SEND_TOKENS_TO = "bridgeERC20To(address,address,address,uint256,uint32,bytes)"
WITHDRAW = "withdraw(address,uint256,uint32,bytes)"
WITHDRAW_TO = "withdrawTo(address,address,uint256,uint32,bytes)"


@pytest.fixture
def both() -> tuple[Evm, Evm]:
    return sides()


def balance(evm: Evm, token: bytes, owner: str) -> int:
    return int.from_bytes(send(evm, token, "balanceOf(address)", owner).output, "big")


def test_the_slots_are_those_of_the_op_stack() -> None:
    storage = artifacts.load("L2StandardBridge").storage
    assert {name.partition(".")[2]: slot for name, slot in storage.items()} == {
        "gap": 0,
        "deposits": 2,
        "messenger": 3,
        "otherBridge": 4,
    }


def test_the_bridge_answers_like_the_genuine_one(both: tuple[Evm, Evm]) -> None:
    names = "MESSENGER OTHER_BRIDGE messenger otherBridge l1TokenBridge paused version"
    for name in names.split():
        assert alike(both, BRIDGE, f"{name}()").success


def test_the_deposit_of_the_vector_credits_its_sender(both: tuple[Evm, Evm]) -> None:
    deposit = load("devnet-901/bridge_eth_deposit.json")["deposit"]
    who = bytes.fromhex(load("devnet-901/bridge_eth_deposit.json")["l1_call"]["from"][2:])
    outcomes = [
        evm.call(
            bytes.fromhex(deposit["to"][2:]),
            bytes.fromhex(deposit["data"][2:]),
            sender=bytes.fromhex(deposit["from"][2:]),
            value=int(deposit["value"], 16),
            gas=deposit["gas"],
        )
        for evm in both
    ]
    assert topics(agreed(*outcomes))[-1] == RELAYED
    assert both[0].balance(who) == ETHER


@pytest.mark.parametrize("size", [0, 5, 4_096])
def test_ether_is_bridged_as_by_the_genuine_bridge(both: tuple[Evm, Evm], size: int) -> None:
    extra = b"\x0e" * size
    calls: list[tuple[str, tuple[object, ...]]] = [
        ("bridgeETH(uint32,bytes)", (200_000, extra)),
        ("bridgeETHTo(address,uint32,bytes)", (SOMEBODY, 200_000, extra)),
    ]
    for value in (ETHER, 0):
        named = [
            (WITHDRAW, (ETHER_TOKEN, value, 200_000, extra)),
            (WITHDRAW_TO, (ETHER_TOKEN, SOMEBODY, value, 200_000, extra)),
        ]
        for call, arguments in calls + named:
            outcome = alike(both, BRIDGE, call, *arguments, value=value)
            assert outcome.success
            assert len(of(outcome, BRIDGE)) == 2
    assert both[0].balance(PASSER) == both[1].balance(PASSER) == 4 * ETHER
    assert both[0].storage_root(PASSER) == both[1].storage_root(PASSER)


def test_plain_ether_is_bridged_as_by_the_genuine_bridge(both: tuple[Evm, Evm]) -> None:
    outcomes = [evm.call(BRIDGE, sender=PERSON, value=7) for evm in both]
    assert agreed(*outcomes).success
    outcomes = [evm.call(BRIDGE, sender=TOKEN, origin=PERSON, value=7) for evm in both]
    assert not agreed(*outcomes).success


@pytest.mark.parametrize("call", [WITHDRAW, WITHDRAW_TO])
def test_a_withdrawal_of_other_value_than_stated_is_refused_as_by_the_genuine_bridge(
    both: tuple[Evm, Evm], call: str
) -> None:
    to = [SOMEBODY] if call == WITHDRAW_TO else []
    for token, amount, value in ((ETHER_TOKEN, 5, 4), (ETHER_TOKEN, 5, 6), (text(TWIN), 5, 1)):
        refused = alike(both, BRIDGE, call, token, *to, amount, 200_000, b"", value=value)
        assert not refused.success


@pytest.mark.parametrize("token", [TOKEN, TWIN])
def test_tokens_are_bridged_as_by_the_genuine_bridge(both: tuple[Evm, Evm], token: bytes) -> None:
    local = text(token)
    assert alike(both, BRIDGE, SEND_TOKENS, local, REMOTE, 300, 200_000, b"hi").success
    assert alike(both, BRIDGE, SEND_TOKENS_TO, local, REMOTE, SOMEBODY, 200, 200_000, b"").success
    assert balance(both[0], token, text(PERSON)) == 500
    kept = alike(both, BRIDGE, "deposits(address,address)", local, REMOTE)
    assert int.from_bytes(kept.output, "big") == (500 if token == TOKEN else 0)


def test_a_twin_is_withdrawn_as_by_the_genuine_bridge(both: tuple[Evm, Evm]) -> None:
    assert alike(both, BRIDGE, WITHDRAW, text(TWIN), 300, 200_000, b"hi").success
    assert alike(both, BRIDGE, WITHDRAW_TO, text(TWIN), SOMEBODY, 200, 200_000, b"").success
    assert balance(both[0], TWIN, text(PERSON)) == 500
    # A token of this chain has no other to be withdrawn to.
    assert not alike(both, BRIDGE, WITHDRAW, text(TOKEN), 300, 200_000, b"").success


def test_a_twin_of_another_token_is_refused_as_by_the_genuine_bridge(
    both: tuple[Evm, Evm],
) -> None:
    refused = alike(both, BRIDGE, SEND_TOKENS, text(TWIN), SOMEBODY, 1, 200_000, b"")
    assert not refused.success


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("bridgeETH(uint32,bytes)", (0, b"")),
        (SEND_TOKENS, (text(TOKEN), REMOTE, 1, 0, b"")),
        (WITHDRAW, (ETHER_TOKEN, 0, 0, b"")),
    ],
)
def test_contracts_may_bridge_only_to_a_named_address(
    both: tuple[Evm, Evm], call: str, arguments: tuple[object, ...]
) -> None:
    refused = alike(both, BRIDGE, call, *arguments, sender=TOKEN, origin=PERSON)
    assert not refused.success
    # A person that has delegated its code stays one (EIP-7702).
    for evm in both:
        evm.set(PERSON, code=bytes.fromhex("ef0100") + b"\x07" * 20)
    assert alike(both, BRIDGE, call, *arguments, origin=TOKEN).success


def test_ether_arrives_as_at_the_genuine_bridge(both: tuple[Evm, Evm]) -> None:
    inner = calldata(RECEIVE_ETHER, text(PERSON), SOMEBODY, 9, b"xyz")
    message = from_l1(BRIDGE, inner, value=9)
    outcome = arrive(both, message, value=9)
    assert len(outcome.logs) == 3
    assert topics(outcome)[-1] == RELAYED
    assert both[0].balance(bytes.fromhex(SOMEBODY[2:])) == 9
    ours, genuine = (evm.call(MESSENGER, message) for evm in both)
    assert not agreed(ours, genuine).success


@pytest.mark.parametrize(
    ("to", "amount", "value"), [(text(BRIDGE), 9, 9), (text(MESSENGER), 9, 9), (SOMEBODY, 9, 8)]
)
def test_odd_ether_is_refused_as_at_the_genuine_bridge(
    both: tuple[Evm, Evm], to: str, amount: int, value: int
) -> None:
    for evm in both:
        # Within a message of the other bridge, and with ether that somebody has left here.
        evm.set(MESSENGER, storage={204: int.from_bytes(L1_BRIDGE, "big")})
        evm.set(BRIDGE, balance=100)
    arguments = (text(PERSON), to, amount, b"")
    refused = alike(both, BRIDGE, RECEIVE_ETHER, *arguments, value=value, sender=MESSENGER)
    assert refused.output[:4].hex() == "08c379a0"


def test_calldata_of_no_known_function_is_refused_as_by_the_genuine_contracts(
    both: tuple[Evm, Evm],
) -> None:
    for to in (BRIDGE, MESSENGER):
        for value in (0, 5):
            outcomes = [evm.call(to, b"\x01\x02\x03\x04", value=value) for evm in both]
            assert not agreed(*outcomes).success


@pytest.mark.parametrize("token", [TOKEN, TWIN])
def test_tokens_arrive_as_at_the_genuine_bridge(both: tuple[Evm, Evm], token: bytes) -> None:
    assert alike(both, BRIDGE, SEND_TOKENS, text(token), REMOTE, 300, 200_000, b"").success
    inner = calldata(RECEIVE_TOKENS, text(token), REMOTE, text(PERSON), SOMEBODY, 120, b"")
    outcome = arrive(both, from_l1(BRIDGE, inner))
    assert len(outcome.logs) == 3
    assert balance(both[0], token, SOMEBODY) == 120
    kept = alike(both, BRIDGE, "deposits(address,address)", text(token), REMOTE)
    assert int.from_bytes(kept.output, "big") == (180 if token == TOKEN else 0)
    # More than was ever locked does not come out; a twin is minted.
    inner = calldata(RECEIVE_TOKENS, text(token), REMOTE, text(PERSON), SOMEBODY, 10_000, b"")
    again = arrive(both, from_l1(BRIDGE, inner, nonce=(1 << 240) + 1))
    assert (topics(again)[-1] == FAILED) == (token == TOKEN)


def test_messages_of_others_than_the_bridge_pay_nothing(both: tuple[Evm, Evm]) -> None:
    inner = calldata(RECEIVE_ETHER, text(PERSON), SOMEBODY, 9, b"xyz")
    message = from_l1(BRIDGE, inner, sender=BRIDGE, value=9)
    assert topics(arrive(both, message, value=9)) == [FAILED]
    assert both[0].balance(bytes.fromhex(SOMEBODY[2:])) == 0
    for call, arguments in (
        (RECEIVE_ETHER, (text(PERSON), SOMEBODY, 0, b"")),
        (RECEIVE_TOKENS, (text(TWIN), REMOTE, text(PERSON), SOMEBODY, 5, b"")),
    ):
        assert not alike(both, BRIDGE, call, *arguments).success


def test_no_ether_is_bridged_where_another_token_pays_for_gas(both: tuple[Evm, Evm]) -> None:
    ours = both[0]
    ours.set(L1_BLOCK, code=compiled(GAS_TOKEN_SOURCE).runtime)
    bridge = Contract(ours, BRIDGE, artifacts.load("L2StandardBridge").abi)
    words = "StandardBridge: cannot bridge ETH with custom gas token"
    for name, arguments in (
        ("bridgeETH", (0, b"")),
        ("bridgeETHTo", (SOMEBODY, 0, b"")),
    ):
        refused = bridge.send(name, *arguments, value=5, sender=PERSON)
        assert bridge.error(refused) == words
    assert bridge.send(
        "bridgeERC20", text(TOKEN), REMOTE, 300, 200_000, b"", sender=PERSON
    ).success
