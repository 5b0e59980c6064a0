"""What is wrong on the L2 is refused with the error of the genuine predeploy, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from byline.node.contracts import addresses, artifacts
from tests.contracts.genuine import implementation
from tests.contracts.harness import Outcome, calldata
from tests.contracts.l1_stack import text
from tests.contracts.l2_bridging import (
    ALIAS,
    BRIDGE,
    ETHER_TOKEN,
    L1_BLOCK,
    L1_BRIDGE,
    MESSENGER,
    PASSER,
    REMOTE,
    SOMEBODY,
    TWIN,
    from_l1,
)
from tests.contracts.quick import Base, Quick, base_of
from tests.contracts.sides_of_l1 import encoded
from tests.contracts.test_gas_price_oracle import ORACLE
from tests.contracts.test_mintable_token import CREATE, FACTORY, created, with_factories

PERSON: Final = b"\x5a" * 20
REFUSER: Final = b"\x4e" * 20
NOBODY: Final = b"\x22" * 20
VAULT: Final = addresses.BASE_FEE_VAULT
MUCH: Final = 10**20
RECEIVE_ETHER: Final = "finalizeBridgeETH(address,address,uint256,bytes)"
RECEIVE_TOKENS: Final = "finalizeBridgeERC20(address,address,address,address,uint256,bytes)"
SEND_TOKENS: Final = "bridgeERC20(address,address,uint256,uint32,bytes)"
WITHDRAW: Final = "withdraw(address,uint256,uint32,bytes)"
VALUES: Final = "setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)"
SYSTEM: Final = "CrossDomainMessenger: cannot send message to blocked system address"
OTHER_BRIDGE: Final = "StandardBridge: function can only be called from the other bridge"
WRONG_TWIN: Final = "StandardBridge: wrong remote token for Optimism Mintable ERC20 local token"


@dataclass(frozen=True)
class Try:
    """A call, what is so before it, and the error that it meets."""

    error: str
    to: bytes
    data: bytes
    sender: bytes = PERSON
    value: int = 0
    message_of: bytes = b""
    """On the L1, whose message is being executed; nobody's if empty."""
    first: int = 0
    """How often the same call is made before, with success."""


def bridge(error: str, signature: str, *arguments: Any, value: int = 0) -> Try:
    """What a message of the bridge on the L1 asks for."""
    data = calldata(signature, *arguments)
    return Try(error, BRIDGE, data, MESSENGER, value, L1_BRIDGE)


def plain(error: str, to: bytes, signature: str, *arguments: Any, value: int = 0) -> Try:
    """What a user calls."""
    return Try(error, to, calldata(signature, *arguments), value=value)


TRIES: Final = {
    "attributes by somebody": Try(
        "NotDepositor()", L1_BLOCK, bytes.fromhex("3db6be2b") + bytes(174)
    ),
    "attributes of isthmus by somebody": Try(
        "NotDepositor()", L1_BLOCK, bytes.fromhex("098999be") + bytes(172)
    ),
    "attributes of bedrock by somebody": plain(
        "L1Block: only the depositor account can set L1 block values",
        *(L1_BLOCK, VALUES, 1, 1, 1, bytes(32), 1, bytes(32), 1, 1),
    ),
    "fork by somebody": plain(
        "GasPriceOracle: only the depositor account can set isJovian flag", ORACLE, "setJovian()"
    ),
    "little in the vault": plain(
        "FeeVault: withdrawal amount must be greater than minimum withdrawal amount",
        *(VAULT, "withdraw()"),
    ),
    "later version": Try(
        "CrossDomainMessenger: only version 0 or 1 messages are supported at this time",
        *(MESSENGER, from_l1(NOBODY, b"", nonce=2 << 240), ALIAS),
    ),
    "value of somebody": Try(
        "CrossDomainMessenger: value must be zero unless message is from a system address",
        *(MESSENGER, from_l1(NOBODY, b"", value=1), PERSON, 1),
    ),
    "never failed": Try(
        "CrossDomainMessenger: message cannot be replayed",
        *(MESSENGER, from_l1(NOBODY, b"")),
    ),
    "to the passer": Try(SYSTEM, MESSENGER, from_l1(PASSER, b""), ALIAS),
    "to the messenger": Try(SYSTEM, MESSENGER, from_l1(MESSENGER, b""), ALIAS),
    "arrived already": Try(
        "CrossDomainMessenger: message has already been relayed",
        *(MESSENGER, from_l1(NOBODY, b""), ALIAS),
        first=1,
    ),
    "no message": plain(
        "CrossDomainMessenger: xDomainMessageSender is not set",
        *(MESSENGER, "xDomainMessageSender()"),
    ),
    "ether from nobody": plain(OTHER_BRIDGE, BRIDGE, RECEIVE_ETHER, SOMEBODY, SOMEBODY, 0, b""),
    "ether from another": Try(
        OTHER_BRIDGE,
        *(BRIDGE, calldata(RECEIVE_ETHER, SOMEBODY, SOMEBODY, 0, b""), MESSENGER),
        message_of=PERSON,
    ),
    "other amount": bridge(
        "StandardBridge: amount sent does not match amount required",
        *(RECEIVE_ETHER, SOMEBODY, SOMEBODY, 2, b""),
        value=1,
    ),
    "ether to the bridge": bridge(
        "StandardBridge: cannot send to self", RECEIVE_ETHER, SOMEBODY, text(BRIDGE), 0, b""
    ),
    "ether to the messenger": bridge(
        "StandardBridge: cannot send to messenger",
        *(RECEIVE_ETHER, SOMEBODY, text(MESSENGER), 0, b""),
    ),
    "ether refused": bridge(
        "StandardBridge: ETH transfer failed",
        *(RECEIVE_ETHER, SOMEBODY, text(REFUSER), 1, b""),
        value=1,
    ),
    "another twin arrives": bridge(
        WRONG_TWIN, RECEIVE_TOKENS, text(TWIN), SOMEBODY, SOMEBODY, SOMEBODY, 1, b""
    ),
    "another twin leaves": plain(WRONG_TWIN, BRIDGE, SEND_TOKENS, text(TWIN), SOMEBODY, 1, 0, b""),
    "other value": plain(
        "StandardBridge: bridging ETH must include sufficient ETH value",
        *(BRIDGE, WITHDRAW, ETHER_TOKEN, 5, 0, b""),
        value=4,
    ),
    "twin without original": plain(
        "OptimismMintableERC20Factory: must provide remote token address",
        *(FACTORY, CREATE, text(bytes(20)), "A", "B"),
    ),
}


@cache
def bases() -> tuple[Base, Base]:
    both = with_factories()
    codes = (artifacts.load("FeeVault").runtime, implementation(VAULT[-1]))
    oracle = (artifacts.load("GasPriceOracle").runtime, implementation(0x0F))
    for evm, vault, fees in zip(both, codes, oracle, strict=True):
        evm.set(VAULT, code=vault, storage={1: 10, 2: 1 << 160}, balance=9)
        evm.set(ORACLE, code=fees, storage={0: 0x010101})
        evm.set(REFUSER, code=bytes.fromhex("5f5ffd"))
        for who in (PERSON, ALIAS, MESSENGER):
            evm.set(who, balance=MUCH)
    ours, genuine = (base_of(evm, 9, 1_700_000_100) for evm in both)
    return ours, genuine


def tried(base: Base, one: Try) -> Outcome:
    evm = Quick(base, 901)
    if one.message_of:
        evm.set(MESSENGER, storage={204: int.from_bytes(one.message_of, "big")})
    for _ in range(one.first):
        assert evm.call(one.to, one.data, sender=one.sender, value=one.value).success
    return evm.call(one.to, one.data, sender=one.sender, value=one.value)


@pytest.mark.parametrize("name", TRIES)
def test_both_refuse_with_the_same_error(name: str) -> None:
    one = TRIES[name]
    ours, genuine = (tried(base, one) for base in bases())
    assert not genuine.success
    assert genuine.output.startswith(encoded(one.error)), genuine.output
    assert (ours.success, ours.output) == (False, genuine.output), ours.error


def test_a_twin_is_minted_and_burned_by_the_bridge_alone_on_both() -> None:
    sides = created(with_factories())
    for call in ("mint(address,uint256)", "burn(address,uint256)"):
        ours, genuine = (side.send(call, REMOTE, 1) for side in sides)
        assert ours.output == genuine.output
        words = "OptimismMintableERC20: only bridge can mint and burn"
        assert genuine.output == encoded(words)
