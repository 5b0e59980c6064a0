"""Accounts for which the node takes transactions without a signature, on either chain.

On the L1 such a transaction waits in the pool like others (`chain.impersonated`).  On the L2
it is a deposit that DevControl declares on the L1, so that every verifier derives it.  Its
hash is known from the start, and it waits here until the L2's next block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from byline.derivation.dev_deposits import (
    dev_deposit,
    dev_source_hash,
    fitting,
    write_deposit,
)
from byline.derivation.transaction import AnyTransaction, DepositTransaction
from byline.node.l1 import dev_control

if TYPE_CHECKING:
    from byline.node.l2.engine import L2Engine
    from byline.node.rollup import ChainName

SALT_COUNT: Final = "dev_salt"
"""Under which the number of the next salt is kept."""
INFO_GAS: Final = 1_000_000
"""Gas of the L1 attributes transaction that every L2 block begins with."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A deposit and the salt by which DevControl declares it."""

    salt: bytes
    deposit: DepositTransaction

    def call(self, l2_number: int) -> bytes:
        """Return the call of DevControl that forces it into the L2 block `l2_number`."""
        return dev_control.deposit_call(l2_number, self.salt, write_deposit(self.deposit))


@dataclass(frozen=True, slots=True)
class Impersonated:
    """Whose signatures are not asked for: a value to keep and to go back to."""

    accounts: Mapping[ChainName, tuple[bytes, ...]] = field(default_factory=dict)
    """By chain, in the order in which they were named."""
    everybody: frozenset[ChainName] = frozenset()
    """Chains on which nobody's is."""

    def holds(self, name: ChainName, address: bytes) -> bool:
        """Tell whether `address` is impersonated on a chain."""
        return name in self.everybody or address in self.accounts.get(name, ())

    def with_account(self, name: ChainName, address: bytes) -> Impersonated:
        """Return what holds once `address` is impersonated."""
        others = [one for one in self.accounts.get(name, ()) if one != address]
        return replace(self, accounts={**self.accounts, name: (*others, address)})

    def without(self, name: ChainName, address: bytes) -> Impersonated:
        """Return what holds once `address` is not impersonated any more."""
        others = tuple(one for one in self.accounts.get(name, ()) if one != address)
        return replace(self, accounts={**self.accounts, name: others})

    def with_everybody(self, name: ChainName, on: bool) -> Impersonated:
        """Return what holds once all accounts of a chain are impersonated, or none by that."""
        left = self.everybody - {name}
        return replace(self, everybody=left | {name} if on else left)


@dataclass(slots=True)
class Impersonation:
    """Who is impersonated now, and the L2's deposits that wait for its next block."""

    who: Impersonated = field(default_factory=Impersonated)
    waiting: dict[bytes, Forced] = field(default_factory=dict)
    """By transaction hash, oldest first."""

    def calls(self, engine: L2Engine) -> Sequence[bytes]:
        """Return the calls that declare what waits, as far as one L2 block holds it."""
        if not self.waiting:
            return ()
        parent = engine.heads.unsafe
        room = engine.header_of(parent).gas_limit - INFO_GAS
        held = fitting([item.deposit for item in self.waiting.values()], room)
        return [self.waiting[deposit.hash].call(parent.number + 1) for deposit in held]

    def settle(self, transactions: Iterable[AnyTransaction]) -> None:
        """Forget what a block holds."""
        for tx in transactions if self.waiting else ():
            self.waiting.pop(tx.hash, None)


def next_salt(engine: L2Engine) -> bytes:
    """Return a salt that no deposit of this devnet has had, nor will have after a restart.

    Going back to a snapshot does not bring one back.
    """
    number = salts(engine)
    engine.chain.store.write_meta({SALT_COUNT: (number + 1).to_bytes(8, "big")})
    return _salt(number)


def salts(engine: L2Engine) -> int:
    """Return how many salts there have been."""
    return int.from_bytes(engine.chain.store.meta(SALT_COUNT) or b"", "big")


def force(
    engine: L2Engine, sender: bytes, to: bytes | None, value: int, gas: int, data: bytes
) -> Forced:
    """Return a deposit that is like no other of this devnet."""
    salt = next_salt(engine)
    return Forced(salt, dev_deposit(salt, sender, to, value, gas, data))


def forced_in(engine: L2Engine, transactions: Iterable[AnyTransaction]) -> Sequence[Forced]:
    """Return those of `transactions` that DevControl declared, with their salts."""
    deposits = [tx for tx in transactions if isinstance(tx, DepositTransaction)]
    if not deposits:
        return ()
    by_source = {dev_source_hash(_salt(number)): _salt(number) for number in range(salts(engine))}
    return [
        Forced(by_source[tx.source_hash], tx) for tx in deposits if tx.source_hash in by_source
    ]


def _salt(number: int) -> bytes:
    return number.to_bytes(32, "big")
