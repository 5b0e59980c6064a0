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
    read_deposit,
    write_deposit,
)
from byline.derivation.errors import InvalidData
from byline.derivation.header import Header
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.derivation.transaction import AnyTransaction, DepositTransaction
from byline.node.chain.impersonated import read_impersonated
from byline.node.chain.journal import PoolJournal
from byline.node.evm.edits import is_edit
from byline.node.evm.transition import MAX_INITCODE_SIZE
from byline.node.l1 import dev_control
from byline.node.rollups.rollup import Pooled
from byline.rpc.backend import Refused

if TYPE_CHECKING:
    from byline.node.l2.engine import L2Engine
    from byline.node.rollups.local import LocalRollup
    from byline.node.rollups.rollup import ChainName

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
class Unsigned:
    """A transaction of the L2 that nobody signs."""

    sender: bytes
    to: bytes | None
    """`None` creates a contract."""
    value: int
    """Wei, of the sender's own."""
    gas: int
    """The gas limit; nobody pays for gas."""
    data: bytes
    nonce: int | None = None
    """What the sender's next nonce is thought to be; `None` for any."""


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


NOBODY: Final = Impersonated()
EVERYBODY: Final = Impersonated(everybody=frozenset({"l1", "l2"}))


@dataclass(slots=True)
class Impersonation:
    """Who is impersonated now, and the L2's deposits that wait for its next block."""

    who: Impersonated = NOBODY
    waiting: Mapping[bytes, Forced] = field(default_factory=dict)
    """By transaction hash, oldest first; replaced, never changed."""
    journal: PoolJournal | None = None
    """Where those are kept that wait when the node stops."""

    at_start: Impersonated = NOBODY
    """Who was impersonated when the node began."""

    def __post_init__(self) -> None:
        """Let what waited when the node stopped wait again."""
        self.at_start = self.who
        if self.journal is not None:
            found = [(raw[:32], read_deposit(raw[:32], raw[32:])) for raw in self.journal.load()]
            self.waiting = {
                deposit.hash: Forced(salt, deposit)
                for salt, deposit in sorted(found, key=lambda item: item[0])
            }

    def wait(self, forced: Forced) -> None:
        """Let a deposit wait for the next block."""
        self.waiting = {**self.waiting, forced.deposit.hash: forced}

    def keep(self) -> None:
        """Write down what waits, and nothing else."""
        if self.journal is not None:
            for tx_hash, item in self.waiting.items():
                self.journal.keep(tx_hash, item.salt + write_deposit(item.deposit))
            self.journal.forget_except(set(self.waiting))

    def drop(self, hashes: Iterable[bytes]) -> int:
        """Forget deposits that wait; return how many of them did."""
        gone = self.waiting.keys() & set(hashes)
        self._go_on_with({key: one for key, one in self.waiting.items() if key not in gone})
        return len(gone)

    def go_back(self, who: Impersonated | None, waiting: Mapping[bytes, Forced]) -> None:
        """Be as it was when these were read; `None` as when the node began."""
        self.who = self.at_start if who is None else who
        self._go_on_with(waiting)

    def _go_on_with(self, waiting: Mapping[bytes, Forced]) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.keep()

    def calls(self, engine: L2Engine, declared: Sequence[DepositTransaction]) -> Sequence[bytes]:
        """Return the calls that declare what waits, as far as one L2 block holds it.

        What is `declared` of that block already, or in the chain, as a node may find it that
        stopped between the two, is left out.
        """
        if not self.waiting:
            return ()
        locate = engine.chain.store.transaction_location
        self.drop([tx_hash for tx_hash in self.waiting if locate(tx_hash) is not None])
        parent = engine.heads.unsafe
        room = engine.header_of(parent).gas_limit - INFO_GAS
        waiting = [item.deposit for item in self.waiting.values()]
        held = fitting([deposit for deposit in waiting if deposit not in declared], room)
        return [self.waiting[deposit.hash].call(parent.number + 1) for deposit in held]

    def wait_again(self, engine: L2Engine, top: Header) -> None:
        """Let transactions of blocks up to `top` wait that the L2 does not hold any more.

        Edits are gone with the L1 blocks that declared them.
        """
        chain = engine.chain
        dropped: list[AnyTransaction] = []
        at: Header | None = top
        while at is not None and not chain.is_canonical(at):
            dropped[:0] = engine.block(at.hash).transactions
            at = chain.store.header(at.parent_hash)
        lost = {
            item.deposit.hash: item
            for item in forced_in(engine, dropped)
            if not is_edit(item.deposit)
            and chain.store.transaction_location(item.deposit.hash) is None
        }
        self._go_on_with(lost | dict(self.waiting))

    def settle(self, transactions: Iterable[AnyTransaction]) -> None:
        """Forget what a block holds."""
        if self.waiting:
            self.drop(tx.hash for tx in transactions)


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


def send_on_l1(rollup: LocalRollup, raw: bytes) -> bytes:
    """Take an impersonated transaction of the L1 (`chain.impersonated`); return its hash.

    Raises `Refused` as `Rollup.submit` does.
    """
    try:
        tx = read_impersonated(raw)
        rollup.admit("l1", tx)
    except InvalidData as exc:
        raise Refused(str(exc)) from exc
    return rollup.send("l1", tx)


def send_on_l2(rollup: LocalRollup, wanted: Unsigned) -> bytes:
    """Let an account send a transaction on the L2 without its signature; return the hash.

    With automine it is in a block when this returns.  Raises `Refused`.
    """
    rollup.check_declares("the L2 takes no transaction without a signature")
    _check(rollup, wanted)
    forced = force(rollup.engine, wanted.sender, wanted.to, wanted.value, wanted.gas, wanted.data)
    try:
        write_deposit(forced.deposit)
    except InvalidData as exc:
        raise Refused(str(exc)) from exc
    tx_hash = forced.deposit.hash
    rollup.impersonation.wait(forced)
    rollup.publish(Pooled("l2", forced.deposit))
    if rollup.mining.mode("l2").automine and rollup.sequencer.active:
        rollup.mine("l2")
    if tx_hash in rollup.impersonation.waiting:
        rollup.impersonation.keep()
    return tx_hash


def _check(rollup: LocalRollup, wanted: Unsigned) -> None:
    """Refuse what would fail before it runs, in geth's words."""
    chain = rollup.chain("l2")
    machine = chain.machine(chain.head)
    needed = message_intrinsic_gas(wanted.to, wanted.data)
    needed = max(needed, data_floor_gas(wanted.data))
    room = chain.head.gas_limit - INFO_GAS
    waiting = [
        item.deposit
        for item in rollup.impersonation.waiting.values()
        if item.deposit.sender == wanted.sender
    ]
    cost = wanted.value + sum(deposit.value for deposit in waiting)
    balance = machine.balance(wanted.sender)
    pooled = rollup.pools["l2"].count(wanted.sender)
    nonce = machine.nonce(wanted.sender) + len(waiting) + pooled
    if wanted.gas > room:
        raise Refused(f"exceeds block gas limit: tx gas {wanted.gas}, block gas limit {room}")
    if wanted.gas < needed:
        raise Refused(f"intrinsic gas too low: gas {wanted.gas}, minimum needed {needed}")
    if wanted.to is None and len(wanted.data) > MAX_INITCODE_SIZE:
        raise Refused(
            f"max initcode size exceeded: code size {len(wanted.data)}, limit {MAX_INITCODE_SIZE}"
        )
    if wanted.nonce is not None and wanted.nonce != nonce:
        side = "low" if wanted.nonce < nonce else "high"
        raise Refused(f"nonce too {side}: next nonce {nonce}, tx nonce {wanted.nonce}")
    if balance < cost:
        raise Refused(
            "insufficient funds for gas * price + value: "
            f"balance {balance}, tx cost {cost}, overshot {cost - balance}"
        )
