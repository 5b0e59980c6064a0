"""`Evm` on a machine of the node: a state that others have made opens in no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from byline.derivation.transaction import DepositTransaction
from byline.node.evm.deposits import execute_deposit
from byline.node.evm.engines import engine
from byline.node.evm.machine import BlockContext, MessageCall, OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_PRAGUE
from byline.node.evm.transition import Applied
from tests.contracts.harness import ANYBODY, GAS, Event, Evm, Outcome

ENGINE: Final = engine()
NO_BASE_FEE_TO_SPEAK_OF: Final = 2**200
"""Of the L1: under it deposit gas burns none of the L1's gas."""


@dataclass(frozen=True)
class Base:
    """A state to begin from, and the block that its calls see."""

    nodes: Mapping[bytes, bytes]
    root: bytes
    number: int
    timestamp: int


def base_of(evm: Evm, number: int, timestamp: int) -> Base:
    """Return what has been made on py-evm."""
    evm.state.persist()
    database = evm.state._account_db._raw_store_db
    kept = database.wrapped_db.wrapped_db.kv_store
    nodes = {bytes(key): bytes(database[key]) for key in kept}
    return Base(nodes, bytes(evm.state.state_root), number, timestamp)


class Quick(Evm):
    """`Evm` in which the sender is the origin, and nobody is given value that it lacks."""

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
        if base_fee is not None:
            self._block = replace(self._block, base_fee=base_fee)
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
        if code is not None:
            self.machine.set_code(address, code)
        for slot, value in (storage or {}).items():
            self.machine.set_storage(address, slot, value)
        if balance is not None:
            self.machine.set_balance(address, balance)
        if nonce is not None:
            self.machine.set_nonce(address, nonce)

    def storage(self, address: bytes, slot: int) -> int:
        return self.machine.storage(address, slot)

    def balance(self, address: bytes) -> int:
        return self.machine.balance(address)

    def code(self, address: bytes) -> bytes:
        return self.machine.code(address)

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
        assert origin in (None, sender)
        assert not static
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
