"""Parity's vmTrace: every opcode with what it pushed, wrote and left of the gas.

JSON is written as the transaction goes on, as frames may lie deeper in each other than an
encoder goes; so `sub` stands before what is known only when it has ended.

Source: OpenEthereum `ethcore/vm/src/ext.rs`, `executive_tracer.rs` and
`evm/src/interpreter/mod.rs` (`mem_written`, `store_written`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from byline.node.evm.accounts import DELEGATION_PREFIX
from byline.node.evm.tracers.base import Scene, Silent
from byline.node.evm.tracers.opcode_table import (
    CALL,
    CALLCODE,
    CALLDATACOPY,
    CODECOPY,
    DELEGATECALL,
    EXTCODECOPY,
    MCOPY,
    MLOAD,
    MSTORE,
    MSTORE8,
    OPCODES,
    RETURNDATACOPY,
    SSTORE,
    STATICCALL,
)
from byline.node.evm.tracing import EVERY_OPCODE, FrameEnd, FrameKind, FrameStart, Step
from byline.rpc.quantities import as_hex

CODE_BYTE_GAS: Final = 200
"""A creation pays it for each byte that it deploys."""

# Where an opcode's operands say that it writes memory: place and size, from the top.
_WRITES: Final = {
    CALLDATACOPY: (0, 2),
    CODECOPY: (0, 2),
    RETURNDATACOPY: (0, 2),
    MCOPY: (0, 2),
    EXTCODECOPY: (1, 3),
    CALL: (5, 6),
    CALLCODE: (5, 6),
    DELEGATECALL: (4, 5),
    STATICCALL: (4, 5),
}
_WRITES_WORDS: Final = {MLOAD: 32, MSTORE: 32, MSTORE8: 1}


@dataclass(slots=True)
class _Frame:
    start: FrameStart
    shown: bool
    """Whether code runs in it; the outermost is shown anyway."""
    waiting: Step | None = None
    """The opcode whose outcome is not known yet."""
    begun: bool = False
    """Whether its entry has begun, with the frame that it made."""
    lent: int = 0
    """Gas that it gave to a frame and that came back."""
    empty: bool = True


class VmTracer(Silent):
    """Keeps every opcode of a transaction."""

    opcodes = EVERY_OPCODE
    memory = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._spend = scene.budget.spend
        self._frames: list[_Frame] = []
        self._parts: list[bytes] = []

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        code = self._code(frame)
        shown = bool(code) or not self._frames
        if shown:
            if self._frames:
                self._begin(self._frames[-1])
                self._frames[-1].begun = True
            self._write(b'{"code":"' + as_hex(code).encode() + b'","ops":[')
        self._frames.append(_Frame(frame, shown))

    def _begin(self, frame: _Frame) -> None:
        self._write(b'{"sub":' if frame.empty else b',{"sub":')
        frame.empty = False

    def _write(self, part: bytes) -> None:
        self._spend(len(part))
        self._parts.append(part)

    def _code(self, frame: FrameStart) -> bytes:
        if frame.kind in (FrameKind.CREATE, FrameKind.CREATE2):
            return frame.data
        if frame.kind is FrameKind.SELFDESTRUCT or frame.to in self._scene.natives:
            return b""
        code = self._scene.machine.code(frame.to)
        if self._scene.follows_delegations and code.startswith(DELEGATION_PREFIX):
            return self._scene.machine.code(code[len(DELEGATION_PREFIX) :])
        return code

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        frame = self._frames[-1]
        self._settle(frame, step)
        frame.waiting = step

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""
        frame = self._frames[-1]
        if frame.waiting is None:
            return
        # It has no outcome, and takes all the gas there is.
        self._keep(frame, step.gas, None)
        frame.waiting = None

    def _settle(self, frame: _Frame, after: Step) -> None:
        """Note what the opcode before `after` did."""
        step = frame.waiting
        if step is None:
            return
        results = OPCODES[step.op].results
        pushed = after.stack[-results:] if results else ()
        outcome = {
            "mem": self._written(step, after.memory),
            "push": [hex(word) for word in pushed],
            "store": _stored(step),
            "used": after.gas,
        }
        self._keep(frame, step.gas - after.gas + frame.lent, outcome)

    def _keep(self, frame: _Frame, cost: int, outcome: dict[str, Any] | None) -> None:
        step = frame.waiting
        assert step is not None
        if not frame.begun:
            self._begin(frame)
            self._write(b"null")
        known = {"cost": cost, "ex": outcome, "pc": step.pc}
        self._write(b"," + orjson.dumps(known)[1:])
        frame.begun, frame.lent = False, 0

    def _written(self, step: Step, memory: bytes) -> dict[str, Any] | None:
        if step.op in _WRITES_WORDS:
            at, size = step.stack[-1], _WRITES_WORDS[step.op]
        elif step.op in _WRITES:
            place, length = _WRITES[step.op]
            at, size = step.stack[-1 - place], step.stack[-1 - length]
        else:
            return None
        if not size:
            return None
        return {"data": as_hex(memory[at : at + size]), "off": at}

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""
        ended = self._frames.pop()
        if ended.waiting is not None:
            self._end(ended, frame)
        if ended.shown:
            self._write(b"]}")
        if self._frames:
            self._frames[-1].lent = ended.start.gas - frame.gas_used

    def _end(self, ended: _Frame, frame: FrameEnd) -> None:
        """Note the opcode that ended a frame: STOP, RETURN, REVERT or SELFDESTRUCT."""
        assert ended.waiting is not None
        left = ended.start.gas - frame.gas_used
        if ended.start.kind in (FrameKind.CREATE, FrameKind.CREATE2) and frame.error is None:
            left += CODE_BYTE_GAS * len(frame.output)
        outcome: dict[str, Any] = {"mem": None, "push": [], "store": None, "used": left}
        self._keep(ended, ended.waiting.gas - left, outcome)

    def result(self) -> Any:
        """Return the trace; one without opcodes where no code ran."""
        return orjson.Fragment(b"".join(self._parts) or b'{"code":"0x","ops":[]}')


def _stored(step: Step) -> dict[str, str] | None:
    if step.op != SSTORE:
        return None
    return {"key": hex(step.stack[-1]), "val": hex(step.stack[-2])}
