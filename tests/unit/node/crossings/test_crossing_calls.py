"""What a call from the other chain asks for, bridged or not, well formed or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.node.contracts.addresses import L2_CROSS_DOMAIN_MESSENGER, L2_STANDARD_BRIDGE
from byline.node.crossings.calls import Crossing, Kind, crossing_of
from tests.contracts.harness import calldata

ANN, BEN, EVE = (bytes([letter]) * 20 for letter in b"abe")
TOKEN, FAR_TOKEN = b"t" * 20, b"f" * 20
RELAY = "relayMessage(uint256,address,address,uint256,uint256,bytes)"
FINALIZE_TOKEN = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
FINALIZE_ETHER = "finalizeBridgeETH(address,address,uint256,bytes)"


def relayed(sender: bytes, target: bytes, value: int, data: bytes) -> Crossing:
    """Read the messenger's call that brings a message."""
    return crossing_of(
        EVE,
        L2_CROSS_DOMAIN_MESSENGER,
        value,
        calldata(RELAY, 1 << 240, sender, target, value, 200_000, data),
        by_messenger=True,
    )


def test_value_alone_is_native() -> None:
    found = crossing_of(ANN, BEN, 5, b"", by_messenger=False)
    assert found == Crossing(Kind.NATIVE, ANN, BEN, 5)


def test_data_make_a_call_and_no_recipient_a_creation() -> None:
    assert crossing_of(ANN, BEN, 5, b"abc", by_messenger=False) == Crossing(
        Kind.CALL, ANN, BEN, 5, 3
    )
    assert crossing_of(ANN, None, 0, b"abc", by_messenger=False) == Crossing(
        Kind.CREATION, ANN, None, 0, 3
    )


def test_a_message_is_between_those_whom_the_messengers_serve() -> None:
    assert relayed(ANN, BEN, 7, b"hello") == Crossing(Kind.MESSAGE, ANN, BEN, 7, 5)


def test_the_same_data_without_a_messenger_are_a_call() -> None:
    data = calldata(RELAY, 1, ANN, BEN, 7, 0, b"hello")
    assert crossing_of(EVE, BEN, 0, data, by_messenger=False).kind is Kind.CALL


@pytest.mark.parametrize("arriving", [True, False])
def test_a_token_is_told_by_its_address_where_it_arrives(arriving: bool) -> None:
    data = calldata(FINALIZE_TOKEN, TOKEN, FAR_TOKEN, ANN, BEN, 30, b"")
    ends = (EVE, L2_STANDARD_BRIDGE) if arriving else (L2_STANDARD_BRIDGE, EVE)
    wanted = Crossing(Kind.ERC20, ANN, BEN, 0, token=TOKEN, units=30)
    assert relayed(*ends, 0, data) == wanted


def test_value_through_the_bridges_is_native() -> None:
    data = calldata(FINALIZE_ETHER, ANN, BEN, 30, b"")
    assert relayed(EVE, L2_STANDARD_BRIDGE, 30, data) == Crossing(Kind.NATIVE, ANN, BEN, 30)


def test_only_the_bridge_moves_tokens() -> None:
    data = calldata(FINALIZE_TOKEN, TOKEN, FAR_TOKEN, ANN, BEN, 30, b"")
    assert relayed(EVE, BEN, 0, data).kind is Kind.MESSAGE


@given(st.data())
def test_malformed_data_are_a_call_or_a_message(data: st.DataObject) -> None:
    inner = calldata(FINALIZE_TOKEN, TOKEN, FAR_TOKEN, ANN, BEN, 30, b"")
    whole = bytearray(calldata(RELAY, 1, EVE, L2_STANDARD_BRIDGE, 0, 0, inner))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(4, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    found = crossing_of(EVE, ANN, 3, cut, by_messenger=True)
    assert found.kind in (Kind.NATIVE, Kind.CALL, Kind.MESSAGE, Kind.ERC20)
    assert found.kind is not Kind.NATIVE or not cut
    assert 0 <= found.size <= len(whole)
