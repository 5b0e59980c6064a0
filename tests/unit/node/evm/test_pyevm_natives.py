"""How py-evm calls native functions: the price first, and how each failure ends."""

from __future__ import annotations

import itertools

import pytest

from byline.node.evm.machine import CallOutcome, MessageCall, OpcodeSet
from byline.node.evm.natives.native import Failed, Native, Reverted
from byline.node.evm.patience import OutOfTime, Patience
from tests.unit.node.evm.evm_kit import CALLER, GAS, call, machine, run

AT = b"\x77" * 20


def price(data: bytes) -> int:
    if data == b"dear":
        raise Failed("no gas would be enough")
    return 100 + len(data)


def behave(data: bytes) -> bytes:
    if data == b"fail":
        raise Failed("these are the words")
    if data == b"revert":
        raise Reverted(b"\xde\xad")
    return b"<" + data + b">"


PLAIN = Native("plain", price, behave)
REFUSING = Native("refusing", price, behave, value_refused=b"no")


def outcome(data: bytes, native: Native = PLAIN, gas: int = GAS, value: int = 0) -> CallOutcome:
    on = machine({AT: native}, OpcodeSet.PRAGUE)
    on.set_balance(CALLER, 10**18)
    on.begin_transaction()
    return on.run(
        MessageCall(sender=CALLER, to=AT, value=value, data=data, gas=gas, gas_price=0, nonce=0)
    )


def test_the_output_is_returned_and_the_price_charged() -> None:
    found = outcome(b"abc")
    assert (found.succeeded, found.output, GAS - found.gas_left) == (True, b"<abc>", 103)


def test_less_gas_than_the_price_runs_out() -> None:
    found = outcome(b"abc", gas=102)
    assert (found.succeeded, found.gas_left, found.error) == (False, 0, "out of gas")
    assert outcome(b"abc", gas=103).succeeded


def test_what_no_gas_is_enough_for_runs_out() -> None:
    found = outcome(b"dear")
    assert (found.succeeded, found.gas_left, found.error) == (False, 0, "out of gas")


def test_a_failure_takes_all_gas_and_tells_its_words() -> None:
    found = outcome(b"fail")
    assert (found.succeeded, found.reverted, found.gas_left) == (False, False, 0)
    assert (found.output, found.error) == (b"", "these are the words")


def test_a_revert_keeps_the_rest_of_the_gas_and_gives_its_data() -> None:
    found = outcome(b"revert")
    assert (found.succeeded, found.reverted, found.output) == (False, True, b"\xde\xad")
    assert GAS - found.gas_left == 106


def test_value_is_taken_or_refused() -> None:
    assert outcome(b"abc", value=1).output == b"<abc>"
    found = outcome(b"abc", REFUSING, value=1)
    assert (found.reverted, found.output, GAS - found.gas_left) == (True, b"no", 103)
    assert outcome(b"abc", REFUSING).succeeded


@pytest.mark.parametrize(("opcode", "refused"), [("f1", True), ("f2", True), ("f4", False)])
def test_only_a_call_with_value_of_its_own_is_refused(opcode: str, refused: bool) -> None:
    # A DELEGATECALL sees the value of its caller, but sends none.
    on = machine({AT: REFUSING}, OpcodeSet.PRAGUE)
    value = "" if opcode == "f4" else "6001"
    # CALL, CALLCODE or DELEGATECALL; return the flag of success
    code = "5f5f5f5f" + value + "73" + AT.hex() + "5a" + opcode + "5f5260205ff3"
    on.set_balance(b"\x22" * 20, 10)
    assert run(on, bytes.fromhex(code)).output == (0 if refused else 1).to_bytes(32, "big")


def endless(_: bytes) -> bytes:
    for number in itertools.count():
        len(str(number))
    raise AssertionError


def test_an_endless_function_is_stopped() -> None:
    on = machine({AT: Native("endless", lambda _: 1, endless)}, OpcodeSet.PRAGUE)
    ticks = itertools.count()
    on.limit_time(Patience(50, clock=lambda: next(ticks)).check)
    with pytest.raises(OutOfTime, match="50s"):
        call(on, AT)
    assert next(ticks) < 60
