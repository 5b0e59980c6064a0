"""The ledger: prepaid balances, requests, publication, and how a batch ends."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from byline.node.attribution.encoding import RecordLeaf, out_hash
from byline.node.attribution.proof.challenges import NotSettled
from byline.node.attribution.weights import payout_root, weights_root
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles.evidence.merkle import MerkleTree
from tests.contracts.attribution_family import LEDGER, done, refused, told
from tests.contracts.challenging import LIES, PROOFS
from tests.contracts.harness import Contract, Evm, Outcome
from tests.contracts.ledger_world import (
    BOND,
    DEFAULTED,
    DELAY,
    FEE,
    FINALIZED,
    OPERATOR,
    PAYERS,
    PENALTY,
    RECORDED,
    RELEASED,
    REQUEST,
    SETTLE_WINDOW,
    VOID,
    WATCHER,
    WINDOW,
    Answer,
    Batch,
    World,
    answer,
    corpus,
    world,
)

MADE_OF = corpus()
TRUE = answer(MADE_OF)
ETHER = 10**18
PAYER = PAYERS[0]
STRANGER = b"\x0d" * 20
PAYOUTS = 2**64 - 1


@pytest.fixture(params=Backend, ids=lambda backend: backend.value)
def chain(request: pytest.FixtureRequest) -> World:
    return world(MADE_OF, request.param)


# Prepaid balances


def test_anybody_may_pay_in_for_anybody(chain: World) -> None:
    outcome = done(chain.ledger, "depositFor", STRANGER, sender=PAYER, value=5)
    assert told(chain.ledger, outcome) == [
        {
            "": "PrepaidDeposited",
            "payer": "0x" + STRANGER.hex(),
            "by": "0x" + PAYER.hex(),
            "amount": 5,
        }
    ]
    assert (chain.prepaid(STRANGER), chain.prepaid(PAYER)) == (5, ETHER)
    refused(chain.ledger, chain.ledger.send("deposit", sender=PAYER), "NothingPaid()")
    outcome = chain.ledger.send("depositFor", bytes(20), sender=PAYER, value=1)
    refused(chain.ledger, outcome, "ZeroAddress()")


def test_money_leaves_after_the_delay_and_receipts_go_first(chain: World) -> None:
    refused(chain.ledger, chain.ledger.send("withdraw", sender=PAYER), "NothingToWithdraw()")
    done(chain.ledger, "requestWithdrawal", 2 * ETHER, sender=PAYER)
    ready = chain.now + DELAY
    chain.later(DELAY - 1)
    outcome = chain.ledger.send("withdraw", sender=PAYER)
    refused(chain.ledger, outcome, "WithdrawalNotReady(uint256)", ready)
    chain.record([TRUE])
    chain.later(1)
    before = chain.family.evm.balance(PAYER)
    outcome = done(chain.ledger, "withdraw", sender=PAYER)
    assert int.from_bytes(outcome.output, "big") == ETHER - FEE
    assert chain.family.evm.balance(PAYER) == before + ETHER - FEE
    assert chain.prepaid(PAYER) == 0
    done(chain.ledger, "deposit", sender=PAYER, value=9)
    # What was asked for has been paid: more needs another request.
    refused(chain.ledger, chain.ledger.send("withdraw", sender=PAYER), "NothingToWithdraw()")


def test_a_withdrawal_that_its_payer_does_not_take_stays(chain: World) -> None:
    done(chain.ledger, "depositFor", STRANGER, sender=PAYER, value=5)
    done(chain.ledger, "requestWithdrawal", 5, sender=STRANGER)
    chain.family.evm.set(STRANGER, code=b"\xfd")
    chain.later(DELAY)
    outcome = chain.ledger.send("withdraw", sender=STRANGER)
    refused(chain.ledger, outcome, "TransferFailed(address)", STRANGER)
    assert chain.prepaid(STRANGER) == 5


# Requests


def opened(chain: World, fee: int = FEE, seconds: int = 60) -> bytes:
    outcome = done(
        chain.ledger, "open", chain.model, REQUEST, chain.now + seconds, sender=PAYER, value=fee
    )
    return outcome.output


def answered(chain: World, request: bytes, one: Answer = TRUE, **options: bytes) -> Outcome:
    root = payout_root(one.points)
    return chain.ledger.send(
        "record",
        request,
        out_hash(one.output),
        one.tree.root,
        weights_root(one.points),
        3,
        len(one.output),
        root.root,
        root.count,
        **{"sender": OPERATOR} | options,
    )


def test_a_request_is_answered_by_a_batch_of_one(chain: World) -> None:
    request = opened(chain)
    deadline = chain.now + 60
    assert chain.ledger.read("request", request) == (
        "0x" + PAYER.hex(), chain.model, REQUEST, FEE, deadline, 1,
    )  # fmt: skip
    outcome = answered(chain, request)
    assert outcome.success, chain.ledger.error(outcome)
    names = [event[""] for event in told(chain.ledger, outcome)]
    assert names == ["InferenceRecorded", "InferenceAnswered", "ReceiptBatch"]
    record = RecordLeaf(
        PAYER, REQUEST, out_hash(TRUE.output), TRUE.tree.root, weights_root(TRUE.points),
        FEE, 3, len(TRUE.output), 1,
    )  # fmt: skip
    assert chain.ledger.read("batch", 1)[2] == MerkleTree([record.encode()]).root
    assert chain.ledger.read("request", request)[0] == "0x" + bytes(20).hex()
    refused(chain.ledger, answered(chain, request), "UnknownRequest(bytes32)", request)
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", 1)
    batch = Batch(1, (TRUE,), (record,), TRUE.points)
    assert chain.settle(batch).success
    assert chain.balance() == 3 * ETHER


def test_a_request_is_the_operators_until_its_deadline_and_then_its_payers(chain: World) -> None:
    request = opened(chain)
    outcome = answered(chain, request, sender=STRANGER)
    refused(chain.ledger, outcome, "NotOperator(address)", STRANGER)
    deadline = chain.now + 60
    outcome = chain.ledger.send("cancel", request, sender=PAYER)
    refused(chain.ledger, outcome, "DeadlineNotPassed(uint256)", deadline)
    chain.later(60)
    outcome = chain.ledger.send("cancel", request, sender=PAYER)
    refused(chain.ledger, outcome, "DeadlineNotPassed(uint256)", deadline)
    chain.later(1)
    refused(chain.ledger, answered(chain, request), "DeadlinePassed(uint256)", deadline)
    outcome = chain.ledger.send("cancel", request, sender=STRANGER)
    refused(chain.ledger, outcome, "NotPayer(address)", STRANGER)
    before = chain.family.evm.balance(PAYER)
    outcome = done(chain.ledger, "cancel", request, sender=PAYER)
    assert [event[""] for event in told(chain.ledger, outcome)] == ["InferenceCancelled"]
    assert chain.family.evm.balance(PAYER) == before + FEE
    assert chain.balance() == 3 * ETHER
    outcome = chain.ledger.send("cancel", request, sender=PAYER)
    refused(chain.ledger, outcome, "UnknownRequest(bytes32)", request)


def test_a_request_that_nobody_could_answer_is_not_opened(chain: World) -> None:
    def send(model: int, deadline: int, value: int) -> Outcome:
        return chain.ledger.send("open", model, REQUEST, deadline, sender=PAYER, value=value)

    refused(chain.ledger, send(1, chain.now, 0), "NothingPaid()")
    refused(chain.ledger, send(1, chain.now - 1, 1), "DeadlinePassed(uint256)", chain.now - 1)
    refused(chain.ledger, send(2, chain.now, 1), "ModelNotLive(uint32)", 2)
    chain.family.evm.set(PAYER, balance=2**129)
    refused(chain.ledger, send(1, chain.now, 2**128), "AmountTooLarge(uint256)", 2**128)
    assert chain.balance() == 3 * ETHER
    first, second = opened(chain), opened(chain)
    assert first != second


# The end of a batch


def test_a_batch_runs_from_its_record_to_its_release(chain: World) -> None:
    batch = chain.record([TRUE] * 3)
    chain.later(WINDOW)
    outcome = chain.ledger.send("finalize", batch.id)
    refused(chain.ledger, outcome, "WindowNotOver(uint256)", chain.now)
    outcome = chain.ledger.send("release", batch.id)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, RECORDED)
    chain.later(1)
    outcome = done(chain.ledger, "finalize", batch.id, sender=STRANGER)
    assert told(chain.ledger, outcome) == [
        {"": "Finalized", "batchId": batch.id, "totalFee": 3 * FEE}
    ]
    assert chain.status(batch.id) == FINALIZED
    assert chain.balance() == 3 * ETHER - 3 * FEE
    assert chain.bond(OPERATOR)[1] == BOND
    outcome = chain.ledger.send("finalize", batch.id)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, FINALIZED)
    outcome = chain.ledger.send("release", batch.id)
    refused(chain.ledger, outcome, "NotSettled(uint64)", batch.id)
    outcome = chain.settle(batch)
    assert outcome.success, chain.vault.error(outcome)
    refused(chain.ledger, chain.challenge(batch.id, NotSettled()), "NotProven(uint8)", 7)
    chain.later(10 * SETTLE_WINDOW)
    refused(chain.ledger, chain.challenge(batch.id, NotSettled()), "NotProven(uint8)", 7)
    outcome = done(chain.ledger, "release", batch.id, sender=STRANGER)
    assert told(chain.ledger, outcome) == [
        {
            "": "Released",
            "batchId": batch.id,
            "operator": "0x" + OPERATOR.hex(),
            "bond": BOND,
        }
    ]
    assert chain.status(batch.id) == RELEASED
    assert chain.bond(OPERATOR) == (100 * BOND, 0, 0)
    outcome = chain.ledger.send("release", batch.id)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, RELEASED)


def test_who_does_not_settle_in_time_loses_the_bond(chain: World) -> None:
    batch = chain.record([TRUE] * 2)
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", batch.id)
    chain.later(SETTLE_WINDOW)
    refused(chain.ledger, chain.challenge(batch.id, NotSettled()), "NotProven(uint8)", 7)
    chain.later(1)
    outcome = chain.challenge(batch.id, NotSettled())
    assert outcome.success, chain.ledger.error(outcome)
    assert chain.status(batch.id) == DEFAULTED
    assert chain.bond(OPERATOR) == (99 * BOND, 0, PENALTY)
    assert chain.bond(WATCHER)[0] == BOND // 2
    # The money is with the vault, which keeps it for the model's contributors.
    assert not chain.settle(batch).success
    outcome = chain.ledger.send("refund", *batch.proof(0))
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, DEFAULTED)
    assert chain.balance() == 3 * ETHER - 2 * FEE


def test_the_payers_of_a_void_batch_get_their_fees_back_once(chain: World) -> None:
    lie = LIES["weight"](TRUE)
    batch = chain.record([lie, TRUE, TRUE])
    outcome = chain.ledger.send("refund", *batch.proof(0))
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, RECORDED)
    assert chain.challenge(batch.id, PROOFS["weights"](MADE_OF, batch, TRUE)).success
    number, _, record, proof = batch.proof(1)
    outcome = chain.ledger.send("refund", number, 0, record, proof)
    refused(chain.ledger, outcome, "WrongRecord(uint64)", 0)
    for index in (2, 0, 1):
        assert not chain.ledger.read("refunded", batch.id, index)
        outcome = done(chain.ledger, "refund", *batch.proof(index), sender=STRANGER)
        assert told(chain.ledger, outcome)[0]["payer"] == "0x" + PAYERS[index].hex()
        assert chain.ledger.read("refunded", batch.id, index)
        outcome = chain.ledger.send("refund", *batch.proof(index))
        refused(chain.ledger, outcome, "AlreadyRefunded(uint64)", index)
    assert [chain.prepaid(payer) for payer in PAYERS] == [ETHER] * 3
    assert chain.balance() == 3 * ETHER
    outcome = chain.ledger.send("finalize", batch.id)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, VOID)


def test_batches_do_not_mix(chain: World) -> None:
    lying = chain.record([LIES["weight"](TRUE)])
    honest = chain.record([TRUE])
    assert chain.challenge(lying.id, PROOFS["weights"](MADE_OF, lying, TRUE)).success
    assert (chain.status(lying.id), chain.status(honest.id)) == (VOID, RECORDED)
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", honest.id)
    assert chain.settle(honest).success
    done(chain.ledger, "release", honest.id)
    assert chain.bond(OPERATOR) == (99 * BOND, 0, PENALTY)


def test_a_ledger_deployed_by_a_transaction_is_set_up_by_its_constructor() -> None:
    artifact = load("InferenceLedger")
    siblings = [bytes([number]) * 20 for number in range(1, 8)]
    kinds = [*["address"] * 7, *["uint64"] * 3, *["uint256"] * 2]

    def deploy(bond: int) -> tuple[Evm, Outcome]:
        evm = Evm()
        settings = encode(kinds, [*siblings, 11, 12, 13, bond, 15])
        return evm, evm.deploy(artifact.bytecode + settings)

    evm, outcome = deploy(14)
    ledger = Contract(evm, outcome.created, artifact.abi)
    names = ("math", "registry", "vault", "bond", "verifier", "payoutVerifier")
    at = (0, 2, 3, 4, 5, 6)
    for name, place in zip(names, at, strict=True):
        assert ledger.read(name) == "0x" + siblings[place].hex()
    numbers = ("challengeWindow", "settleWindow", "withdrawDelay", "batchBond", "demandFee")
    assert [ledger.read(name) for name in numbers] == [11, 12, 13, 14, 15]
    _, outcome = deploy(2**88)
    refused(ledger, outcome, "BondTooLarge(uint256)", 2**88)
    assert LEDGER != outcome.created


def test_a_model_that_is_given_up_still_pays_for_what_was_answered(chain: World) -> None:
    batch = chain.record([TRUE])
    done(chain.family.registry, "deprecateModel", chain.model, sender=OPERATOR)
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", batch.id)
    assert chain.settle(batch).success
    done(chain.ledger, "release", batch.id)
