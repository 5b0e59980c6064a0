"""Where a token of the L1 pays for gas, the L2 is as on a public chain that has one."""

from __future__ import annotations

import pytest

from byline.node.contracts import addresses, artifacts
from tests.contracts.genuine import DEPOSITOR, TOKEN_GENESIS, genuine_code, predeploy, preinstall
from tests.contracts.harness import ANYBODY, Evm, calldata
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import (
    BRIDGE,
    ETHER_TOKEN,
    L1_BLOCK,
    MESSENGER,
    REMOTE,
    SOMEBODY,
    STORAGE,
    TWIN,
    agreed,
    alike,
    arrive,
    from_l1,
    of,
    sides,
)

WETH = addresses.WETH
TOKEN = b"\x0b" * 20
SEND_TOKENS = "bridgeERC20(address,address,uint256,uint32,bytes)"
WITHDRAW = "withdraw(address,uint256,uint32,bytes)"
WITHDRAW_TO = "withdrawTo(address,address,uint256,uint32,bytes)"
SET = "setGasPayingToken(address,uint8,bytes32,bytes32)"
TOKEN_SLOT = 0x04ADB1412B2DDC16FCC0D4538D5C8F07CF9C83ABECC6B41F6F69037B708FBCEB
NAMES = ("L2CrossDomainMessenger", "L2StandardBridge", "L1Block")


@pytest.fixture
def both() -> tuple[Evm, Evm]:
    """Ours, and the contracts of such a chain before it has set its token."""
    ours, genuine = sides()
    for name in NAMES:
        genuine.set(predeploy(name), code=genuine_code(name, TOKEN_GENESIS))
    genuine.set(WETH, code=preinstall(WETH, TOKEN_GENESIS))
    ours.set(WETH, code=artifacts.load("WETH").runtime)
    for evm in (ours, genuine):
        for address, slots in STORAGE.items():
            evm.set(address, storage=slots)
    return ours, genuine


def padded(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def set_token(
    both: tuple[Evm, Evm], name: bytes = padded("OPEN"), token: bytes = TOKEN, decimals: int = 18
) -> None:
    arguments = (text(token), decimals, name, padded("OPN"))
    assert alike(both, L1_BLOCK, SET, *arguments, sender=DEPOSITOR).success


def compare_names(both: tuple[Evm, Evm]) -> None:
    for name in ("gasPayingToken", "gasPayingTokenName", "gasPayingTokenSymbol"):
        assert alike(both, L1_BLOCK, f"{name}()").success
    alike(both, L1_BLOCK, "isCustomGasToken()")
    for name in ("name", "symbol"):
        assert alike(both, WETH, f"{name}()").success


@pytest.mark.parametrize("name", ["OPEN", "", "n" * 32, "ä", "a\0b"])
def test_the_token_is_set_and_told_as_by_the_genuine_contract(
    both: tuple[Evm, Evm], name: str
) -> None:
    compare_names(both)
    set_token(both, padded(name))
    compare_names(both)
    roots = [evm.storage_root(L1_BLOCK) for evm in both]
    assert roots[0] == roots[1]
    assert both[0].storage(L1_BLOCK, TOKEN_SLOT) == 18 << 160 | int.from_bytes(TOKEN, "big")


@pytest.mark.parametrize(("token", "decimals"), [(b"\xee" * 20, 18), (bytes(20), 0), (TOKEN, 6)])
def test_odd_tokens_are_told_as_by_the_genuine_contract(
    both: tuple[Evm, Evm], token: bytes, decimals: int
) -> None:
    set_token(both, token=token, decimals=decimals)
    compare_names(both)


def test_nobody_but_the_depositor_sets_the_token(both: tuple[Evm, Evm]) -> None:
    arguments = (text(TOKEN), 18, padded("OPEN"), padded("OPN"))
    for sender in (ANYBODY, L1_BLOCK, bytes(20)):
        assert not alike(both, L1_BLOCK, SET, *arguments, sender=sender).success


def test_the_deposit_that_sets_the_token_has_enough_gas(both: tuple[Evm, Evm]) -> None:
    call = calldata(SET, text(TOKEN), 18, padded("n" * 32), padded("s" * 32))
    least = 21_000 + 16 * len(call)
    outcome = both[0].call(L1_BLOCK, call, sender=DEPOSITOR, gas=200_000 - least)
    assert outcome.success


def test_no_value_leaves_or_arrives_through_the_bridge(both: tuple[Evm, Evm]) -> None:
    set_token(both)
    calls: list[tuple[bytes, str, tuple[object, ...]]] = [
        (BRIDGE, "bridgeETH(uint32,bytes)", (0, b"")),
        (BRIDGE, "bridgeETHTo(address,uint32,bytes)", (SOMEBODY, 0, b"")),
        (MESSENGER, "sendMessage(address,bytes,uint32)", (SOMEBODY, b"", 0)),
    ]
    for to, call, arguments in calls:
        assert not alike(both, to, call, *arguments, value=5).success
    for token, value in ((ETHER_TOKEN, 5), (text(TWIN), 0)):
        named = (token, SOMEBODY, 5, 0, b"")
        assert not alike(both, BRIDGE, WITHDRAW, token, 5, 0, b"", value=value).success
        assert not alike(both, BRIDGE, WITHDRAW_TO, *named, value=value).success
    assert not agreed(*[evm.call(BRIDGE, sender=ANYBODY, value=5) for evm in both]).success
    inner = calldata(
        "finalizeBridgeETH(address,address,uint256,bytes)", text(ANYBODY), SOMEBODY, 9, b""
    )
    arrive(both, from_l1(BRIDGE, inner, value=9), value=9)
    assert [evm.balance(bytes.fromhex(SOMEBODY[2:])) for evm in both] == [0, 0]


def test_messages_and_tokens_go_on_without_value(both: tuple[Evm, Evm]) -> None:
    set_token(both)
    # The genuine messenger of that chain asks for less gas, so only what it says is compared.
    outcomes = [
        evm.call(
            MESSENGER,
            calldata("sendMessage(address,bytes,uint32)", SOMEBODY, b"hi", 0),
            sender=ANYBODY,
        )
        for evm in both
    ]
    assert of(outcomes[0], MESSENGER) == of(outcomes[1], MESSENGER) != []
    call = calldata(SEND_TOKENS, text(TWIN), REMOTE, 300, 0, b"")
    outcomes = [evm.call(BRIDGE, call, sender=ANYBODY) for evm in both]
    assert of(outcomes[0], BRIDGE) == of(outcomes[1], BRIDGE) != []
