"""Frames of a transaction as a tree; what callTracer, flatCallTracer and Parity's are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from byline.node.evm.tracers.base import Budget, Silent, Traced
from byline.node.evm.tracers.gas import operand, stateless_gas
from byline.node.evm.tracers.opcode_table import LOG0, LOGS, RETURN
from byline.node.evm.tracers.words import deployment_words, halt_words
from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart, Step
from byline.node.evm.transition import Applied

CREATIONS: Final = frozenset({FrameKind.CREATE, FrameKind.CREATE2})
FRAME_BYTES: Final = 400
"""About what a frame is in JSON beside its data."""
LOG_BYTES: Final = 200


@dataclass(frozen=True, slots=True)
class CallLog:
    """A log, as it was made."""

    address: bytes
    topics: tuple[int, ...]
    data: bytes
    index: int
    """Its number in the block, counted when it was made."""
    position: int
    """Calls that its frame had made before."""


@dataclass(slots=True)
class CallFrame:
    """A frame that has begun, and what came of it."""

    start: FrameStart
    logs_before: int
    gas_used: int = 0
    output: bytes = b""
    error: str | None = None
    """In geth's words."""
    calls: list[CallFrame] = field(default_factory=list)
    logs: list[CallLog] = field(default_factory=list)
    last: Step | None = None
    """The RETURN, or the opcode that halted it."""
    halted: bool = False

    @property
    def creates(self) -> bool:
        """Whether it is a creation."""
        return self.start.kind in CREATIONS


class CallTree(Silent):
    """Keeps the frames, and the logs if `with_logs`; with `top_only` those of the outermost."""

    def __init__(self, budget: Budget, *, with_logs: bool = False, top_only: bool = False) -> None:
        self._budget = budget
        self._top_only = top_only
        # What a creation would have deployed is seen at its RETURN alone.
        self.opcodes = LOGS | {RETURN} if with_logs else frozenset({RETURN})
        self.memory = with_logs
        self._open: list[CallFrame] = []
        self._logs = 0
        self.root: CallFrame | None = None
        """The transaction's own frame; `None` where none began."""
        self.tx = Traced(bytes(20), None, 0)
        self.applied = Applied(False, 0, ())

    def begin(self, tx: Traced) -> None:
        """See `TransactionTracer.begin`."""
        self.tx, self._logs = tx, tx.first_log

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        self._budget.spend(FRAME_BYTES + 2 * len(frame.data))
        made = CallFrame(frame, self._logs)
        if self._open:
            if not self._top_only:
                self._open[-1].calls.append(made)
        else:
            self.root = made
        self._open.append(made)

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        frame = self._open[-1]
        if step.op == RETURN:
            frame.last = step
            return
        count = step.op - LOG0
        if len(step.stack) < 2 + count or 8 * operand(step, 1) > step.gas:
            return
        start, size = operand(step, 0), operand(step, 1)
        data = step.memory[start : start + size].ljust(size, b"\0") if size else b""
        self._budget.spend(LOG_BYTES + 2 * size)
        topics = tuple(operand(step, 2 + index) for index in range(count))
        if not (self._top_only and len(self._open) > 1):
            position = len(frame.calls)
            frame.logs.append(CallLog(step.address, topics, data, self._logs, position))
        self._logs += 1

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""
        frame = self._open[-1]
        # A log that was not made is gone with the frame.
        frame.last, frame.halted = replace(step, memory=b""), True

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""
        ended = self._open.pop()
        ended.gas_used, ended.output = frame.gas_used, frame.output
        if frame.error is not None:
            ended.error = self._words(ended, frame.error)
            self._logs = ended.logs_before
        ended.last = None
        self._budget.spend(2 * len(frame.output))

    @staticmethod
    def _words(frame: CallFrame, error: str) -> str:
        if frame.last is None:
            return error
        if frame.halted:
            return halt_words(frame.last, error)
        if frame.creates:
            left = frame.last.gas - stateless_gas(frame.last)
            return deployment_words(error, operand(frame.last, 1), left)
        return error

    def end(self, applied: Applied) -> None:
        """See `TransactionTracer.end`."""
        self.applied = applied
