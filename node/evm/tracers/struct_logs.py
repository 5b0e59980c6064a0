"""The default tracer: every opcode with gas, stack, memory and storage.

Each entry is kept as JSON, as its objects would take ten times the memory.  What an opcode
cost is known only when the next one begins, so an entry waits in two halves until then.

Source: geth `eth/tracers/logger/logger.go`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from byline.node.evm.tracers.base import Scene, Silent
from byline.node.evm.tracers.gas import (
    MOST,
    UINT64,
    GasOverflow,
    Look,
    given_gas,
    operand,
    stateless_gas,
)
from byline.node.evm.tracers.opcode_table import CALLS, NAMES, OPCODES, SLOAD, SSTORE
from byline.node.evm.tracers.words import OUT_OF_GAS, REVERTED, halt_words, stack_words
from byline.node.evm.tracing import EVERY_OPCODE, FrameEnd, FrameStart, Step
from byline.node.evm.transition import Applied
from byline.rpc.quantities import as_hex

CODE_BYTE_GAS: Final = 200
"""A creation pays it for each byte that it deploys."""
ENTRY_BYTES: Final = 100
WORD_BYTES: Final = 69
"""Of a word and its comma."""


@dataclass(slots=True)
class _Waiting:
    """An entry whose cost is not known yet, and what it is reckoned from."""

    index: int
    """Where its entry goes; -1 where the limit has left it out."""
    head: str
    tail: str
    step: Step
    expected: int | None
    """What it costs by the state before it, where it may not be able to pay that."""
    inner: FrameStart | None = None
    inner_left: int = 0
    inner_used: int = 0


@dataclass(slots=True)
class _Open:
    start: FrameStart
    waiting: _Waiting | None = None


class StructLogger(Silent):
    """Keeps every opcode; `limit` bytes of entries, 0 for all."""

    opcodes = EVERY_OPCODE

    def __init__(
        self,
        scene: Scene,
        *,
        enable_memory: bool = False,
        disable_stack: bool = False,
        disable_storage: bool = False,
        enable_return_data: bool = False,
        limit: int = 0,
    ) -> None:
        self._machine = scene.machine
        self._spend = scene.budget.spend
        self._look = Look(
            scene.machine, frozenset(scene.natives), scene.follows_delegations, self._original
        )
        self.memory = enable_memory
        self._stack = not disable_stack
        self._storage = not disable_storage
        self._return_data = enable_return_data
        self._limit = limit
        self._size = 0
        self._entries: list[bytes] = []
        self._open: list[_Open] = []
        self._seen: dict[bytes, dict[int, int]] = {}
        """Slots that the transaction has used, by account, with the value they have now."""
        self._first: dict[tuple[bytes, int], int] = {}
        """What slots held before the transaction."""
        self._error: str | None = None
        self._output = b""
        self._gas = 0

    def _original(self, address: bytes, slot: int) -> int:
        return self._first[address, slot]

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        if self._open:
            waiting = self._open[-1].waiting
            assert waiting is not None
            waiting.inner = frame
        self._open.append(_Open(frame))

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        frame = self._open[-1]
        if frame.waiting is not None:
            self._settle(frame.waiting, frame.waiting.step.gas - step.gas)
        storage = self._used_storage(step) if step.op in (SLOAD, SSTORE) else None
        expected = self._expected(step) if step.op in MOST else None
        index, head, tail = -1, "", ""
        if not self._limit or self._size <= self._limit:
            head = f'{{"pc":{step.pc},"op":"{NAMES[step.op]}","gas":{step.gas},"gasCost":'
            tail = self._tail(step, storage)
            index = len(self._entries)
            self._entries.append(b"")
            size = len(head) + len(tail) + 8
            self._size += size
            self._spend(size)
        frame.waiting = _Waiting(index, head, tail, step, expected)

    def _used_storage(self, step: Step) -> dict[int, int] | None:
        """Note the slot that SLOAD or SSTORE names; return all that the account has used."""
        if len(step.stack) < OPCODES[step.op].operands:
            return None
        slot = operand(step, 0)
        now = self._machine.storage(step.address, slot)
        self._first.setdefault((step.address, slot), now)
        seen = self._seen.setdefault(step.address, {})
        seen[slot] = now if step.op == SLOAD else operand(step, 1)
        return seen

    def _expected(self, step: Step) -> int | None:
        """Return what an opcode costs that might not be able to pay it."""
        if stack_words(step) is not None:
            return None
        try:
            gas = stateless_gas(step)
        except GasOverflow:
            return None
        if step.gas >= gas + MOST[step.op]:
            return None
        gas += self._look.gas(step)
        return gas + given_gas(step, gas) if step.op in CALLS else gas

    def _tail(self, step: Step, storage: dict[int, int] | None) -> str:
        parts = [f',"depth":{step.depth}', ""]
        if self._stack:
            stack = '","'.join([hex(word) for word in step.stack])
            parts.append(f',"stack":["{stack}"]' if stack else ',"stack":[]')
        if self._return_data and step.return_data:
            parts.append(f',"returnData":"0x{step.return_data.hex()}"')
        if step.memory:
            memory = step.memory.hex(" ", 32).replace(" ", '","0x')
            parts.append(f',"memory":["0x{memory}"]')
        if storage and self._storage:
            self._spend(len(storage) * 2 * WORD_BYTES)
            words = ",".join(
                [f'"0x{slot:064x}":"0x{word:064x}"' for slot, word in sorted(storage.items())]
            )
            parts.append(f',"storage":{{{words}}}')
        if step.refund:
            parts.append(f',"refund":{step.refund}')
        return "".join(parts) + "}"

    def _settle(self, entry: _Waiting, spent: int, error: str | None = None) -> None:
        """Write an entry after which the frame had `spent` gas less."""
        if entry.index < 0:
            return
        cost = spent
        if entry.inner is not None:
            # A call is charged with what it gives, a creation without.
            cost += entry.inner_left if entry.step.op in CALLS else -entry.inner_used
        tail = entry.tail
        if error is not None:
            depth = f',"depth":{entry.step.depth}'
            tail = f'{depth},"error":{orjson.dumps(error).decode()}{tail[len(depth) :]}'
        self._entries[entry.index] = f"{entry.head}{cost % UINT64}{tail}".encode()

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""
        ended = self._open.pop()
        if ended.waiting is not None:
            self._settle_last(ended.waiting, ended.start, frame)
        left = ended.start.gas - frame.gas_used
        if self._open:
            outer = self._open[-1].waiting
            assert outer is not None
            outer.inner_left, outer.inner_used = left, frame.gas_used
            return
        self._error, self._output = frame.error, frame.output

    def _settle_last(self, entry: _Waiting, start: FrameStart, end: FrameEnd) -> None:
        step = entry.step
        left = start.gas - end.gas_used
        if end.error is None:
            deployed = len(end.output) if start.kind.value in ("CREATE", "CREATE2") else 0
            self._settle(entry, step.gas - left - CODE_BYTE_GAS * deployed)
        elif end.error == REVERTED:
            self._settle(entry, step.gas - left)
        else:
            self._settle(entry, *self._halted(entry, end.error))

    def _halted(self, entry: _Waiting, error: str) -> tuple[int, str | None]:
        """Return the cost of the opcode that halted a frame, and its error if it had not begun.

        geth shows one that fails while it runs (a jump to nowhere) without an error.
        """
        step = entry.step
        rule = OPCODES.get(step.op)
        if rule is None or error == "invalid opcode":
            return 0, None
        words = halt_words(step, error)
        if stack_words(step) is not None or step.gas < rule.gas:
            return rule.gas, words
        if words not in (OUT_OF_GAS, error):
            return rule.gas, words
        try:
            cost = stateless_gas(step) if entry.expected is None else entry.expected
        except GasOverflow:
            return rule.gas, words
        return cost, words if step.gas < cost else None

    def end(self, applied: Applied) -> None:
        """See `TransactionTracer.end`."""
        self._gas = applied.gas_used
        if not self._error and not applied.succeeded:
            # A deposit that fails before any code could run.
            self._error = applied.error or REVERTED

    def result(self) -> dict[str, Any]:
        """Return gas, outcome and entries."""
        shown = self._error in (None, REVERTED)
        return {
            "gas": self._gas,
            "failed": self._error is not None,
            "returnValue": as_hex(self._output if shown else b""),
            "structLogs": orjson.Fragment(b"[" + b",".join(self._entries) + b"]"),
        }
