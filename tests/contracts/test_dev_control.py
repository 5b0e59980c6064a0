"""DevControl announces what L2 blocks hold, for its owner alone."""

from __future__ import annotations

from typing import Any

import pytest

from byline.derivation.dev_deposits import MOST_DEPOSIT_BYTES, dev_deposit, write_deposit
from byline.derivation.dev_events import CLOCK_SET, BlockSet, ClockSet, DevDeposited, read_event
from byline.derivation.intrinsic import data_floor_gas, message_intrinsic_gas
from byline.derivation.receipt import Log
from byline.node.contracts import addresses, artifacts
from byline.node.l1.dev_control import call_gas, deposit_call, set_clock_call, set_field_call
from tests.contracts.harness import ANYBODY, Contract, Evm, Outcome, word

OWNER = b"\x05" * 20


def dev_control() -> Contract:
    evm = Evm()
    artifact = artifacts.load("DevControl")
    evm.set(addresses.DEV_CONTROL, code=artifact.runtime)
    evm.set(addresses.DEV_CONTROL, storage={0: int.from_bytes(OWNER, "big")})
    return Contract(evm, addresses.DEV_CONTROL, artifact.abi)


def test_the_owner_announces_a_jump_under_the_topic_that_derivation_reads() -> None:
    (log,) = dev_control().send("setClock", 7, 2**64 - 1, sender=OWNER).logs
    assert log.topics == (CLOCK_SET, word(7))
    assert log.data == word(2**64 - 1)


def test_nobody_else_may_move_the_clock() -> None:
    contract = dev_control()
    outcome = contract.send("setClock", 7, 8, sender=ANYBODY)
    assert contract.error(outcome) == "NotOwner"
    assert contract.read("owner") == "0x" + OWNER.hex()


def log_of(outcome: Outcome) -> Log:
    (log,) = outcome.logs
    return Log(addresses.DEV_CONTROL, log.topics, log.data)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 60_000])
def test_what_the_owner_deposits_is_what_derivation_reads(size: int) -> None:
    made = dev_deposit(word(7), b"\x0a" * 20, None, 5, 6, b"\x01" * size)
    call = ("deposit", 9, word(7), write_deposit(made))
    found = read_event(log_of(dev_control().send(*call, sender=OWNER)))
    assert found == DevDeposited(9, made)


def test_what_the_owner_sets_of_a_block_is_what_derivation_reads() -> None:
    found = read_event(log_of(dev_control().send("setField", 9, 2, 2**256 - 1, sender=OWNER)))
    assert found == BlockSet(9, 2, 2**256 - 1)
    assert read_event(log_of(dev_control().send("setClock", 9, 2, sender=OWNER))) == ClockSet(9, 2)


@pytest.mark.parametrize("size", [0, 1_000, MOST_DEPOSIT_BYTES])
@pytest.mark.parametrize("byte", [b"\x00", b"\x01"])
def test_the_nodes_calls_are_those_of_the_contract_and_their_gas_is_enough(
    size: int, byte: bytes
) -> None:
    contract = dev_control()
    call = deposit_call(9, word(7), byte * size)
    outcome = contract.evm.call(contract.address, call, sender=OWNER)
    (log,) = outcome.logs
    assert log == contract.send("deposit", 9, word(7), byte * size, sender=OWNER).logs[0]
    intrinsic = message_intrinsic_gas(contract.address, call)
    assert max(outcome.gas_used + intrinsic, data_floor_gas(call)) <= call_gas(call)


def test_fields_and_times_are_set_by_the_nodes_calls() -> None:
    contract = dev_control()
    for call, event in (
        (set_field_call(1, 2, 3), BlockSet(1, 2, 3)),
        (set_clock_call(1, 2), ClockSet(1, 2)),
    ):
        outcome = contract.evm.call(contract.address, call, sender=OWNER)
        assert read_event(log_of(outcome)) == event
        assert outcome.gas_used + message_intrinsic_gas(contract.address, call) <= call_gas(call)


@pytest.mark.parametrize(
    "call", [("deposit", 7, word(8), b"\x01"), ("setField", 7, 8, 9), ("setClock", 7, 8)]
)
def test_nobody_else_declares_anything(call: tuple[Any, ...]) -> None:
    contract = dev_control()
    assert contract.error(contract.send(*call, sender=ANYBODY)) == "NotOwner"


def test_a_longer_deposit_is_refused() -> None:
    outcome = dev_control().send(
        "deposit", 7, word(8), bytes(MOST_DEPOSIT_BYTES + 1), sender=OWNER
    )
    assert not outcome.success
