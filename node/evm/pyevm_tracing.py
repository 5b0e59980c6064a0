"""Watching py-evm: a computation class that tells a tracer of every frame and opcode.

py-evm begins a frame only when it is sure to run code, and forgets which account's code a
delegation (EIP-7702) stands for, so frames are told of by the opcodes that ask for them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from eth._utils.address import generate_contract_address, generate_safe_contract_address
from eth.constants import STACK_DEPTH_LIMIT
from eth.exceptions import Halt, Revert, VMError
from eth.vm.code_stream import CodeStream
from eth.vm.logic.invalid import InvalidOpcode

from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart, Step, Tracer

CALLS: Final = {
    0xF1: FrameKind.CALL,
    0xF2: FrameKind.CALLCODE,
    0xF4: FrameKind.DELEGATECALL,
    0xFA: FrameKind.STATICCALL,
}
CREATES: Final = {0xF0: FrameKind.CREATE, 0xF5: FrameKind.CREATE2}
STOP: Final = 0x00
SELFDESTRUCT: Final = 0xFF
ADDRESS: Final = 2**160
MAX_NONCE: Final = 2**64 - 1

DEPTH_EXCEEDED: Final = "max call depth exceeded"
NO_FUNDS: Final = "insufficient balance for transfer"
COLLISION: Final = "contract address collision"
NONCE_OVERFLOW: Final = "nonce uint64 overflow"


class Watch:
    """A tracer, and the computations that are under way."""

    def __init__(self, tracer: Tracer, words: Callable[[Any], str]) -> None:
        self.tracer = tracer
        self.words = words
        """Names an exceptional halt."""
        self.opcodes = frozenset(tracer.opcodes)
        self.active: list[Any] = []
        """Outermost first."""

    def refund(self) -> int:
        """Return the refund counter of the transaction."""
        counter: int = self.active[0].msg.refund if self.active else 0
        for item in self.active:
            counter += item._gas_meter.gas_refunded
            counter += sum(child.get_gas_refund() for child in item.children)
        return counter

    def leave(self, depth: int, computation: Any) -> None:
        """Tell that the frame of a computation has ended."""
        error, output = None, b""
        if computation.is_success:
            output = bytes(computation.output)
        elif isinstance(computation.error, Revert):
            error, output = "execution reverted", bytes(computation.output)
        else:
            error = self.words(computation.error)
        used = computation.msg.gas - computation.get_gas_remaining()
        if computation.fault is not None:
            self.tracer.fault(computation.fault)
        self.tracer.leave(FrameEnd(depth, used, output, error))

    def refuse(self, frame: FrameStart, used: int, error: str) -> None:
        """Tell of a frame that ends as it begins."""
        self.tracer.enter(frame)
        self.tracer.leave(FrameEnd(frame.depth, used, b"", error))


class _Code(CodeStream):  # type: ignore[misc]
    """Remembers where the opcode at work stands; stops without a STOP where there is no code."""

    def __init__(self, code: bytes) -> None:
        super().__init__(code)
        self.at = 0

    def __iter__(self) -> Any:
        code = self._raw_code_bytes
        while self.program_counter < len(code):
            self.at = self.program_counter
            self.program_counter += 1
            yield code[self.at]
        self.at = self.program_counter
        if code:
            yield STOP


class Watched:
    """Mixed into a computation class, tells `state.watch` what happens."""

    pending: tuple[FrameKind, bytes] | None = None
    """Kind and target of the frame that the opcode at work asks for; `None` once begun."""
    fault: Step | None = None
    """The opcode that halted it."""
    last_charge = 0
    last_return = 0
    state: Any
    msg: Any
    children: list[Any]

    def __init__(self, state: Any, message: Any, context: Any) -> None:
        super().__init__(state, message, context)  # type: ignore[call-arg]
        self.code = _Code(message.code)

    def __enter__(self) -> Any:
        self.state.watch.active.append(self)
        return super().__enter__()  # type: ignore[misc]

    def __exit__(self, *exc: Any) -> Any:
        self.state.watch.active.pop()
        return super().__exit__(*exc)  # type: ignore[misc]

    def consume_gas(self, amount: int, reason: str) -> None:
        self.last_charge = amount
        super().consume_gas(amount, reason)  # type: ignore[misc]

    def return_gas(self, amount: int) -> None:
        self.last_return = amount
        super().return_gas(amount)  # type: ignore[misc]

    def generate_child_computation(self, message: Any) -> Any:
        assert self.pending is not None
        kind, target = self.pending
        self.pending = None
        if message.is_create:
            # An init code that is too long fails the opcode, before there is a frame.
            self.validate_create_message(message)  # type: ignore[attr-defined]
            target, data = message.storage_address, message.code
        else:
            data = message.data_as_bytes
        value = 0 if kind is FrameKind.STATICCALL else message.value
        caller = self.msg.storage_address
        watch = self.state.watch
        watch.tracer.enter(
            FrameStart(kind, message.depth, caller, target, data, message.gas, value)
        )
        child = super().generate_child_computation(message)  # type: ignore[misc]
        watch.leave(message.depth, child)
        return child


@functools.cache
def watched(computation: type[Any]) -> type[Any]:
    """Return the class of computations that tell what `computation` would do."""
    table = {op: _watched_opcode(op, computation.opcodes.get(op)) for op in range(256)}
    return type("WatchedComputation", (Watched, computation), {"opcodes": table})


def _watched_opcode(op: int, inner: Any) -> Callable[[Any], None]:
    run = inner or InvalidOpcode(op)
    if op in CALLS:
        run = _call(CALLS[op], run)
    elif op in CREATES:
        run = _create(CREATES[op], run)
    elif op == SELFDESTRUCT:
        run = _self_destruct(run)

    def step(computation: Any) -> None:
        watch = computation.state.watch
        now = _step(computation, op, watch)
        if op in watch.opcodes:
            watch.tracer.step(now)
        try:
            run(computation=computation)
        except (Halt, Revert):
            raise
        except VMError:
            computation.fault = now
            raise

    return step


def _step(computation: Any, op: int, watch: Watch) -> Step:
    memory = computation._memory._bytes
    return Step(
        pc=computation.code.at,
        op=op,
        gas=computation.get_gas_remaining(),
        depth=computation.msg.depth + 1,
        address=computation.msg.storage_address,
        stack=tuple(_int(item) for item in computation._stack.values),
        memory=bytes(memory) if watch.tracer.memory else b"",
        return_data=bytes(computation.return_data),
        refund=watch.refund(),
        memory_size=len(memory),
    )


def _int(item: int | bytes) -> int:
    return item if isinstance(item, int) else int.from_bytes(item, "big")


def _top(computation: Any, count: int) -> list[int]:
    """Return the topmost `count` words of the stack, the top first; zeros where there are none."""
    words = [_int(item) for item in computation._stack.values[-count:]]
    return [*reversed(words), *[0] * (count - len(words))]


def _call(kind: FrameKind, inner: Any) -> Callable[..., None]:
    valued = kind in (FrameKind.CALL, FrameKind.CALLCODE)

    def run(computation: Any) -> None:
        _, target, *rest = _top(computation, 7 if valued else 6)
        value = rest.pop(0) if valued else 0
        start, size = rest[0], rest[1]
        to = (target % ADDRESS).to_bytes(20, "big")
        computation.pending = (kind, to)
        inner(computation=computation)
        if computation.pending is None:
            return
        computation.pending = None
        if kind is FrameKind.DELEGATECALL:
            value = computation.msg.value
        too_deep = computation.msg.depth + 1 > STACK_DEPTH_LIMIT
        frame = FrameStart(
            kind,
            computation.msg.depth + 1,
            computation.msg.storage_address,
            to,
            computation.memory_read_bytes(start, size) if size else b"",
            computation.last_return,
            value,
        )
        computation.state.watch.refuse(frame, 0, DEPTH_EXCEEDED if too_deep else NO_FUNDS)

    return run


def _create(kind: FrameKind, inner: Any) -> Callable[..., None]:
    def run(computation: Any) -> None:
        state, own = computation.state, computation.msg.storage_address
        value, start, size, salt = _top(computation, 4)
        nonce = state.get_nonce(own)
        error, spent = COLLISION, True
        for failing, words in (
            (computation.msg.depth + 1 > STACK_DEPTH_LIMIT, DEPTH_EXCEEDED),
            (state.get_balance(own) < value, NO_FUNDS),
            (nonce >= MAX_NONCE, NONCE_OVERFLOW),
        ):
            if failing:
                error, spent = words, False
                break
        computation.pending = (kind, b"")
        inner(computation=computation)
        if computation.pending is None:
            return
        computation.pending = None
        code = computation.memory_read_bytes(start, size) if size else b""
        if kind is FrameKind.CREATE2:
            to = generate_safe_contract_address(own, salt, code)
        else:
            to = generate_contract_address(own, nonce)
        left = computation.get_gas_remaining()
        gas = computation.last_charge if spent else left - left // 64
        frame = FrameStart(kind, computation.msg.depth + 1, own, to, code, gas, value)
        state.watch.refuse(frame, gas if spent else 0, error)

    return run


def _self_destruct(inner: Any) -> Callable[..., None]:
    def run(computation: Any) -> None:
        own, depth = computation.msg.storage_address, computation.msg.depth + 1
        balance = computation.state.get_balance(own)
        heir = (_top(computation, 1)[0] % ADDRESS).to_bytes(20, "big")
        try:
            inner(computation=computation)
        except Halt:
            tracer = computation.state.watch.tracer
            kind = FrameKind.SELFDESTRUCT
            tracer.enter(FrameStart(kind, depth, own, heir, b"", 0, balance))
            tracer.leave(FrameEnd(depth, 0, b"", None))
            raise

    return run
