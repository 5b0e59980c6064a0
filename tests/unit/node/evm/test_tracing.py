"""Which frames and steps a tracer sees: those of geth."""

from __future__ import annotations

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from byline.derivation.config import Fork
from byline.derivation.hashing import keccak256
from byline.node.evm.machine import Machine, MessageCall
from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart, Step
from tests.unit.node.evm.evm_kit import CALLER, CODE_AT, call, l2_machine, run
from tests.unit.node.evm.recorder import Recorder

pytestmark = pytest.mark.usefixtures("each_engine")

OTHER = b"\x33" * 20
IDENTITY = (4).to_bytes(20, "big")
GAS = 1_000_000


@pytest.fixture
def machine() -> Machine:
    return l2_machine(Fork.KARST)


def watched(on: Machine) -> Recorder:
    recorder = Recorder()
    on.trace(recorder)
    return recorder


def push20(address: bytes) -> bytes:
    return b"\x73" + address


def test_every_opcode_is_a_step_and_so_is_the_end_of_the_code(machine: Machine) -> None:
    seen = watched(machine)
    run(machine, bytes.fromhex("60016002015f52"), gas=GAS)  # 1 + 2, to memory
    found = [(s.pc, s.op, s.gas, s.depth, s.stack, s.memory) for s in seen.steps]
    word = (3).to_bytes(32, "big")
    assert found == [
        (0, 0x60, GAS, 1, (), b""),
        (2, 0x60, GAS - 3, 1, (1,), b""),
        (4, 0x01, GAS - 6, 1, (1, 2), b""),
        (5, 0x5F, GAS - 9, 1, (3,), b""),
        (6, 0x52, GAS - 11, 1, (3, 0), b""),
        (7, 0x00, GAS - 17, 1, (), word),
    ]
    assert {step.address for step in seen.steps} == {CODE_AT}
    assert seen.frames == [
        FrameStart(FrameKind.CALL, 0, CALLER, CODE_AT, b"", GAS, 0),
        FrameEnd(0, 17, b"", None),
    ]


@pytest.mark.parametrize(
    ("code", "last", "error"),
    [
        ("60", (2, 0x00), None),
        ("0c", (0, 0x0C), "invalid opcode"),
        ("01", (0, 0x01), "stack underflow"),
        ("600156", (2, 0x56), "invalid jump destination"),
        ("5f5f20" + "7f" + "ff" * 32 + "51", (36, 0x51), "out of gas"),
        ("5f5ffd", (2, 0xFD), "execution reverted"),
    ],
)
def test_the_opcode_that_fails_is_the_last_step(
    machine: Machine, code: str, last: tuple[int, int], error: str | None
) -> None:
    seen = watched(machine)
    run(machine, bytes.fromhex(code), gas=GAS)
    assert (seen.steps[-1].pc, seen.steps[-1].op) == last
    end = seen.frames[-1]
    assert isinstance(end, FrameEnd)
    assert end.error == error
    assert end.gas_used == (
        GAS if error not in (None, "execution reverted") else GAS - seen.steps[-1].gas
    )


def test_a_call_of_nothing_and_one_of_a_native_function_are_frames_without_steps(
    machine: Machine,
) -> None:
    seen = watched(machine)
    call(machine, OTHER, gas=GAS)
    call(machine, IDENTITY, b"abc", gas=GAS)
    assert seen.steps == []
    assert seen.frames == [
        FrameStart(FrameKind.CALL, 0, CALLER, OTHER, b"", GAS, 0),
        FrameEnd(0, 0, b"", None),
        FrameStart(FrameKind.CALL, 0, CALLER, IDENTITY, b"abc", GAS, 0),
        FrameEnd(0, 18, b"abc", None),
    ]


@pytest.mark.parametrize("kind", ["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"])
def test_each_kind_of_call_names_whose_code_runs_and_what_it_is_sent(
    machine: Machine, kind: str
) -> None:
    op = {"CALL": 0xF1, "CALLCODE": 0xF2, "DELEGATECALL": 0xF4, "STATICCALL": 0xFA}[kind]
    valued = op in (0xF1, 0xF2)
    machine.set_code(OTHER, bytes.fromhex("335f5260205ff3"))  # returns CALLER
    machine.set_balance(CODE_AT, 7)
    value = b"\x60\x07" if valued else b""
    code = (
        bytes.fromhex("60aa5f535f5f60015f") + value + push20(OTHER) + b"\x61\x75\x30" + bytes([op])
    )
    seen = watched(machine)
    machine.set_code(CODE_AT, code)
    machine.begin_transaction()
    machine.set_balance(CALLER, 5)
    machine.run(MessageCall(CALLER, CODE_AT, 5, b"", GAS, 0, 0))
    inner = seen.frames[1]
    assert isinstance(inner, FrameStart)
    assert inner == FrameStart(
        FrameKind[kind],
        1,
        CODE_AT,
        OTHER,
        b"\xaa",
        30_000 + (2_300 if valued else 0),
        7 if valued else 5 if kind == "DELEGATECALL" else 0,
    )
    caller = CALLER if kind == "DELEGATECALL" else CODE_AT
    assert seen.frames[2] == FrameEnd(1, 15, caller.rjust(32, b"\0"), None)
    own = OTHER if kind in ("CALL", "STATICCALL") else CODE_AT
    assert {step.address for step in seen.steps if step.depth == 2} == {own}
    assert seen.steps[-1].return_data == caller.rjust(32, b"\0")


def test_a_call_that_cannot_be_paid_is_a_frame_that_ends_at_once(machine: Machine) -> None:
    seen = watched(machine)
    run(machine, bytes.fromhex("5f5f5f5f6001") + push20(OTHER) + b"\x61\x75\x30\xf1", gas=GAS)
    assert seen.frames[1:3] == [
        FrameStart(FrameKind.CALL, 1, CODE_AT, OTHER, b"", 32_300, 1),
        FrameEnd(1, 0, b"", "insufficient balance for transfer"),
    ]


def test_a_delegation_is_called_by_its_own_name(machine: Machine) -> None:
    account = PrivateKey(b"\x05" * 32).public_key.to_canonical_address()
    machine.set_code(account, b"\xef\x01\x00" + OTHER)
    machine.set_code(OTHER, bytes.fromhex("5f5ff3"))
    for op, kind in ((0xF4, FrameKind.DELEGATECALL), (0xFA, FrameKind.STATICCALL)):
        seen = watched(machine)
        run(machine, bytes.fromhex("5f5f5f5f") + push20(account) + bytes([0x5A, op]), gas=GAS)
        frame = seen.frames[1]
        assert isinstance(frame, FrameStart)
        assert (frame.kind, frame.to) == (kind, account)
        assert len([step for step in seen.steps if step.depth == 2]) == 3


def test_creations_are_frames_with_the_new_address_and_the_code(machine: Machine) -> None:
    init = bytes.fromhex("60fe5f5360015ff3")  # deploys fe
    seen = watched(machine)
    code = b"\x67" + init + bytes.fromhex("5f526008601860") + b"\x00" + b"\xf0"
    run(machine, code, gas=GAS)
    nonce_before = machine.nonce(CODE_AT) - 1
    encoded: bytes = rlp.encode([CODE_AT, nonce_before])
    start, end = seen.frames[1], seen.frames[2]
    assert isinstance(start, FrameStart)
    assert (start.kind, start.depth, start.caller) == (FrameKind.CREATE, 1, CODE_AT)
    assert (start.to, start.data, start.value) == (keccak256(encoded)[12:], init, 0)
    assert end == FrameEnd(1, 3 + 2 + 6 + 3 + 2 + 200, b"\xfe", None)


def test_a_creation_where_there_is_something_uses_all_its_gas(machine: Machine) -> None:
    salted = keccak256(b"\xff" + CODE_AT + bytes(32) + keccak256(b""))[12:]
    machine.set_nonce(salted, 1)
    seen = watched(machine)
    run(machine, bytes.fromhex("5f5f5f5ff5"), gas=GAS)
    start, end = seen.frames[1], seen.frames[2]
    assert isinstance(start, FrameStart)
    left = GAS - 8 - 32_000
    gas = left - left // 64
    assert start == FrameStart(FrameKind.CREATE2, 1, CODE_AT, salted, b"", gas, 0)
    assert end == FrameEnd(1, gas, b"", "contract address collision")


def test_a_creation_that_cannot_be_paid_says_where_it_would_have_been(machine: Machine) -> None:
    machine.set_nonce(CODE_AT, 9)
    seen = watched(machine)
    run(machine, bytes.fromhex("5f5f6001f0"), gas=GAS)
    encoded: bytes = rlp.encode([CODE_AT, 9])
    left = GAS - 7 - 32_000
    start = FrameStart(
        FrameKind.CREATE, 1, CODE_AT, keccak256(encoded)[12:], b"", left - left // 64, 1
    )
    assert seen.frames[1:3] == [start, FrameEnd(1, 0, b"", "insufficient balance for transfer")]
    assert machine.nonce(CODE_AT) == 9


def test_a_self_destruction_is_a_frame_that_moves_the_balance(machine: Machine) -> None:
    machine.set_balance(CODE_AT, 77)
    seen = watched(machine)
    run(machine, push20(OTHER) + b"\xff", gas=GAS)
    assert seen.frames[1:3] == [
        FrameStart(FrameKind.SELFDESTRUCT, 1, CODE_AT, OTHER, b"", 0, 77),
        FrameEnd(1, 0, b"", None),
    ]
    assert [step.op for step in seen.steps] == [0x73, 0xFF]


def test_a_transaction_that_creates_is_a_frame_of_its_own_kind(machine: Machine) -> None:
    seen = watched(machine)
    init = bytes.fromhex("60fe5f5360015ff3")
    machine.begin_transaction()
    machine.run(MessageCall(CALLER, None, 0, init, GAS, 0, 4))
    encoded: bytes = rlp.encode([CALLER, 4])
    created = keccak256(encoded)[12:]
    assert seen.frames == [
        FrameStart(FrameKind.CREATE, 0, CALLER, created, init, GAS, 0),
        FrameEnd(0, 216, b"\xfe", None),
    ]


def test_the_refund_counter_follows_what_is_stored_and_undone(machine: Machine) -> None:
    machine.set_storage(CODE_AT, 0, 1)
    seen = watched(machine)
    machine.set_code(OTHER, bytes.fromhex("5f5f555f5ffd"))
    machine.set_storage(OTHER, 0, 1)
    code = (
        bytes.fromhex("5f5f5555"[:6]) + bytes.fromhex("5f5f5f5f5f") + push20(OTHER) + b"\x5a\xf1"
    )
    run(machine, code, gas=GAS)
    counters = [(step.depth, step.refund) for step in seen.steps]
    assert counters[2:4] == [(1, 0), (1, 4_800)]
    assert (2, 9_600) in counters
    assert counters[-1] == (1, 4_800)


def test_a_tracer_ends_an_execution_by_what_it_raises(machine: Machine) -> None:
    class Enough(Exception):
        pass

    class Short(Recorder):
        def step(self, step: Step) -> None:
            super().step(step)
            if len(self.steps) == 3:
                raise Enough

    machine.trace(Short())
    with pytest.raises(Enough):
        run(machine, bytes.fromhex("5b600056"), gas=GAS)


def test_a_system_call_is_not_watched_and_what_follows_it_is(machine: Machine) -> None:
    machine.set_code(CODE_AT, bytes.fromhex("60016000"))
    seen = watched(machine)
    assert machine.system_call(CODE_AT, b"").succeeded
    assert seen.events == []
    call(machine, CODE_AT)
    assert [step.op for step in seen.steps] == [0x60, 0x60, 0x00]


def test_nothing_is_watched_after_the_end_of_a_trace(machine: Machine) -> None:
    seen = watched(machine)
    machine.trace(None)
    assert run(machine, b"\x5f", gas=GAS).succeeded
    assert seen.events == []


def test_steps_are_told_of_the_opcodes_that_the_tracer_wants(machine: Machine) -> None:
    seen = Recorder()
    seen.opcodes, seen.memory = frozenset({0x52, 0xF3}), False
    machine.trace(seen)
    run(machine, bytes.fromhex("60016002015f5260205ff3"), gas=GAS)
    assert [(step.op, step.stack, step.memory, step.memory_size) for step in seen.steps] == [
        (0x52, (3, 0), b"", 0),
        (0xF3, (32, 0), b"", 32),
    ]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("6000600c01600156", (7, 0x56, (12, 1))),
        ("0c", (0, 0x0C, ())),
        ("600101", (2, 0x01, (1,))),
        (
            "5f5f20" + "7f" + "ff" * 32 + "51",
            (36, 0x51, (int(keccak256(b"").hex(), 16), 2**256 - 1)),
        ),
        ("5f5ffd", None),
        ("5f5ff3", None),
    ],
)
def test_the_opcode_that_halts_is_told_of_whether_it_is_wanted_or_not(
    machine: Machine, code: str, fault: tuple[int, int, tuple[int, ...]] | None
) -> None:
    seen = Recorder()
    seen.opcodes = frozenset()
    machine.trace(seen)
    run(machine, bytes.fromhex(code), gas=GAS)
    assert seen.steps == []
    assert [(step.pc, step.op, step.stack) for step in seen.faults] == (
        [] if fault is None else [fault]
    )


def test_a_fault_belongs_to_the_frame_that_ends_next(machine: Machine) -> None:
    machine.set_code(OTHER, b"\x5b\xfe")
    seen = watched(machine)
    run(machine, bytes.fromhex("5f5f5f5f") + push20(OTHER) + bytes.fromhex("61fffffa01"))
    assert [(step.depth, step.pc, step.op) for step in seen.faults] == [
        (2, 1, 0xFE),
        (1, 29, 0x01),
    ]
    assert [step.address for step in seen.faults] == [OTHER, CODE_AT]
