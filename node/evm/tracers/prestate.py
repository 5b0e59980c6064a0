"""prestateTracer: the accounts that a transaction touches, as they were, and as they become.

An account is read when it is first touched, which is before anything changes it; those that
only receive fees of a rollup are not touched, as op-geth does not count them.

Sources: geth `eth/tracers/native/prestate.go`; OpenEthereum, `trace_replayTransaction`, for
the form of state differences.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.node.evm.accounts import DELEGATION_PREFIX, created_address
from byline.node.evm.tracers.base import Scene, Silent, Traced
from byline.node.evm.tracers.gas import ADDRESS, operand
from byline.node.evm.tracers.opcode_table import (
    BALANCE,
    CALLS,
    CREATES,
    EXTCODECOPY,
    EXTCODEHASH,
    EXTCODESIZE,
    SELFDESTRUCT,
    SLOAD,
    SSTORE,
)
from byline.node.evm.tracing import FrameEnd, FrameStart, Step
from byline.node.evm.transition import Applied
from byline.rpc.quantities import as_hex

SLOTS: Final = frozenset({SLOAD, SSTORE})
ACCOUNTS: Final = frozenset({BALANCE, EXTCODECOPY, EXTCODEHASH, EXTCODESIZE, SELFDESTRUCT})
UNPAID: Final = frozenset({"out of gas", "stack underflow", "stack limit reached 1024"})
"""Errors of an opcode that did not even begin."""
ACCOUNT_BYTES: Final = 200
"""About what an account is in JSON, before and after, beside code and storage."""
SLOT_BYTES: Final = 300


@dataclass(slots=True)
class Held:
    """What an account held."""

    balance: int
    nonce: int
    code: bytes
    storage: dict[int, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing of it is known but that it is not there."""
        return not (self.balance or self.nonce or self.code)

    @property
    def code_hash(self) -> bytes:
        """The Keccak-256 of the code."""
        return keccak256(self.code)


class Touched(Silent):
    """Keeps what a transaction touches: accounts and slots with their first values."""

    opcodes = SLOTS | ACCOUNTS | CALLS | CREATES

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.before: dict[bytes, Held] = {}
        self.after: dict[bytes, Held] = {}
        """The same accounts and slots when it has ended."""
        self.created: set[bytes] = set()
        self.destroyed: set[bytes] = set()
        """Those that it has both created and destroyed (EIP-6780)."""
        self._added: list[tuple[bytes, int | None]] = []
        """Accounts and slots that the opcode at work has been the first to touch."""
        self._faulted = False

    def begin(self, tx: Traced) -> None:
        """See `TransactionTracer.begin`."""
        to = tx.to
        if to is None:
            to = created_address(tx.sender, self._scene.machine.nonce(tx.sender))
            self.created.add(to)
        else:
            self._look_behind(to)
        for address in (tx.sender, to, self._scene.coinbase, *tx.authorities):
            self.look(address)
        for address, slots in tx.edited.items():
            self.look(address)
            for slot in slots:
                self._look_at_slot(address, slot)

    def look(self, address: bytes) -> None:
        """Keep an account unless it is kept already."""
        if address in self.before:
            return
        held = self._held(address)
        self._scene.budget.spend(ACCOUNT_BYTES + 2 * len(held.code))
        self.before[address] = held
        self._added.append((address, None))

    def _held(self, address: bytes) -> Held:
        machine = self._scene.machine
        return Held(machine.balance(address), machine.nonce(address), machine.code(address))

    def _look_behind(self, address: bytes) -> None:
        """Keep the account that a delegation leads to (EIP-7702)."""
        if not self._scene.follows_delegations:
            return
        code = self._scene.machine.code(address)
        if len(code) == 23 and code.startswith(DELEGATION_PREFIX):
            self.look(code[3:])

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        op, held = step.op, len(step.stack)
        self._added.clear()
        if op in SLOTS:
            if held:
                self._look_at_slot(step.address, operand(step, 0))
        elif op in ACCOUNTS:
            if held:
                self.look(_address(step, 0))
                if op == SELFDESTRUCT and step.address in self.created:
                    self.destroyed.add(step.address)
        elif op in CALLS and held >= 5:
            address = _address(step, 1)
            self.look(address)
            self._look_behind(address)

    def touch(self, address: bytes, slot: int) -> None:
        """See `Tracer.touch`."""
        self._look_at_slot(address, slot)

    def _look_at_slot(self, address: bytes, slot: int) -> None:
        self.look(address)
        storage = self.before[address].storage
        if slot not in storage:
            self._scene.budget.spend(SLOT_BYTES)
            storage[slot] = self._scene.machine.storage(address, slot)
            self._added.append((address, slot))

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`; a creation tells its address here."""
        if frame.depth and frame.kind.value in ("CREATE", "CREATE2"):
            self.look(frame.to)
            self.created.add(frame.to)

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""
        self._faulted = step.op in self.opcodes

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`; an opcode that was never paid for has touched nothing."""
        if self._faulted and frame.error in UNPAID:
            for address, slot in self._added:
                if slot is None:
                    del self.before[address]
                elif address in self.before:
                    del self.before[address].storage[slot]
        self._faulted = False

    def end(self, applied: Applied) -> None:
        """See `TransactionTracer.end`."""
        for address, held in self.before.items():
            now = self._held(address)
            machine = self._scene.machine
            now.storage = {slot: machine.storage(address, slot) for slot in held.storage}
            if now.code != held.code:
                self._scene.budget.spend(2 * len(now.code))
            self.after[address] = now


def _address(step: Step, position: int) -> bytes:
    return (operand(step, position) % ADDRESS).to_bytes(20, "big")


class PrestateTracer(Touched):
    """Shows what was; with `diff_mode` only what changes, before and after."""

    def __init__(
        self,
        scene: Scene,
        *,
        diff_mode: bool = False,
        disable_code: bool = False,
        disable_storage: bool = False,
        include_empty: bool = False,
    ) -> None:
        super().__init__(scene)
        self._diff_mode = diff_mode
        self._code = not disable_code
        self._storage = not disable_storage
        self._include_empty = include_empty

    def result(self) -> dict[str, Any]:
        """Return accounts by address, in order."""
        if self._diff_mode:
            return self._difference()
        return {
            as_hex(address): self._shown(held, held.storage)
            for address, held in sorted(self.before.items())
            if self._include_empty or not held.empty
        }

    def _shown(self, held: Held, storage: dict[int, int]) -> dict[str, Any]:
        found: dict[str, Any] = {"balance": hex(held.balance)}
        if held.code and self._code:
            found["code"] = as_hex(held.code)
        if held.code:
            found["codeHash"] = as_hex(held.code_hash)
        if held.nonce:
            found["nonce"] = held.nonce
        if storage and self._storage:
            found["storage"] = _slots(storage)
        return found

    def _difference(self) -> dict[str, Any]:
        pre, post = {}, {}
        for address, held in sorted(self.before.items()):
            if address in self.destroyed:
                if not held.empty:
                    pre[as_hex(address)] = self._shown(held, held.storage)
                continue
            now = self.after[address]
            changed = self._changed(held, now)
            slots = [slot for slot, word in held.storage.items() if now.storage[slot] != word]
            if changed is None and not (slots and self._storage):
                continue
            shown = changed or {}
            kept = {slot: now.storage[slot] for slot in slots if now.storage[slot]}
            if kept and self._storage:
                shown["storage"] = _slots(kept)
            post[as_hex(address)] = shown
            if not held.empty:
                kept = {slot: held.storage[slot] for slot in slots if held.storage[slot]}
                pre[as_hex(address)] = self._shown(held, kept)
        return {"post": post, "pre": pre}

    def _changed(self, held: Held, now: Held) -> dict[str, Any] | None:
        """Return the members that have changed, as they are now; `None` for none."""
        found: dict[str, Any] = {}
        if now.balance != held.balance:
            found["balance"] = hex(now.balance)
        if now.code != held.code:
            if self._code:
                found["code"] = as_hex(now.code)
            found["codeHash"] = as_hex(now.code_hash)
        if now.nonce != held.nonce and now.nonce:
            found["nonce"] = now.nonce
        different = found or now.nonce != held.nonce
        return found if different else None


def _slots(storage: dict[int, int]) -> dict[str, str]:
    return {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in sorted(storage.items())}


class StateDifference(Touched):
    """Parity's `stateDiff`: for every account that changes, each part's old and new value."""

    def begin(self, tx: Traced) -> None:
        """See `TransactionTracer.begin`; Parity counts all that are paid."""
        super().begin(tx)
        for address in self._scene.fee_recipients:
            self.look(address)

    def result(self) -> dict[str, Any]:
        """Return the accounts that change, by address, in order."""
        found = {}
        for address, held in sorted(self.before.items()):
            now = self.after[address]
            slots = [slot for slot, word in held.storage.items() if now.storage[slot] != word]
            parts = (held.balance, held.code, held.nonce), (now.balance, now.code, now.nonce)
            if parts[0] != parts[1] or slots:
                found[as_hex(address)] = _parts(held, now, sorted(slots))
        return found


def _parts(held: Held, now: Held, slots: list[int]) -> dict[str, Any]:
    def part(old: str, new: str) -> Any:
        if held.empty:
            return {"+": new}
        if now.empty:
            return {"-": old}
        return "=" if old == new else {"*": {"from": old, "to": new}}

    def word(value: int) -> str:
        return f"0x{value:064x}"

    return {
        "balance": part(hex(held.balance), hex(now.balance)),
        "code": part(as_hex(held.code), as_hex(now.code)),
        "nonce": part(hex(held.nonce), hex(now.nonce)),
        "storage": {
            word(slot): part(word(held.storage[slot]), word(now.storage[slot])) for slot in slots
        },
    }
