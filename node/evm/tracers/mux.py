"""muxTracer: several tracers at once.

Source: geth `eth/tracers/native/mux.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byline.node.evm.tracers.base import Traced, TransactionTracer
from byline.node.evm.tracing import FrameEnd, FrameStart, Step
from byline.node.evm.transition import Applied


class MuxTracer:
    """Tells each of its tracers; shows what each has, by its name."""

    def __init__(self, tracers: Mapping[str, TransactionTracer]) -> None:
        self._tracers = dict(sorted(tracers.items()))
        self.opcodes = frozenset(op for inner in tracers.values() for op in inner.opcodes)
        self.memory = any(inner.memory for inner in tracers.values())

    def begin(self, tx: Traced) -> None:
        """See `TransactionTracer.begin`."""
        for inner in self._tracers.values():
            inner.begin(tx)

    def enter(self, frame: FrameStart) -> None:
        """See `Tracer.enter`."""
        for inner in self._tracers.values():
            inner.enter(frame)

    def step(self, step: Step) -> None:
        """See `Tracer.step`."""
        for inner in self._tracers.values():
            if step.op in inner.opcodes:
                inner.step(step)

    def touch(self, address: bytes, slot: int) -> None:
        """See `Tracer.touch`."""
        for inner in self._tracers.values():
            inner.touch(address, slot)

    def fault(self, step: Step) -> None:
        """See `Tracer.fault`."""
        for inner in self._tracers.values():
            inner.fault(step)

    def leave(self, frame: FrameEnd) -> None:
        """See `Tracer.leave`."""
        for inner in self._tracers.values():
            inner.leave(frame)

    def end(self, applied: Applied) -> None:
        """See `TransactionTracer.end`."""
        for inner in self._tracers.values():
            inner.end(applied)

    def result(self) -> dict[str, Any]:
        """Return each result by its tracer's name."""
        return {name: inner.result() for name, inner in self._tracers.items()}
