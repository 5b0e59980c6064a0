"""What contracts write for their developer, on both engines."""

import pytest

from byline.derivation.config import Fork
from byline.node.evm.console import CONSOLE, MOST_BYTES, MOST_CALLS, ConsoleCalls, ConsoleRecorder
from byline.node.evm.machine import Machine
from tests.unit.node.evm.evm_kit import CODE_AT, call, l2_machine, run

pytestmark = pytest.mark.usefixtures("each_engine")

INNER = b"\x33" * 20


def write(word: int, op: str = "fa") -> str:
    """Code that stores a word at 0 and calls the console with its last byte."""
    value = "5f" if op == "f1" else ""
    return f"60{word:02x}5f525f5f6001601f{value}73{CONSOLE.hex()}5a{op}50"


def pass_on(to: bytes, op: str = "f1") -> str:
    value = "5f" if op == "f1" else ""
    return f"5f5f5f5f{value}73{to.hex()}5a{op}50"


def machine() -> Machine:
    return l2_machine(Fork.KARST)


@pytest.mark.parametrize("op", ["f1", "fa", "f4"])
def test_every_kind_of_call_to_the_console_is_remembered_in_order(op: str) -> None:
    outcome = run(machine(), bytes.fromhex(write(1, op) + write(2, op)))
    assert outcome.succeeded
    assert outcome.console == ConsoleCalls((b"\x01", b"\x02"), 0)


def test_a_run_that_writes_nothing_remembers_nothing_of_the_one_before() -> None:
    on = machine()
    assert run(on, bytes.fromhex(write(1))).console is not None
    assert run(on, bytes.fromhex("00")).console is None


def test_what_was_written_stays_when_its_frame_reverts_or_halts() -> None:
    for end, reverted in (("5f5ffd", True), ("fe", False)):
        outcome = run(machine(), bytes.fromhex(write(7) + end))
        assert (outcome.succeeded, outcome.reverted) == (False, reverted)
        assert outcome.console == ConsoleCalls((b"\x07",), 0)


def test_nested_calls_write_in_the_order_in_which_they_run() -> None:
    on = machine()
    on.set_code(INNER, bytes.fromhex(write(2) + "5f5ffd"))
    outcome = run(on, bytes.fromhex(write(1) + pass_on(INNER) + write(3)))
    assert outcome.succeeded
    assert outcome.console == ConsoleCalls((b"\x01", b"\x02", b"\x03"), 0)


def test_a_transaction_to_the_console_itself_is_remembered() -> None:
    outcome = call(machine(), CONSOLE, b"word")
    assert outcome.console == ConsoleCalls((b"word",), 0)


def test_a_contract_that_stands_there_is_called_as_any_other() -> None:
    on = machine()
    on.set_code(CONSOLE, bytes.fromhex("00"))
    assert run(on, bytes.fromhex(write(1))).console is None


def test_a_loop_of_writing_is_remembered_up_to_the_bound() -> None:
    loop = "5b" + write(9) + "5f56"
    outcome = run(machine(), bytes.fromhex(loop), gas=1_000_000)
    assert outcome.error == "out of gas"
    assert outcome.console is not None
    assert len(outcome.console.data) == MOST_CALLS
    assert outcome.console.dropped > MOST_CALLS


def test_the_bytes_that_are_remembered_are_bounded_too() -> None:
    recorder = ConsoleRecorder()
    for size in (MOST_BYTES - 10, 11, 10, 1):
        recorder.note(bytes(size))
    taken = recorder.taken()
    assert [len(data) for data in taken.data] == [MOST_BYTES - 10, 10]
    assert taken.dropped == 2


def test_only_the_code_s_own_account_is_the_console() -> None:
    on = machine()
    on.set_code(CODE_AT, bytes.fromhex(pass_on(bytes(19) + b"\xaa")))
    assert call(on, CODE_AT).console is None
