"""What is wrong at the portal is refused with the error of the genuine one.

Each case puts both sides into one state and makes one call, which must fail with the same bytes;
they are the error that the case names, or the text.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from tests.contracts.bridging import SOMEBODY
from tests.contracts.harness import Outcome, word
from tests.contracts.l1_stack import text
from tests.contracts.sides_of_l1 import (
    PERSON,
    REFUSER,
    OneSide,
    Refusals,
    both_sides,
    encoded,
)
from tests.contracts.withdrawals import PROVER, Passer, Withdrawal

PAID: Final = Withdrawal(value=5)
ONE: Final = bytes(19) + b"\x01"
DEPOSIT: Final = "depositTransaction(address,uint256,uint64,bool,bytes)"
CHECK: Final = "checkWithdrawal(bytes32,address)"
REFUSALS: Final = Refusals()
raises: Final = REFUSALS.raises


# --- Deposits


@raises("OptimismPortal_BadTarget()")
def creation_with_a_target(side: OneSide) -> Outcome:
    return side.call("OptimismPortal", DEPOSIT, SOMEBODY, 0, 100_000, True, b"")


@raises("OptimismPortal_GasLimitTooLow()")
def deposit_with_too_little_gas(side: OneSide) -> Outcome:
    return side.call("OptimismPortal", DEPOSIT, SOMEBODY, 0, 21_039, False, b"\x01")


@raises("OutOfGas()")
def deposit_of_more_gas_than_a_block_has(side: OneSide) -> Outcome:
    return side.call("OptimismPortal", DEPOSIT, SOMEBODY, 0, 20_000_001, False, b"")


# --- Proofs


@raises("OptimismPortal_CallPaused()")
def proof_during_a_pause(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    side.pause()
    return side.prove(PAID)


@raises("OptimismPortal_BadTarget()")
def proof_of_a_withdrawal_to_the_portal(side: OneSide) -> Outcome:
    withdrawal = replace(PAID, target=side.at["OptimismPortal"])
    side.propose(withdrawal)
    side.wait(1)
    return side.prove(withdrawal)


@raises("OptimismPortal_ImproperDisputeGame()")
def proof_by_a_blacklisted_game(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    side.guard("blacklistDisputeGame(address)", text(side.game))
    return side.prove(PAID)


@raises("OptimismPortal_ImproperDisputeGame()")
def proof_by_a_retired_game(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    side.guard("updateRetirementTimestamp()")
    return side.prove(PAID)


@raises("OptimismPortal_InvalidDisputeGame()")
def proof_by_a_game_of_a_type_that_was_not_respected(side: OneSide) -> Outcome:
    side.guard("setRespectedGameType(uint32)", 7)
    side.propose(PAID)
    side.wait(1)
    side.guard("setRespectedGameType(uint32)", 1)
    return side.prove(PAID)


@raises("OptimismPortal_InvalidDisputeGame()")
def proof_by_a_game_that_the_challenger_has_won(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.lose()
    return side.prove(PAID)


@raises("OptimismPortal_InvalidProofTimestamp()")
def proof_in_the_second_of_the_game(side: OneSide) -> Outcome:
    side.propose(PAID)
    return side.prove(PAID)


@raises("OptimismPortal_InvalidOutputRootProof()")
def proof_of_another_output_root(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    return side.prove(PAID, output=Passer.of(PAID, others=3).output)


@raises("OptimismPortal_InvalidMerkleProof()")
def proof_of_a_record_that_is_not_true(side: OneSide) -> Outcome:
    passer = Passer.of(PAID)
    passer.trie[PAID.key] = b"\x02"
    outcome = side.create(passer.root, word(100))
    assert outcome.success
    side.index, side.passer = side.index + 1, passer
    side.wait(1)
    return side.prove(PAID, index=0)


@raises("MerkleTrie: ran out of proof elements")
def proof_without_nodes(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    return side.prove(PAID, proof=[])


@raises("MerkleTrie: invalid root hash")
def proof_out_of_another_trie(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    return side.prove(PAID, proof=Passer.of(PAID, others=3).proof(PAID))


@raises("MerkleTrie: ran out of proof elements")
def proof_that_ends_early(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    assert side.passer is not None
    return side.prove(PAID, proof=side.passer.proof(PAID)[:-1])


@raises("MerkleTrie: invalid large internal hash")
def proof_with_a_changed_leaf(side: OneSide) -> Outcome:
    side.propose(PAID)
    side.wait(1)
    assert side.passer is not None
    *nodes, leaf = side.passer.proof(PAID)
    return side.prove(PAID, proof=[*nodes, leaf[:-1] + b"\x02"])


# --- Payment


@raises("OptimismPortal_CallPaused()")
def payment_during_a_pause(side: OneSide) -> Outcome:
    side.ripe(PAID)
    side.pause()
    return side.finalize(PAID)


@raises("OptimismPortal_Unproven()")
def payment_without_proof(side: OneSide) -> Outcome:
    return side.finalize(PAID)


@raises("OptimismPortal_Unproven()")
def payment_by_the_proof_of_somebody_else(side: OneSide) -> Outcome:
    side.ripe(PAID)
    return side.finalize(PAID, sender=PERSON)


@raises("OptimismPortal_Unproven()")
def question_about_a_withdrawal_without_proof(side: OneSide) -> Outcome:
    return side.call("OptimismPortal", CHECK, PAID.hash, text(PROVER))


@raises("OptimismPortal_ProofNotOldEnough()")
def payment_soon_after_the_proof(side: OneSide) -> Outcome:
    side.proven(PAID)
    side.wait(12)
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def payment_before_the_game_is_resolved(side: OneSide) -> Outcome:
    side.proven(PAID)
    side.wait(13)
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def payment_soon_after_the_game(side: OneSide) -> Outcome:
    side.proven(PAID)
    side.settle()
    side.wait(6)
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def payment_after_the_challenger_has_won(side: OneSide) -> Outcome:
    side.proven(PAID)
    side.lose()
    side.wait(100)
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def payment_after_the_game_was_blacklisted(side: OneSide) -> Outcome:
    side.ripe(PAID)
    side.guard("blacklistDisputeGame(address)", text(side.game))
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def payment_after_the_game_was_retired(side: OneSide) -> Outcome:
    side.ripe(PAID)
    side.guard("updateRetirementTimestamp()")
    return side.finalize(PAID)


@raises("OptimismPortal_InvalidRootClaim()")
def question_about_a_withdrawal_whose_game_goes_on(side: OneSide) -> Outcome:
    side.proven(PAID)
    side.wait(13)
    return side.call("OptimismPortal", CHECK, PAID.hash, text(PROVER))


@raises("OptimismPortal_AlreadyFinalized()")
def payment_for_the_second_time(side: OneSide) -> Outcome:
    side.ripe(PAID)
    assert side.finalize(PAID).success
    return side.finalize(PAID)


@raises("OptimismPortal_NoReentrancy()")
def payment_within_a_payment(side: OneSide) -> Outcome:
    side.ripe(PAID)
    side.as_withdrawal_of(PERSON)
    return side.finalize(PAID)


@raises("OptimismPortal_BadTarget()")
def payment_to_the_portal(side: OneSide) -> Outcome:
    return side.finalize(replace(PAID, target=side.at["OptimismPortal"]))


@raises("ETHLockbox_InsufficientBalance()")
def payment_of_more_than_there_is(side: OneSide) -> Outcome:
    withdrawal = replace(PAID, value=10**18 + 1)
    side.ripe(withdrawal)
    return side.finalize(withdrawal)


@raises("SafeCall: Not enough gas")
def payment_with_less_gas_than_is_asked(side: OneSide) -> Outcome:
    withdrawal = replace(PAID, gas_limit=1_000_000)
    side.ripe(withdrawal)
    return side.finalize(withdrawal, gas=1_000_000)


@raises("OptimismPortal_GasEstimation()")
def payment_whose_gas_is_being_estimated(side: OneSide) -> Outcome:
    withdrawal = replace(PAID, target=REFUSER)
    side.ripe(withdrawal)
    call = "finalizeWithdrawalTransactionExternalProof"
    signature = f"{call}((uint256,address,address,uint256,uint256,bytes),address)"
    return side.call("OptimismPortal", signature, withdrawal.fields, text(PROVER), sender=ONE)


# --- The tests


@pytest.mark.parametrize("name", REFUSALS)
def test_both_refuse_with_the_same_error(name: str) -> None:
    REFUSALS.check(name)


def test_what_is_not_wrong_is_taken_by_both() -> None:
    for side in both_sides():
        side.ripe(PAID)
        assert side.finalize(PAID).success
        assert side.evm.balance(PAID.target) == 5


def test_more_data_than_the_genuine_portal_takes_is_refused_by_both() -> None:
    # Ours takes less, and refuses without a reason, as Vyper does for long arguments.
    data = bytes(120_001)
    call = (DEPOSIT, SOMEBODY, 0, 21_000 + 40 * len(data), False, data)
    ours, genuine = (side.call("OptimismPortal", *call) for side in both_sides())
    assert (ours.success, genuine.success) == (False, False)
    assert genuine.output == encoded("OptimismPortal_CalldataTooLarge()")
    assert ours.output == b""
