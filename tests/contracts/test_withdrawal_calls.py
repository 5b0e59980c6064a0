"""A withdrawal calls its target: with its sender known, with its gas, and one at a time."""

from __future__ import annotations

import pytest

from byline.node.contracts.artifacts import Artifact
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, Outcome
from tests.contracts.l1_stack import Stack, l1_stack, text
from tests.contracts.withdrawals import PROVER, Withdrawal, proposed

ETHER = 10**18
ESTIMATION = bytes(19) + b"\x01"
TARGET = b"\x7a" * 20

TARGET_SOURCE = """
interface Portal:
    def l2Sender() -> address: view
    def finalizeWithdrawalTransaction(t: Withdrawal): nonpayable

struct Withdrawal:
    nonce: uint256
    sender: address
    target: address
    value: uint256
    gasLimit: uint256
    data: Bytes[64]

seen: public(address)
got: public(uint256)
gas: public(uint256)
wasRefused: public(bool)

@external
@payable
def look(_portal: address):
    self.gas = msg.gas
    self.got = msg.value
    self.seen = staticcall Portal(_portal).l2Sender()

@external
@payable
def fail():
    raise "no"

@external
def enterAgain(_portal: address, _call: Bytes[1024]):
    self.wasRefused = not raw_call(_portal, _call, revert_on_failure=False)
"""


def funded(stack: Stack) -> Stack:
    stack.evm.set(stack.portal.address, balance=100 * ETHER)
    return stack


def error(stack: Stack, outcome: Outcome) -> str:
    assert not outcome.success
    return stack.portal.error(outcome).removeprefix("OptimismPortal_")


@pytest.fixture(scope="module")
def target() -> Artifact:
    return compiled(TARGET_SOURCE)


def call_data(artifact: Artifact, name: str, *arguments: object) -> bytes:
    return Contract(Evm(), bytes(20), artifact.abi).data(name, *arguments)


def test_the_target_sees_who_withdrew_and_gets_its_gas(target: Artifact) -> None:
    stack = funded(l1_stack())
    stack.evm.set(TARGET, code=target.runtime)
    data = call_data(target, "look", text(stack.portal.address))
    withdrawal = Withdrawal(value=5, gas_limit=300_000, data=data)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert ready.finalize(withdrawal, gas=700_000).success
    seen = Contract(stack.evm, TARGET, target.abi)
    assert seen.read("seen") == text(withdrawal.sender)
    assert seen.read("got") == 5
    assert seen.read("gas") >= 300_000 - 1_000
    assert stack.portal.read("l2Sender") == "0x000000000000000000000000000000000000dead"


def test_without_the_gas_that_was_asked_for_nothing_is_marked_as_paid(target: Artifact) -> None:
    stack = funded(l1_stack())
    stack.evm.set(TARGET, code=target.runtime)
    data = call_data(target, "look", text(stack.portal.address))
    withdrawal = Withdrawal(value=5, gas_limit=300_000, data=data)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    refused = ready.finalize(withdrawal, gas=380_000)
    assert stack.portal.error(refused) == "SafeCall: Not enough gas"
    assert not stack.portal.read("finalizedWithdrawals", withdrawal.hash)


def test_a_target_that_fails_keeps_its_withdrawal_finalized(target: Artifact) -> None:
    stack = funded(l1_stack())
    stack.evm.set(TARGET, code=target.runtime)
    withdrawal = Withdrawal(value=5, data=call_data(target, "fail"))
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    estimated = ready.finalize(withdrawal, origin=ESTIMATION)
    assert error(stack, estimated) == "GasEstimation"
    outcome = ready.finalize(withdrawal)
    assert outcome.success
    assert stack.portal.event(outcome.logs[0])["success"] is False
    assert stack.evm.balance(TARGET) == 0
    assert error(stack, ready.finalize(withdrawal)) == "AlreadyFinalized"


def test_a_target_cannot_begin_another_withdrawal(target: Artifact) -> None:
    stack = funded(l1_stack())
    stack.evm.set(TARGET, code=target.runtime)
    inner = Withdrawal(nonce=(1 << 240) + 1, value=7, target=b"\x11" * 20)
    call = stack.portal.data(
        "finalizeWithdrawalTransactionExternalProof", inner.fields, text(PROVER)
    )
    data = call_data(target, "enterAgain", text(stack.portal.address), call)
    outer = Withdrawal(gas_limit=2_000_000, data=data)
    ready = proposed(stack, inner, outer)
    assert ready.prove(inner).success
    ready.mature(outer)
    assert ready.finalize(outer).success
    assert Contract(stack.evm, TARGET, target.abi).read("wasRefused")
    assert stack.evm.balance(b"\x11" * 20) == 0
    # Not because it was unready.
    assert ready.finalize(inner).success
    assert stack.evm.balance(b"\x11" * 20) == 7
