"""Transactions whose traces differ in everything that traces can differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.unit.node.evm.tracers.programs import (
    ADD,
    CALL,
    CALLCODE,
    DELEGATECALL,
    IDENTITY,
    INVALID,
    PAIRING,
    POP,
    STATICCALL,
    call,
    create,
    deploys,
    destroys,
    log,
    panic,
    push,
    reason,
    returns,
    reverts,
    sload,
    sstore,
)

NOBODY: Final = b"\x99" * 20
SELECTOR: Final = bytes.fromhex("a9059cbb")


def at(number: int) -> bytes:
    """Return the address of a contract."""
    return bytes([0xC0]) * 19 + bytes([number])


LEAF: Final = at(1)
THROWS: Final = at(2)
PANICS: Final = at(3)
LOGS: Final = at(4)
LOGS_AND_REVERTS: Final = at(5)
WRITES: Final = at(6)
HALTS: Final = at(7)
SPENDS: Final = at(8)
DESTROYS: Final = at(9)
DEEP: Final = at(10)

SMALL: Final[dict[bytes, bytes]] = {
    LEAF: returns(b"leaf"),
    THROWS: reverts(reason("no way")),
    PANICS: reverts(panic(0x11)),
    LOGS: log(0, b"a") + log(2, b"bc" * 20) + log(4),
    LOGS_AND_REVERTS: log(1, b"gone") + reverts(),
    WRITES: sload(0) + sstore(0, 5) + sstore(1, 0) + sstore(2, 7) + sstore(2, 0),
    HALTS: INVALID,
    SPENDS: b"\x5b\x5f\x56",
    DESTROYS: destroys(NOBODY),
    # Calls itself with all but one 64th of its gas until that is not enough.
    DEEP: push(0) * 5 + b"\x30\x5a\xf1" + b"\x00",
}


@dataclass(frozen=True)
class Scenario:
    """A transaction, and the code of the contract that it is sent to or creates with."""

    name: str
    code: bytes = b""
    creates: bool = False
    value: int = 0
    data: bytes = b""
    gas: int = 1_000_000


SCENARIOS: Final = (
    Scenario("a transfer", value=7, gas=21_000),
    Scenario("a contract that returns", returns(b"x" * 40), data=SELECTOR + bytes(32)),
    Scenario("a call that returns", call(CALL, LEAF, data=SELECTOR, out=32)),
    Scenario("a call with value", call(CALL, LEAF, value=1, data=SELECTOR + b"z"), value=2),
    Scenario("a call that cannot be paid", call(CALL, LEAF, value=10**20)),
    Scenario("a call of nobody", call(CALL, NOBODY, data=b"hello")),
    Scenario("a call of nobody with value", call(CALL, NOBODY, value=1), value=1),
    Scenario("a static call", call(STATICCALL, LEAF, data=SELECTOR * 3)),
    Scenario("a delegated call", call(DELEGATECALL, WRITES), value=3),
    Scenario("a call of code", call(CALLCODE, WRITES, value=1), value=3),
    Scenario("two levels of calls", call(CALL, at(11)) + call(STATICCALL, LEAF)),
    Scenario("a revert with a reason", reverts(reason("not today"))),
    Scenario("a revert with bytes", reverts(b"\x01\x02\x03\x04\x05")),
    Scenario("a revert with nothing", reverts()),
    Scenario("an inner revert with a reason", call(CALL, THROWS) + sstore(3, 3)),
    Scenario("an inner panic", call(CALL, PANICS)),
    Scenario("logs", log(1, b"before") + call(CALL, LOGS) + log(0)),
    Scenario("logs that are undone", log(1) + call(CALL, LOGS_AND_REVERTS) + call(CALL, LOGS)),
    Scenario("logs that all are undone", log(1) + call(CALL, LOGS) + reverts()),
    Scenario("storage", sstore(0, 1) + sload(0) + sload(9) + sstore(0, 0)),
    Scenario("storage of others", call(CALL, WRITES) + call(CALL, WRITES)),
    Scenario("storage that is undone", sstore(0, 1) + reverts()),
    Scenario("an invalid opcode", INVALID),
    Scenario("an unknown opcode", b"\x0c"),
    Scenario("an inner invalid opcode", call(CALL, HALTS, gas=50_000)),
    Scenario("an inner loop without end", call(CALL, SPENDS, gas=3_000), gas=100_000),
    Scenario("too few words", push(1) + ADD),
    Scenario("a jump to nowhere", push(99) + b"\x56"),
    Scenario("a loop without end", b"\x5b\x5f\x56", gas=30_000),
    Scenario("memory beyond bounds", push(0) + push(b"\xff" * 32) + b"\x52"),
    Scenario("memory that nobody can pay", push(0) + push(10**9) + b"\x52", gas=100_000),
    Scenario("a write in a static call", call(STATICCALL, WRITES, gas=60_000)),
    Scenario("a log in a static call", call(STATICCALL, LOGS, gas=60_000)),
    Scenario("a native function", call(CALL, IDENTITY, data=b"abcdef", out=32)),
    Scenario("a native function that fails", call(STATICCALL, PAIRING, data=b"odd", gas=99_000)),
    Scenario("a delegated call of a native function", call(DELEGATECALL, IDENTITY, data=b"ab")),
    Scenario("too much return data", b"\x60\x01\x5f\x5f\x3e"),
    Scenario("a creation", deploys(returns(b"made")), creates=True),
    Scenario("a creation with value", deploys(b"\x00"), creates=True, value=9),
    Scenario("a creation of nothing", creates=True),
    Scenario("a creation that reverts", reverts(reason("unborn")), creates=True),
    Scenario("a creation that halts", INVALID, creates=True),
    Scenario("a creation of reserved code", returns(b"\xef"), creates=True),
    Scenario(
        "a creation of too much", push(30_000) + push(0) + b"\xf3", creates=True, gas=9_000_000
    ),
    Scenario("a creation that cannot be paid", push(20_000) + push(0) + b"\xf3", creates=True),
    Scenario("an inner creation", create(deploys(b"\x5f")) + create(b"", value=1), value=1),
    Scenario("an inner creation that reverts", create(reverts(reason("never")))),
    Scenario("an inner creation with salt", create(deploys(b"\x5f"), salt=7) * 2),
    Scenario("an inner creation that lacks funds", create(b"\x00", value=10**20)),
    Scenario("a self-destruction", destroys(NOBODY), value=11),
    Scenario("a self-destruction for oneself", b"\x30\xff", value=11),
    Scenario("an inner self-destruction", call(CALL, DESTROYS, value=4), value=4),
    Scenario("a creation that self-destructs", destroys(LEAF), creates=True, value=5),
    Scenario("an inner creation that self-destructs", create(destroys(LEAF)) + sstore(0, 1)),
    Scenario(
        "balances and codes",
        b"".join(push(LEAF) + bytes([op]) + POP for op in (0x31, 0x3B, 0x3F))
        + push(4)
        + push(0)
        + push(0)
        + push(THROWS)
        + b"\x3c",
    ),
    Scenario("calls within calls", push(0) * 5 + push(DEEP) + b"\x5a\xf1", gas=100_000),
)

PLACES: Final = {scenario.name: at(100 + index) for index, scenario in enumerate(SCENARIOS)}
"""Where the contract of each scenario stands."""
CODES: Final[dict[bytes, bytes]] = {
    **SMALL,
    at(11): call(CALL, LEAF) + call(DELEGATECALL, THROWS) + returns(b"up"),
    **{PLACES[scenario.name]: scenario.code for scenario in SCENARIOS if not scenario.creates},
}
"""All contracts by address."""
