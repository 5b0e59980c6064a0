"""What is behind a record is published on demand, or costs the operator's bond."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from byline.node.attribution.encoding import encode_evidence, encode_packed
from byline.node.attribution.tokens import encode_tokens
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import done, refused, told
from tests.contracts.harness import Outcome
from tests.contracts.ledger_world import (
    BOND,
    DEMAND_FEE,
    OPERATOR,
    PAYERS,
    PENALTY,
    RECORDED,
    VOID,
    WATCHER,
    WINDOW,
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


def test_what_is_published_is_what_the_record_commits_to(chain: World) -> None:
    batch = chain.record([TRUE, TRUE])
    outcome = chain.publish(batch, 1)
    assert told(chain.ledger, outcome) == [
        {
            "": "EvidencePublished",
            "batchId": 1,
            "index": 1,
            "output": TRUE.tokens,
            "evidence": encode_evidence(TRUE.leaves),
        }
    ]
    assert chain.ledger.read("published", 1, 1)
    assert not chain.ledger.read("published", 1, 0)
    evidence = encode_evidence(TRUE.leaves)

    def send(proof: tuple[int, int, bytes, bytes], output: bytes, leaves: bytes) -> Outcome:
        return chain.ledger.send("publish", *proof, output, leaves)

    number, index, record, path = batch.proof(0)
    for wrong in (
        (number, 1, record, path),
        (number, 2**64 - 1, record, path),
        (number, index, record[:-1], path),
        (number, index, record, path[:-32]),
        (number, index, record, path + bytes(32)),
    ):
        outcome = send(wrong, TRUE.tokens, evidence)
        refused(chain.ledger, outcome, "WrongRecord(uint64)", wrong[1])
    good = batch.proof(0)
    swapped = TRUE.tokens[4:] + TRUE.tokens[:4]
    refused(chain.ledger, send(good, swapped, evidence), "WrongOutput()")
    for output in (b"", TRUE.tokens[:-1], TRUE.tokens[:-4], TRUE.tokens + bytes(4)):
        outcome = send(good, output, evidence)
        refused(chain.ledger, outcome, "WrongTokens(uint256)", len(output) // 4)
    for leaves in (b"", evidence[:-1], evidence[:-56], evidence + bytes(56)):
        refused(chain.ledger, send(good, TRUE.tokens, leaves), "WrongEvidence()")
    outcome = send((9, *good[1:]), TRUE.tokens, evidence)
    refused(chain.ledger, outcome, "UnknownBatch(uint64)", 9)


def test_an_output_with_a_separator_cannot_be_published(chain: World) -> None:
    output = (*TRUE.output[:3], 0, *TRUE.output[3:])
    batch = chain.record([replace(TRUE, output=output)])
    assert batch.records[0].out_hash == keccak(encode_tokens(output))
    outcome = chain.publish(batch)
    refused(chain.ledger, outcome, "WrongTokens(uint256)", len(output))


def test_the_largest_evidence_fits_a_transaction(chain: World) -> None:
    leaves = tuple(TRUE.leaves * 64)
    long = replace(TRUE, output=tuple(range(1, 1025)), leaves=leaves)
    batch = chain.record([long])
    outcome = chain.publish(batch)
    assert outcome.success, chain.ledger.error(outcome)
    assert outcome.gas_used < 2**23
    over = replace(long, leaves=(*leaves, leaves[0]))
    assert not chain.publish(chain.record([over])).success


def test_payouts_are_published_as_they_are_committed(chain: World) -> None:
    batch = chain.record([TRUE, TRUE])
    packed = encode_packed(batch.payouts)
    doubled = tuple((who, 2 * amount) for who, amount in batch.payouts)
    for wrong in (packed[:-28], encode_packed(doubled)):
        outcome = chain.ledger.send("publishPayouts", batch.id, wrong)
        refused(chain.ledger, outcome, "WrongPayouts()")
    outcome = done(chain.ledger, "publishPayouts", batch.id, packed)
    assert told(chain.ledger, outcome) == [
        {"": "PayoutsPublished", "batchId": batch.id, "packed": packed}
    ]
    assert chain.ledger.read("published", batch.id, PAYOUTS)


# Demands


def demanded(chain: World, batch: Batch, index: int = 0) -> Outcome:
    return chain.ledger.send("demand", *batch.proof(index), sender=WATCHER, value=DEMAND_FEE)


def test_who_answers_a_demand_gets_its_fee_and_challengers_get_time(chain: World) -> None:
    batch = chain.record([TRUE, TRUE])
    chain.later(WINDOW)
    outcome = demanded(chain, batch, 1)
    assert outcome.success, chain.ledger.error(outcome)
    assert chain.balance() == 3 * ETHER + DEMAND_FEE
    chain.later(WINDOW)
    outcome = chain.ledger.send("finalize", batch.id)
    refused(chain.ledger, outcome, "DemandsOpen(uint256)", 1)
    deadline = chain.now
    outcome = chain.ledger.send("slashWithheld", batch.id, 1)
    refused(chain.ledger, outcome, "WindowNotOver(uint256)", deadline)
    outcome = chain.publish(batch, 1, sender=STRANGER)
    assert [event[""] for event in told(chain.ledger, outcome)] == [
        "EvidencePublished", "DemandAnswered",
    ]  # fmt: skip
    assert chain.prepaid(STRANGER) == DEMAND_FEE
    end = chain.now + WINDOW
    assert chain.ledger.read("batchState", batch.id) == (BOND, 0, end, 0)
    refused(chain.ledger, demanded(chain, batch, 1), "AlreadyPublished(uint64)", 1)
    assert chain.publish(batch, 1, sender=STRANGER).success
    assert chain.prepaid(STRANGER) == DEMAND_FEE
    chain.later(WINDOW)
    outcome = chain.ledger.send("finalize", batch.id)
    refused(chain.ledger, outcome, "WindowNotOver(uint256)", end)
    chain.later(1)
    done(chain.ledger, "finalize", batch.id)


@pytest.mark.parametrize("what", ["evidence", "payouts"])
def test_what_is_withheld_costs_the_bond(chain: World, what: str) -> None:
    batch = chain.record([TRUE, TRUE])
    index = 1 if what == "evidence" else PAYOUTS

    def ask(value: int = DEMAND_FEE) -> Outcome:
        if what == "evidence":
            return chain.ledger.send("demand", *batch.proof(1), sender=WATCHER, value=value)
        return chain.ledger.send("demandPayouts", batch.id, sender=WATCHER, value=value)

    for value in (0, DEMAND_FEE - 1, DEMAND_FEE + 1):
        refused(chain.ledger, ask(value), "WrongDemandFee(uint256,uint256)", value, DEMAND_FEE)
    outcome = chain.ledger.send("slashWithheld", batch.id, index)
    refused(chain.ledger, outcome, "NoDemand(uint64)", index)
    assert ask().success
    refused(chain.ledger, ask(), "AlreadyDemanded(uint64)", index)
    if what == "evidence":
        assert demanded(chain, batch, 0).success
    chain.later(WINDOW + 1)
    outcome = done(chain.ledger, "slashWithheld", batch.id, index, sender=STRANGER)
    names = [event[""] for event in told(chain.ledger, outcome)]
    assert names == ["Challenged", "ChallengeResolved", "DemandReturned"]
    assert chain.status(batch.id) == VOID
    assert chain.bond(OPERATOR) == (99 * BOND, 0, PENALTY)
    assert chain.bond(WATCHER)[0] == BOND // 2
    assert chain.prepaid(WATCHER) == DEMAND_FEE
    assert chain.ledger.read("batchState", batch.id)[1] == (1 if what == "evidence" else 0)
    outcome = chain.ledger.send("slashWithheld", batch.id, index)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", batch.id, VOID)
    refused(chain.ledger, chain.publish(batch, 0), "NotOpen(uint64,uint8)", batch.id, VOID)
    if what == "evidence":
        done(chain.ledger, "reclaimDemand", batch.id, 0)
        assert chain.ledger.read("batchState", batch.id)[1] == 0
        outcome = chain.ledger.send("reclaimDemand", batch.id, 0)
        refused(chain.ledger, outcome, "NoDemand(uint64)", 0)
        assert chain.prepaid(WATCHER) == 2 * DEMAND_FEE


def test_nothing_is_demanded_after_the_window_or_of_what_is_no_record(chain: World) -> None:
    batch = chain.record([TRUE])
    number, _, record, proof = batch.proof()
    options = {"sender": WATCHER, "value": DEMAND_FEE}
    outcome = chain.ledger.send("demand", number, 1, record, proof, **options)
    refused(chain.ledger, outcome, "WrongRecord(uint64)", 1)
    outcome = chain.ledger.send("reclaimDemand", number, 0)
    refused(chain.ledger, outcome, "NotOpen(uint64,uint8)", number, RECORDED)
    chain.later(WINDOW + 1)
    refused(chain.ledger, demanded(chain, batch), "WindowOver(uint256)", chain.now - 1)


OWED = b"\x21" * 20
BAD_LISTS = {
    "ZeroWeight()": b"",
    "ZeroWeight() ": encode_packed(((OWED, 0),)),
    "RaggedEntries(uint256)": OWED + bytes(7),
    "NotAscending(uint256)": 2 * encode_packed(((OWED, 1),)),
    "WrongPayouts()": encode_packed(((OWED, 1),)),
}


@pytest.mark.parametrize("error", BAD_LISTS)
def test_a_list_that_is_none_is_refused_by_a_name_of_the_ledgers_abi(
    chain: World, error: str
) -> None:
    batch = chain.record([TRUE])
    outcome = chain.ledger.send("publishPayouts", batch.id, BAD_LISTS[error])
    values = {"RaggedEntries(uint256)": [27], "NotAscending(uint256)": [1]}
    refused(chain.ledger, outcome, error.strip(), *values.get(error, []))
