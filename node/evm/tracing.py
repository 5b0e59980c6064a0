"""What can be watched of an execution: frames begin and end, opcodes run.

One hook serves every engine, and each reports the same events in the same order, so that
whatever is built on them (struct logs, call trees, state differences) is written once.

Source for what counts as a frame: geth `core/vm/evm.go`, where every call and creation
begins and ends one, also those that fail before any code runs.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

EVERY_OPCODE: Final = frozenset(range(256))


class FrameKind(enum.Enum):
    """What begins a frame; the values are the opcodes' names."""

    CALL = "CALL"
    CALLCODE = "CALLCODE"
    DELEGATECALL = "DELEGATECALL"
    STATICCALL = "STATICCALL"
    CREATE = "CREATE"
    CREATE2 = "CREATE2"
    SELFDESTRUCT = "SELFDESTRUCT"
    """Begins and ends at once; moves the balance."""


@dataclass(frozen=True, slots=True)
class FrameStart:
    """A call, a creation or a self-destruction begins."""

    kind: FrameKind
    depth: int
    """0 for the transaction's own."""
    caller: bytes
    to: bytes
    """Whose code runs; for a creation the new address; for SELFDESTRUCT the beneficiary."""
    data: bytes
    """Call data; for a creation the init code."""
    gas: int
    """Gas that the frame has, the stipend included."""
    value: int
    """Wei; for DELEGATECALL that of the caller's frame, for STATICCALL 0."""


@dataclass(frozen=True, slots=True)
class FrameEnd:
    """The frame that began last and has not ended ends."""

    depth: int
    gas_used: int
    output: bytes
    """Return data; for a revert its data; for a creation the code that is deployed."""
    error: str | None
    """`None`, "execution reverted", or how it halted, in geth's words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One opcode is about to run; nothing of it has been charged or checked yet."""

    pc: int
    op: int
    gas: int
    depth: int
    """1 in the transaction's own frame, as geth counts."""
    address: bytes
    """The account whose storage the code works on."""
    stack: tuple[int, ...]
    """Bottom first."""
    memory: bytes
    """Empty unless the tracer asks for it."""
    return_data: bytes
    """Of the last call that this frame made."""
    refund: int
    """Refund counter of the transaction."""
    memory_size: int
    """Bytes; a multiple of 32."""


class Tracer(Protocol):
    """Watches; what it raises ends the execution."""

    @property
    def opcodes(self) -> Collection[int]:
        """Which opcodes `step` is told of; read when the tracer is set."""

    @property
    def memory(self) -> bool:
        """Whether steps carry the memory, which costs a copy each; read likewise."""

    def enter(self, frame: FrameStart) -> None:
        """See a frame begin."""

    def step(self, step: Step) -> None:
        """See an opcode that is about to run."""

    def touch(self, address: bytes, slot: int) -> None:
        """See a native function ask for a word of `address`, its caller, not yet changed."""

    def fault(self, step: Step) -> None:
        """See, as it stood before, the opcode that halts a frame; the frame ends next.

        It is told of whichever opcode it is; a REVERT is none.
        """

    def leave(self, frame: FrameEnd) -> None:
        """See a frame end; its changes are undone if it failed."""
