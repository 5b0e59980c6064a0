"""Programs made to go wrong end alike on both engines: gas, words, logs, marks and root."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from byline.derivation.config import Fork
from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import ENGINES
from byline.node.evm.machine import CallOutcome
from tests.unit.node.evm import evm_kit
from tests.unit.node.evm.evm_kit import CODE_AT, call, l2_machine, run

OTHER, DELEGATE = b"\x33" * 20, b"\x44" * 20
MOST: Final = "7f" + "ff" * 32
TO_64: Final = "68" + "01" + "00" * 8
CREATE_EMPTY: Final = "5f5f5ff0"
PROGRAMS: Final = {
    "load at 2**64": TO_64 + "51",
    "load at 2**256 - 1": MOST + "51",
    "store where the end wraps": "5f" + MOST + "52",
    "hash 2**256 - 1 bytes": MOST + "5f20",
    "hash nothing at 2**256 - 1": "5f" + MOST + "20",
    "copy nothing to 2**64": "5f5f" + TO_64 + "37",
    "copy code from 2**256 - 1": "6020" + MOST + "5f39",
    "move memory up to 2**64": "6001" + TO_64 + "5f5e",
    "return data of nobody": "60015f5f3e",
    "return data, nothing of it": "5f5f5f3e",
    "return data from 2**256 - 1": "6001" + MOST + "5f3e",
    "jump into the data of a push": "600456605b00",
    "jump to 2**64": TO_64 + "56",
    "jump beyond the end": "60ff56",
    "push at the end": "7f",
    "an empty stack": "01",
    "a stack that overflows": "5b5f5f56",
    "an opcode that is none": "0c",
    "a call with more gas than there is": "5f5f5f5f5f30" + MOST + "f1",
    "a call with gas beyond 63 bits": "5f5f5f5f5f73" + OTHER.hex() + "6780" + "00" * 7 + "f1",
    "a call of value without funds": "5f5f5f5f600173" + OTHER.hex() + "5af15f5260205ff3",
    "a call with output beyond memory": MOST + "5f5f5f5f305af1",
    "a write while static": "5f5f5f5f305afa36" + "5f5500",
    "a log of 2**64 bytes": TO_64 + "5fa0",
    "a creation of too much code": "61c0015f5ff0",
    "a creation without funds": "5f5f6001f05f5260205ff3",
    "two creations at one address": "5f5f5f5ff55f5260015f5ff55f5f5f5ff560205260405ff3",
    "a creation of reserved code": "60ef5f5360015f60015ff5",
    "self-destruction to itself": "30ff",
    "self-destruction of what was just made": "6130ff5f526002601e5ff05f5f5f5f5f855af100",
    "a call of itself, as deep as gas goes": "5f5f5f5f5f305af15f55",
    "a loop of delegations": "5f5f5f5f5f73" + DELEGATE.hex() + "5af15f5260205ff3",
    "a call of SHA-256 without the gas": "5f5f5f5f5f6002603bf15f5260205ff3",
    "a call of the pairing with half a pair": "5f5f60605f5f60085af15f5260205ff3",
    "blocks that are not there": "600140" + MOST + "405f40",
    "a power of the longest exponent": MOST + MOST + "0a",
    "the least signed word by minus one": MOST + "6001" + "60ff1b05",
}
GASES: Final = (20_000, 1_000_000)


@pytest.fixture(scope="module")
def deep() -> Iterator[ThreadPoolExecutor]:
    """Return a thread whose stack bears what py-evm needs for 1,024 nested calls."""
    before = threading.stack_size()
    prepare_threads()
    with ThreadPoolExecutor(1) as pool:
        yield pool
    threading.stack_size(before)


def seen(name: str, code: str, gas: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return all that one engine makes of a program."""
    monkeypatch.setattr(evm_kit, "ENGINE", ENGINES[name]())
    on = l2_machine(Fork.KARST)
    on.set_balance(CODE_AT, 0)
    on.set_code(OTHER, bytes.fromhex("60205ffd"))
    on.set_code(DELEGATE, b"\xef\x01\x00" + DELEGATE)
    found: list[Any] = [run(on, bytes.fromhex(code), gas), dict(on.accessed())]
    return [*found, on.commit()]


@pytest.mark.parametrize("gas", GASES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_both_engines_end_a_program_alike(
    name: str, gas: int, deep: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [
        deep.submit(seen, engine, PROGRAMS[name], gas, monkeypatch).result() for engine in ENGINES
    ]
    assert both[0] == both[1]


# Slot 0 is set to each byte of the call's data in turn.
SETS_SLOT: Final = "5f5b80361460155780" + "3560f81c5f55600101600156" + "5b00"
TURNS: Final = [bytes([a, b, c]) for a in range(3) for b in range(3) for c in range(3)]


def spent(name: str, before: int, data: bytes, gas: int, mp: pytest.MonkeyPatch) -> CallOutcome:
    mp.setattr(evm_kit, "ENGINE", ENGINES[name]())
    on = l2_machine(Fork.KARST)
    on.set_code(CODE_AT, bytes.fromhex(SETS_SLOT))
    on.set_storage(CODE_AT, 0, before)
    return call(on, CODE_AT, data, gas)


@pytest.mark.parametrize("before", [0, 1])
def test_every_order_of_writes_costs_alike_and_one_gas_less_fails(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 200_000
    for data in TURNS:
        enough = spent("fast", before, data, most, monkeypatch)
        assert enough.succeeded
        assert enough == spent("pyevm", before, data, most, monkeypatch)
        need = most - enough.gas_left
        # The sentry of EIP-2200 may ask for more than is used.
        for gas in (need - 1, need, need + 2_300):
            ours, theirs = (spent(name, before, data, gas, monkeypatch) for name in ENGINES)
            assert ours == theirs, (data, gas)
        assert not spent("fast", before, data, need - 1, monkeypatch).succeeded
