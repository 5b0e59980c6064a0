"""Transactions that get into a block only while conditions hold.

Source: op-geth `core/state/statedb_conditional.go`, `miner/worker.go`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from byline.derivation.header import Header
from byline.derivation.transaction import Transaction
from byline.node.chain.builder import BlockBuilder
from byline.node.evm.machine import Machine
from byline.node.evm.transition import InvalidTransaction
from byline.rpc.conditions import Conditions


def unfulfilled(conditions: Conditions, header: Header, machine: Machine) -> str | None:
    """Return which condition a block and a state do not fulfil; `None` where all hold."""
    return _header_check(conditions, header) or _state_check(conditions, machine)


def _header_check(conditions: Conditions, header: Header) -> str | None:
    for name, least, most, found in (
        ("block number", conditions.least_number, conditions.most_number, header.number),
        ("timestamp", conditions.least_time, conditions.most_time, header.timestamp),
    ):
        if least is not None and found < least:
            return f"failed header check: {name} {found} is less than the minimum {least}"
        if most is not None and found > most:
            return f"failed header check: {name} {found} is greater than the maximum {most}"
    return None


def _state_check(conditions: Conditions, machine: Machine) -> str | None:
    for address, words in conditions.words.items():
        for slot, want in words.items():
            found = machine.storage(address, slot)
            if found != want:
                return (
                    f"failed state check: account 0x{address.hex()}, slot {slot:#x}: "
                    f"have {found:#x}, want {want:#x}"
                )
    if conditions.roots:
        machine.commit()
    for address, root in conditions.roots.items():
        have = machine.storage_root(address)
        if have != root:
            return (
                f"failed state check: account 0x{address.hex()}: have storage root "
                f"0x{have.hex()}, want 0x{root.hex()}"
            )
    return None


@dataclass(slots=True)
class Conditionals:
    """The conditions of waiting transactions, by hash.  They are not kept on disk."""

    waiting: dict[bytes, Conditions] = field(default_factory=dict)

    def check(self, builder: BlockBuilder, tx: Transaction) -> None:
        """Raise `InvalidTransaction` where `tx` must not come next in a block."""
        conditions = self.waiting.get(tx.hash)
        if conditions is not None:
            words = unfulfilled(conditions, builder.header, builder.machine)
            if words is not None:
                raise InvalidTransaction(f"conditional transaction: {words}")

    def keep(self, hashes: Collection[bytes]) -> None:
        """Forget the conditions of all but some transactions."""
        self.waiting = {one: self.waiting[one] for one in hashes if one in self.waiting}
