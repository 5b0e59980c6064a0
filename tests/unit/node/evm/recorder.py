"""A tracer that keeps what it sees."""

from __future__ import annotations

from byline.node.evm.tracing import EVERY_OPCODE, FrameEnd, FrameStart, Step


class Recorder:
    """Keeps every event, in order."""

    def __init__(self) -> None:
        self.events: list[FrameStart | FrameEnd | Step] = []
        self.faults: list[Step] = []
        self.touched: list[tuple[bytes, int]] = []
        self.opcodes = EVERY_OPCODE
        self.memory = True

    def enter(self, frame: FrameStart) -> None:
        self.events.append(frame)

    def step(self, step: Step) -> None:
        self.events.append(step)

    def touch(self, address: bytes, slot: int) -> None:
        self.touched.append((address, slot))

    def fault(self, step: Step) -> None:
        self.faults.append(step)

    def leave(self, frame: FrameEnd) -> None:
        self.events.append(frame)

    @property
    def frames(self) -> list[FrameStart | FrameEnd]:
        return [event for event in self.events if not isinstance(event, Step)]

    @property
    def steps(self) -> list[Step]:
        return [event for event in self.events if isinstance(event, Step)]
