"""A withdrawal is paid once, after a proof, a won game and both waits, and not otherwise."""

from __future__ import annotations

import pytest

from byline.derivation.hashing import keccak256
from tests.contracts.harness import Outcome, word
from tests.contracts.l1_stack import CHALLENGER, GUARDIAN, Stack, l1_stack, plan, text
from tests.contracts.withdrawals import PROVER, Passer, Withdrawal, other, proposed

ETHER = 10**18
TARGET = b"\x7a" * 20


def funded(stack: Stack) -> Stack:
    stack.evm.set(stack.portal.address, balance=100 * ETHER)
    return stack


def error(stack: Stack, outcome: Outcome) -> str:
    assert not outcome.success
    return stack.portal.error(outcome).removeprefix("OptimismPortal_")


def test_a_withdrawal_is_proven_and_paid_once() -> None:
    stack = funded(l1_stack())
    withdrawal = Withdrawal(value=ETHER)
    ready = proposed(stack, withdrawal)
    proven = ready.prove(withdrawal)
    assert proven.success
    events = [stack.portal.event(log) for log in proven.logs]
    assert events == [
        {
            "": "WithdrawalProven",
            "withdrawalHash": withdrawal.hash,
            "sender": text(withdrawal.sender),
            "target": text(withdrawal.target),
        },
        {
            "": "WithdrawalProvenExtension1",
            "withdrawalHash": withdrawal.hash,
            "proofSubmitter": text(PROVER),
        },
    ]
    stored = stack.portal.read("provenWithdrawals", withdrawal.hash, text(PROVER))
    assert stored == (text(ready.game.address), stack.timestamp)
    assert stack.portal.read("numProofSubmitters", withdrawal.hash) == 1
    assert stack.portal.read("proofSubmitters", withdrawal.hash, 0) == text(PROVER)
    stack.settle(ready.game)
    stack.wait(13)
    assert stack.portal.send("checkWithdrawal", withdrawal.hash, text(PROVER)).success
    paid = ready.finalize(withdrawal)
    (event,) = (stack.portal.event(log) for log in paid.logs)
    assert event == {
        "": "WithdrawalFinalized",
        "withdrawalHash": withdrawal.hash,
        "success": True,
    }
    assert stack.evm.balance(TARGET) == ETHER
    assert stack.evm.balance(stack.portal.address) == 99 * ETHER
    assert error(stack, ready.finalize(withdrawal)) == "AlreadyFinalized"
    assert stack.evm.balance(TARGET) == ETHER


def test_somebody_else_may_finalize_by_the_proof_of_the_prover() -> None:
    stack = funded(l1_stack())
    withdrawal = Withdrawal(value=1)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert error(stack, ready.finalize(withdrawal, sender=b"\x42" * 20)) == "Unproven"
    outcome = stack.portal.send(
        "finalizeWithdrawalTransactionExternalProof",
        withdrawal.fields,
        text(PROVER),
        sender=b"\x42" * 20,
    )
    assert outcome.success
    assert stack.evm.balance(TARGET) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": (1 << 240) + 1}, "MerkleTrie"),
        ({"sender": b"\x01" * 20}, "MerkleTrie"),
        ({"target": b"\x02" * 20}, "MerkleTrie"),
        ({"value": 2}, "MerkleTrie"),
        ({"gas_limit": 99_999}, "MerkleTrie"),
        ({"data": b"x"}, "MerkleTrie"),
    ],
)
def test_a_withdrawal_with_one_field_changed_is_not_proven(
    change: dict[str, object], words: str
) -> None:
    stack = l1_stack()
    withdrawal = Withdrawal(value=1)
    ready = proposed(stack, withdrawal)
    proof = ready.passer.proof(withdrawal)
    refused = ready.prove(other(withdrawal, **change), proof=proof)
    assert error(stack, refused).startswith(words)


def test_a_record_of_anything_but_true_proves_nothing() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal(value=1)
    passer = Passer.of(withdrawal)
    passer.trie[withdrawal.key] = b"\x02"
    stack.propose(passer.root, 100)
    stack.wait(1)
    refused = stack.portal.send(
        "proveWithdrawalTransaction",
        withdrawal.fields,
        0,
        passer.output,
        passer.proof(withdrawal),
        sender=PROVER,
    )
    assert error(stack, refused) == "InvalidMerkleProof"


def test_each_part_of_the_output_root_proof_counts() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    for part in range(4):
        output = list(ready.passer.output)
        output[part] = b"\x0f" * 32
        refused = ready.prove(withdrawal, output=tuple(output))
        assert error(stack, refused) == "InvalidOutputRootProof"


def test_a_game_that_does_not_exist_proves_nothing() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    assert not ready.prove(withdrawal, index=1).success


def test_withdrawals_to_the_portal_are_refused() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal(target=stack.portal.address)
    assert error(stack, proposed(stack, withdrawal).prove(withdrawal)) == "BadTarget"


def test_a_game_counts_from_the_block_after_its_own() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    stack.wait(-1, blocks=-1)
    assert error(stack, ready.prove(withdrawal)) == "InvalidProofTimestamp"
    stack.wait(1)
    assert ready.prove(withdrawal).success


def test_a_proof_no_later_than_its_game_is_not_paid() -> None:
    # It cannot be made any more; a portal that was set up on old storage would refuse it.
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    outer = keccak256(word(57) + withdrawal.hash)
    slot = int.from_bytes(keccak256(outer + bytes(12) + PROVER), "big")
    packed = stack.evm.storage(stack.portal.address, slot)
    created = ready.game.read("createdAt")
    assert packed >> 160 == created + 1
    stack.evm.set(stack.portal.address, storage={slot: packed - (1 << 160)})
    assert error(stack, ready.finalize(withdrawal)) == "InvalidProofTimestamp"
    stack.evm.set(stack.portal.address, storage={slot: packed})
    assert ready.finalize(withdrawal).success


def test_a_game_that_the_challenger_has_won_proves_nothing() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    assert ready.game.send("challenge", sender=CHALLENGER).success
    stack.settle(ready.game)
    assert error(stack, ready.prove(withdrawal)) == "InvalidDisputeGame"


def test_a_proof_by_a_game_that_loses_later_is_worth_nothing() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    assert ready.prove(withdrawal).success
    assert ready.game.send("challenge", sender=CHALLENGER).success
    stack.settle(ready.game)
    stack.wait(100)
    assert error(stack, ready.finalize(withdrawal)) == "InvalidRootClaim"


def test_a_type_that_was_not_respected_proves_nothing() -> None:
    stack = l1_stack()
    assert stack.registry.send("setRespectedGameType", 0, sender=GUARDIAN).success
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    stack.registry.send("setRespectedGameType", 1, sender=GUARDIAN)
    assert error(stack, ready.prove(withdrawal)) == "InvalidDisputeGame"


@pytest.mark.parametrize("way", ["blacklisted", "retired"])
def test_what_the_guardian_takes_out_neither_proves_nor_pays(way: str) -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    call = (
        ("blacklistDisputeGame", text(ready.game.address))
        if way == "blacklisted"
        else ("updateRetirementTimestamp",)
    )
    assert stack.registry.send(*call, sender=GUARDIAN).success
    assert error(stack, ready.finalize(withdrawal)) == "InvalidRootClaim"
    assert error(stack, ready.prove(withdrawal)) == "ImproperDisputeGame"


def test_nothing_leaves_during_a_pause() -> None:
    stack = funded(l1_stack())
    withdrawal = Withdrawal(value=1)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    assert stack.superchain.send("pause", text(bytes(20)), sender=GUARDIAN).success
    assert stack.portal.read("paused")
    assert error(stack, ready.prove(withdrawal)) == "CallPaused"
    assert error(stack, ready.finalize(withdrawal)) == "CallPaused"
    assert stack.superchain.send("unpause", text(bytes(20)), sender=GUARDIAN).success
    assert ready.finalize(withdrawal).success


def test_both_waits_end_a_second_after_they_are_over() -> None:
    stack = l1_stack(plan(clock=10, maturity=30, finality=40))
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    assert ready.prove(withdrawal).success
    stack.settle(ready.game)
    stack.wait(20)
    assert error(stack, ready.finalize(withdrawal)) == "ProofNotOldEnough"
    stack.wait(1)
    assert error(stack, ready.finalize(withdrawal)) == "InvalidRootClaim"
    stack.wait(19)
    assert error(stack, ready.finalize(withdrawal)) == "InvalidRootClaim"
    stack.wait(1)
    assert ready.finalize(withdrawal).success


def test_proving_again_begins_the_wait_anew_and_pays_by_the_new_game() -> None:
    stack = l1_stack(plan(maturity=1_000))
    withdrawal = Withdrawal()
    ready = proposed(stack, withdrawal)
    assert ready.prove(withdrawal).success
    stack.wait(900)
    assert ready.prove(withdrawal).success
    assert stack.portal.read("numProofSubmitters", withdrawal.hash) == 2
    stack.settle(ready.game)
    stack.wait(200)
    assert error(stack, ready.finalize(withdrawal)) == "ProofNotOldEnough"
    stack.wait(1_000)
    assert ready.finalize(withdrawal).success


def test_what_the_portal_does_not_have_can_be_paid_later() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal(value=10)
    ready = proposed(stack, withdrawal)
    ready.mature(withdrawal)
    stack.evm.set(stack.portal.address, balance=9)
    assert error(stack, ready.finalize(withdrawal)) == "ETHLockbox_InsufficientBalance"
    assert stack.portal.send("donateETH", value=1).success
    assert ready.finalize(withdrawal).success
    assert stack.evm.balance(TARGET) == 10


def test_an_unproven_withdrawal_is_not_paid() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    assert error(stack, proposed(stack, withdrawal).finalize(withdrawal)) == "Unproven"


def test_data_at_the_bound_is_proven_and_beyond_it_refused() -> None:
    stack = l1_stack()
    for size, accepted in ((24_576, True), (24_577, False)):
        withdrawal = Withdrawal(data=b"\x5a" * size)
        ready = proposed(stack, withdrawal, number=100 + size)
        assert ready.prove(withdrawal).success == accepted


def test_proving_stays_below_a_quarter_of_a_million_gas() -> None:
    stack = l1_stack()
    withdrawal = Withdrawal()
    passer = Passer.of(withdrawal, others=20_000)
    stack.propose(passer.root, 100)
    stack.wait(1)
    outcome = stack.portal.send(
        "proveWithdrawalTransaction",
        withdrawal.fields,
        0,
        passer.output,
        passer.proof(withdrawal),
        sender=PROVER,
    )
    assert outcome.success
    assert outcome.gas_used < 250_000
