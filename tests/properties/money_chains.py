"""Both chains with their contracts, on machines that open in a moment.

The contracts are deployed once for each gas token, on py-evm; every sequence of a test begins on
that state, and runs on the engine that the node runs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from byline.derivation.transaction import DepositTransaction
from byline.node.contracts import artifacts
from byline.node.evm.deposits import execute_deposit
from byline.node.evm.engines import engine
from byline.node.evm.machine import BlockContext, MessageCall, OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_PRAGUE
from byline.node.evm.transition import Applied
from tests.contracts.bridging import TOKEN_SOURCE, places
from tests.contracts.compiled import compiled
from tests.contracts.genuine import DEPOSITOR
from tests.contracts.harness import ANYBODY, CHAIN_ID, GAS, Contract, Event, Evm, Outcome, calldata
from tests.contracts.l1_stack import Stack, l1_stack, plan, text
from tests.contracts.l2_bridging import BRIDGE, L1_BLOCK, MESSENGER, PASSER
from tests.contracts.test_mintable_token import (
    BLUEPRINT,
    BLUEPRINT_PREAMBLE,
    CREATE,
    FACTORY,
    with_factories,
)

ENGINE: Final = engine()
NO_BASE_FEE_TO_SPEAK_OF: Final = 2**200
"""Of the L1: under it deposit gas burns none of the L1's gas."""

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


class Quick(Evm):
    """`Evm` on a machine of the node; nobody is given value that it lacks."""

    def __init__(self, base: Base, chain_id: int) -> None:
        self._nodes = dict(base.nodes)
        self._root = base.root
        self._block = BlockContext(
            chain_id=chain_id,
            number=base.number,
            timestamp=base.timestamp,
            coinbase=bytes(20),
            gas_limit=200_000_000,
            base_fee=NO_BASE_FEE_TO_SPEAK_OF,
            prev_randao=b"\x07" * 32,
            blob_base_fee=1,
        )
        self._open()

    def _open(self) -> None:
        self.machine = ENGINE.open(
            self._nodes.get, self._root, self._block, ETHEREUM_PRAGUE, OpcodeSet.PRAGUE
        )

    def _commit(self) -> None:
        self._root = self.machine.commit()
        self._nodes |= self.machine.nodes

    def at(self, number: int, timestamp: int, base_fee: int | None = None) -> None:
        self._commit()
        self._block = replace(self._block, number=number, timestamp=timestamp)
        self._open()

    def set(
        self,
        address: bytes,
        *,
        code: bytes | None = None,
        storage: Mapping[int, int] | None = None,
        balance: int | None = None,
        nonce: int | None = None,
    ) -> None:
        assert code is None
        assert nonce is None
        for slot, value in (storage or {}).items():
            self.machine.set_storage(address, slot, value)
        if balance is not None:
            self.machine.set_balance(address, balance)

    def storage(self, address: bytes, slot: int) -> int:
        return self.machine.storage(address, slot)

    def balance(self, address: bytes) -> int:
        return self.machine.balance(address)

    def storage_root(self, address: bytes) -> bytes:
        self._commit()
        root = self.machine.storage_root(address)
        self._open()
        return root

    def call(
        self,
        to: bytes,
        data: bytes = b"",
        *,
        sender: bytes = ANYBODY,
        origin: bytes | None = None,
        value: int = 0,
        gas: int = GAS,
        static: bool = False,
    ) -> Outcome:
        assert origin is None
        assert self.machine.balance(sender) >= value
        self.machine.begin_transaction()
        done = self.machine.run(MessageCall(sender, to, value, data, gas, 0, 0))
        logs = tuple(Event(log.address, log.topics, log.data) for log in done.logs)
        return Outcome(
            success=done.succeeded,
            output=done.output,
            gas_used=gas - done.gas_left,
            logs=logs if done.succeeded else (),
            error=done.error or "",
        )

    def deposit(self, tx: DepositTransaction) -> Applied:
        """Execute a deposit as the L2 does."""
        return execute_deposit(self.machine, tx, prague=True)


@dataclass(frozen=True)
class Base:
    """A state to begin from."""

    nodes: Mapping[bytes, bytes]
    root: bytes
    number: int
    timestamp: int
    extra: Mapping[str, Any]


def _base(evm: Evm, number: int, timestamp: int, **extra: Any) -> Base:
    evm.state.persist()
    database = evm.state._account_db._raw_store_db
    nodes = {bytes(key): bytes(database[key]) for key in database.wrapped_db.wrapped_db.kv_store}
    return Base(nodes, bytes(evm.state.state_root), number, timestamp, extra)


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


@cache
def l1_base(pays: str) -> Base:
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
    return _base(
        evm, stack.number, stack.timestamp, plan=stack.plan, at=stack.addresses, twin=twin
    )


@cache
def l2_base(pays: str) -> Base:
    """Return the L2 at its start."""
    evm = with_factories()[0]
    if pays == "open":
        name = b"OPEN".ljust(32, b"\0")
        call = calldata(
            "setGasPayingToken(address,uint8,bytes32,bytes32)", text(OPEN), 18, name, name
        )
        assert evm.call(L1_BLOCK, call, sender=DEPOSITOR).success
    _equip(evm, NATIVE)
    return _base(evm, 1, 1_700_000_000, twin=_twin(evm, COIN))


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
    first, second = l1_base(pays), l2_base(pays)
    stack = Stack(
        Quick(first, 900), first.extra["plan"], first.extra["at"], first.number, first.timestamp
    )
    l2 = Quick(second, CHAIN_ID)
    return Chains(pays, stack, l2, second.extra["twin"], first.extra["twin"])
