"""What the fast engine keeps between machines, and how it lets itself be stopped."""

from __future__ import annotations

import resource
import threading
import time

import pytest

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.derivation.kernels.trie_errors import MissingNode
from byline.node.evm.fast._machine_c import FastMachine
from byline.node.evm.fast.engine import FastEngine
from byline.node.evm.machine import MessageCall, OpcodeSet
from byline.node.evm.patience import OutOfTime
from byline.node.evm.precompiles import ETHEREUM_OSAKA
from byline.node.evm.tracing import EVERY_OPCODE, FrameEnd, FrameStart, Step
from tests.unit.node.evm.evm_kit import CALLER, CODE_AT, CONTEXT, call, run

LOOP = bytes.fromhex("5b5f56")
CALLS_ITSELF = bytes.fromhex("5f5f5f5f5f305af1")
# Writes its call's first word to slot 0 and returns what was there.
SWAPS = bytes.fromhex("5f545f525f355f5560205ff3")


class Store:
    """Nodes, and how often one was asked for."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.reads = 0

    def read(self, key: bytes) -> bytes | None:
        self.reads += 1
        return self.nodes.get(key)


def opened(engine: FastEngine, store: Store, root: bytes = EMPTY_TRIE_ROOT) -> FastMachine:
    return engine.open(store.read, root, CONTEXT, ETHEREUM_OSAKA, OpcodeSet.OSAKA)


@pytest.fixture
def committed() -> tuple[FastEngine, Store, bytes]:
    engine, store = FastEngine(), Store()
    machine = opened(engine, store)
    for number in range(1, 500):
        machine.set_balance(number.to_bytes(20, "big"), number)
    machine.set_code(CODE_AT, SWAPS)
    machine.set_storage(CODE_AT, 0, 7)
    root = machine.commit()
    store.nodes.update(machine.nodes)
    return engine, store, root


def swapped(machine: FastMachine, value: int) -> int:
    return int.from_bytes(call(machine, CODE_AT, value.to_bytes(32, "big")).output, "big")


def test_a_machine_on_a_recent_root_reads_no_node(
    committed: tuple[FastEngine, Store, bytes],
) -> None:
    engine, store, root = committed
    assert swapped(opened(engine, store, root), 1) == 7
    reads = store.reads
    assert swapped(opened(engine, store, root), 1) == 7
    assert opened(engine, store, root).balance((499).to_bytes(20, "big")) == 499
    assert store.reads == reads


def test_what_a_call_writes_is_seen_by_nobody_else(
    committed: tuple[FastEngine, Store, bytes],
) -> None:
    engine, store, root = committed
    first, second = opened(engine, store, root), opened(engine, store, root)
    assert (swapped(first, 1), swapped(first, 2)) == (7, 1)
    assert swapped(second, 3) == 7
    assert first.commit() != root
    assert swapped(opened(engine, store, root), 4) == 7
    assert opened(FastEngine(), store, root).commit() == root


def test_letting_everything_go_changes_nothing(
    committed: tuple[FastEngine, Store, bytes],
) -> None:
    engine, store, root = committed
    before = opened(engine, store, root)
    engine._tries.clear()
    assert root not in engine._tries
    assert swapped(opened(engine, store, root), 1) == swapped(before, 1) == 7
    assert root in engine._tries


def test_a_root_that_was_never_stored_is_named() -> None:
    with pytest.raises(MissingNode, match="0x0505"):
        opened(FastEngine(), Store(), b"\x05" * 32)


@pytest.mark.parametrize("code", [LOOP, CALLS_ITSELF])
def test_a_run_is_stopped_by_its_check(code: bytes) -> None:
    machine = opened(FastEngine(), Store())
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise OutOfTime

    machine.limit_time(check)
    with pytest.raises(OutOfTime):
        run(machine, code, gas=10**12)
    assert asked == 2


@pytest.mark.parametrize(
    "code",
    [
        bytes.fromhex("62100000600020") * 30,  # the hash of a megabyte
        bytes.fromhex("620f00006000601f5e") * 30,  # a megabyte moved by 31 bytes
        bytes.fromhex("5f19") + bytes.fromhex("80800a50") * 2_000,  # the highest powers
        b"".join(b"\x61" + slot.to_bytes(2, "big") + b"\x54\x50" for slot in range(4_000)),
        b"".join(b"\x61" + low.to_bytes(2, "big") + b"\x31\x50" for low in range(4_000)),
    ],
    ids=["KECCAK256", "MCOPY", "EXP", "SLOAD", "BALANCE"],
)
def test_code_without_a_jump_is_stopped_by_its_check(code: bytes) -> None:
    machine = opened(FastEngine(), Store())
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise OutOfTime

    machine.limit_time(check)
    with pytest.raises(OutOfTime):
        run(machine, code, gas=10**9)


class RunsAgain:
    """A tracer that calls the machine which it watches."""

    opcodes = EVERY_OPCODE
    memory = False

    def __init__(self, machine: FastMachine) -> None:
        self.machine = machine

    def enter(self, frame: FrameStart) -> None:
        pass

    def leave(self, frame: FrameEnd) -> None:
        pass

    def step(self, step: Step) -> None:
        call(self.machine, CODE_AT)

    def touch(self, address: bytes, slot: int) -> None:
        pass

    def fault(self, step: Step) -> None:
        pass


def test_a_machine_refuses_a_run_within_its_run_and_runs_afterwards() -> None:
    machine = opened(FastEngine(), Store())
    machine.trace(RunsAgain(machine))
    with pytest.raises(RuntimeError, match="machine is running"):
        run(machine, SWAPS)
    machine.trace(None)
    machine.set_storage(CODE_AT, 0, 7)
    assert swapped(machine, 1) == 7


def test_other_threads_run_beside_a_long_call() -> None:
    machine = opened(FastEngine(), Store())
    ended = threading.Event()
    deadline = time.monotonic() + 30
    turns = 0

    def check() -> None:
        if turns > 10 or time.monotonic() > deadline:
            raise OutOfTime

    def long() -> None:
        machine.limit_time(check)
        with pytest.raises(OutOfTime):
            run(machine, LOOP, gas=10**15)
        ended.set()

    thread = threading.Thread(target=long)
    thread.start()
    while not ended.is_set():
        time.sleep(0.001)
        turns += 1
    thread.join()
    assert turns > 10


def test_calls_as_deep_as_they_go_need_no_deep_stack_of_threads() -> None:
    before = threading.stack_size()
    threading.stack_size(128 * 1024)
    found: list[int] = []

    def deep() -> None:
        # Counts its frames in slot 0: SLOAD, add 1, SSTORE, CALL itself.
        code = bytes.fromhex("60015f54015f555f5f5f5f5f305af1")
        machine = opened(FastEngine(), Store())
        assert run(machine, code, gas=10**15).succeeded
        found.append(machine.storage(CODE_AT, 0))

    thread = threading.Thread(target=deep)
    try:
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [1_025]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sender": b"short"}, "is no address"),
        ({"gas": 2**63}, "gas 9223372036854775808 of a message"),
        ({"value": -1}, "is not a word"),
        ({"blob_hashes": [b"short"]}, "blob hash"),
    ],
)
def test_what_is_no_message_is_refused(changes: dict[str, object], words: str) -> None:
    fields = {"sender": CALLER, "to": CODE_AT, "value": 0, "data": b"", "gas": 9, "gas_price": 0}
    machine = opened(FastEngine(), Store())
    with pytest.raises((ValueError, OverflowError), match=words):
        machine.run(MessageCall(**{**fields, "nonce": 0, **changes}))  # type: ignore[arg-type]


def test_ten_thousand_runs_leave_no_memory_behind() -> None:
    engine, store = FastEngine(), Store()
    # Grows memory, creates a contract that reverts, and calls itself until gas ends.
    code = bytes.fromhex("5f61200052" + "60fd5f5360015f5ff050" + "5f5f60205f5f305af1" + "00")

    def runs(count: int) -> int:
        for _ in range(count):
            run(opened(engine, store), code, gas=200_000)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = runs(1_000)
    assert runs(10_000) - before < 4_096
