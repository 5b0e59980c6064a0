"""Both chains with their contracts, on machines that open in a moment.

The contracts are deployed once for each gas token, on py-evm; every sequence of a test begins on
that state, and runs on the engine that the node runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from byline.node.contracts import artifacts
from tests.contracts.bridging import TOKEN_SOURCE, places
from tests.contracts.compiled import compiled
from tests.contracts.genuine import DEPOSITOR
from tests.contracts.harness import ANYBODY, CHAIN_ID, Contract, Evm, calldata
from tests.contracts.l1_stack import Plan, Stack, l1_stack, plan, text
from tests.contracts.l2_bridging import BRIDGE, L1_BLOCK, MESSENGER, PASSER
from tests.contracts.quick import Base, Quick, base_of
from tests.contracts.test_mintable_token import (
    BLUEPRINT,
    BLUEPRINT_PREAMBLE,
    CREATE,
    FACTORY,
    with_factories,
)

USERS: Final = tuple(bytes([number]) * 20 for number in (0xA1, 0xA2, 0xA3, 0xA4))
DOOR: Final = b"\xd0" * 20
"""Takes value unless its slot 0 is set."""
EATER: Final = b"\xea" * 20
"""Uses up all gas of every call."""
FORWARDER: Final = b"\xf0" * 20
"""Calls the address in its first word of calldata with the rest and all value, come what may."""
OPEN: Final = b"\x0b" * 20
COIN: Final = b"\x70" * 20
"""A token of the L1."""
NATIVE: Final = b"\x73" * 20
"""A token of the L2."""
CODES: Final = {
    DOOR: bytes.fromhex("5f54600657005b5f5ffd"),
    EATER: b"\xfe",
    FORWARDER: bytes.fromhex("36600557005b6020360360205f375f5f602036035f345f355af15000"),
}

EACH: Final = 5_000
"""Of everything, for every user: wei on both chains, OPEN, coins, native tokens."""
BACKING: Final = EACH * len(USERS)
"""What the portal has at the start, for what users have on the L2."""
LOCKED_SLOT: Final = 61


def _equip(evm: Evm, token: bytes) -> None:
    for address, code in CODES.items():
        evm.set(address, code=code)
    evm.set(token, code=compiled(TOKEN_SOURCE).runtime)
    for user in USERS:
        evm.set(user, balance=EACH)
        call = calldata("set(address,uint256,uint256)", text(user), EACH, 0)
        assert evm.call(token, call).success


def _twin(evm: Evm, remote: bytes) -> bytes:
    outcome = evm.call(FACTORY, calldata(CREATE, text(remote), "A twin", "TWIN"))
    assert outcome.success
    return outcome.output[12:]


@dataclass(frozen=True)
class L1Base:
    """The L1 after deployment."""

    base: Base
    plan: Plan
    places: dict[str, bytes]
    twin: bytes


@cache
def l1_base(pays: str) -> L1Base:
    """Return the L1 after deployment, `pays` being `eth` or `open`."""
    evm = Evm()
    token = bytes(20)
    if pays == "open":
        token = OPEN
        code = artifacts.load("OpenToken").bytecode
        assert evm.deploy(code, sender=ANYBODY, at=OPEN).success
    stack = l1_stack(plan(token=token), places(), evm)
    portal = stack.portal.address
    _equip(evm, COIN)
    evm.set(FACTORY, code=artifacts.load("OptimismMintableERC20Factory").runtime, nonce=1)
    bridge, blueprint = (int.from_bytes(a, "big") for a in (stack.bridge.address, BLUEPRINT))
    evm.set(FACTORY, storage={0: 1, 1: bridge, 3: blueprint})
    evm.set(BLUEPRINT, code=BLUEPRINT_PREAMBLE + artifacts.load("OptimismMintableERC20").bytecode)
    if pays == "eth":
        evm.set(portal, balance=BACKING)
    else:
        evm.set(portal, storage={LOCKED_SLOT: BACKING})
        for user in USERS:
            transfer(evm, OPEN, ANYBODY, user, EACH)
            approve = calldata("approve(address,uint256)", text(portal), 2**256 - 1)
            assert evm.call(OPEN, approve, sender=user).success
        transfer(evm, OPEN, ANYBODY, portal, BACKING)
    twin = _twin(evm, NATIVE)
    base = base_of(evm, stack.number, stack.timestamp)
    return L1Base(base, stack.plan, stack.addresses, twin)


@cache
def l2_base(pays: str) -> tuple[Base, bytes]:
    """Return the L2 at its start, and the twin of COIN."""
    evm = with_factories()[0]
    if pays == "open":
        name = b"OPEN".ljust(32, b"\0")
        call = calldata(
            "setGasPayingToken(address,uint8,bytes32,bytes32)", text(OPEN), 18, name, name
        )
        assert evm.call(L1_BLOCK, call, sender=DEPOSITOR).success
    _equip(evm, NATIVE)
    twin = _twin(evm, COIN)
    return base_of(evm, 1, 1_700_000_000), twin


def transfer(evm: Evm, token: bytes, sender: bytes, to: bytes, amount: int) -> None:
    """Move tokens."""
    call = calldata("transfer(address,uint256)", text(to), amount)
    assert evm.call(token, call, sender=sender).success


@dataclass(frozen=True)
class Chains:
    """Both chains of one sequence."""

    pays: str
    l1: Stack
    l2: Quick
    coin_twin: bytes
    """The twin of COIN, on the L2."""
    native_twin: bytes
    """The twin of NATIVE, on the L1."""

    @property
    def l1_evm(self) -> Quick:
        assert isinstance(self.l1.evm, Quick)
        return self.l1.evm

    def l2_contract(self, address: bytes) -> Contract:
        names = {
            MESSENGER: "L2CrossDomainMessenger",
            BRIDGE: "L2StandardBridge",
            PASSER: "L2ToL1MessagePasser",
            L1_BLOCK: "L1Block",
        }
        return Contract(self.l2, address, artifacts.load(names[address]).abi)


def chains(pays: str) -> Chains:
    """Return both chains at their start."""
    first, (second, coin_twin) = l1_base(pays), l2_base(pays)
    l1, l2 = Quick(first.base, 900), Quick(second, CHAIN_ID)
    stack = Stack(l1, first.plan, first.places, first.base.number, first.base.timestamp)
    return Chains(pays, stack, l2, coin_twin, first.twin)
