"""Histories that reach every event: after each step the index says what the views say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from byline.node.attribution.encoding import encode_packed, out_hash
from byline.node.attribution.index.usage import usage_of
from byline.node.attribution.weights import payout_root, weights_root
from byline.node.backend.attribution_checks import check_answer, check_payouts, check_settlement
from byline.precompiles.math.sum_tree import sum_tree_chunk
from tests.attribution_index import Recorder, Views, recording
from tests.contracts import test_payout_vault_claims as sponsoring
from tests.contracts.attribution_family import LEDGER, PEOPLE, done
from tests.contracts.challenging import LIES, PROOFS
from tests.contracts.harness import Outcome
from tests.contracts.ledger_world import (
    DELAY,
    DEMAND_FEE,
    OPERATOR,
    OWNERS,
    PAYERS,
    REQUEST,
    SETTLE_WINDOW,
    WATCHER,
    Batch,
    answer,
    corpus,
)
from tests.contracts.ledger_world import FALLBACK as UNNAMED
from tests.contracts.ledger_world import WINDOW as CHALLENGE_WINDOW
from tests.contracts.ledger_world import World as LedgerWorld
from tests.contracts.ledger_world import world as ledger_world
from tests.contracts.vault_world import (
    ACCUMULATOR,
    CREDIT,
    FALLBACK,
    PLATFORM,
    PUSH,
    ROOT,
    WINDOW,
    Entries,
    World,
    packed,
    world,
)

OWNER, *CROWD = PEOPLE
ENTRIES: Entries = tuple((who, 3 + at) for at, who in enumerate(sorted(CROWD)))
OTHERS: Entries = ((ENTRIES[0][0], 5), (ENTRIES[3][0], 1))
PUNISHED = ENTRIES[0][0]
POT = 10**18 + 7
EVERYBODY = (*PEOPLE, PLATFORM, FALLBACK)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as found:
        yield found


class Vault:
    """A vault with one model, whose pots are divided among `ENTRIES`."""

    def __init__(self, recorder: Recorder, mode: int, *, punished: bool = True) -> None:
        self.world: World = world()
        self.recorder = recorder
        self.model = self.world.model(OWNER, mode=mode)
        if punished:
            done(self.world.family.bond, "slash", PUNISHED, 0, OWNER, 300, sender=LEDGER)

    def told(self, outcome: Outcome) -> set[str]:
        """Check all views after a call that must have succeeded; return what it told."""
        assert outcome.success, self.world.vault.error(outcome)
        before = len(self.recorder.told) - len(outcome.logs)
        events = list(self.recorder.events(before))
        Views(self.world.evm, self.recorder.grown()).everything(EVERYBODY)
        return {event.name for event in events if event.contract == "PayoutVault"}

    def deposit(self, entries: Entries = ENTRIES) -> int:
        batch = self.world.batches = self.world.batches + 1
        assert "Deposited" in self.told(self.world.try_deposit(batch, self.model, entries, POT))
        return batch

    def chunk(self, batch: int, start: int) -> set[str]:
        return self.told(self.world.settle_chunk(batch, ENTRIES, start, 4))


@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_settlements_at_once_and_in_chunks(recorder: Recorder, mode: int) -> None:
    vault = Vault(recorder, mode)
    batch = vault.deposit()
    assert "Settled" in vault.told(vault.world.settle(batch, ENTRIES))
    vault.told(vault.world.settle(vault.deposit(OTHERS), OTHERS))
    batch = vault.deposit()
    assert "ChunkSettled" in vault.chunk(batch, 0)
    assert {"ChunkSettled", "Settled"} <= vault.chunk(batch, 4)
    withheld = recorder.grown().vault.given[batch, PUNISHED].withheld if mode in (0, 1) else 0
    assert (withheld > 0) == (mode in (PUSH, CREDIT))


@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
def test_settlements_that_are_given_up_in_the_middle(recorder: Recorder, mode: int) -> None:
    vault = Vault(recorder, mode)
    for begun in (False, True):
        batch = vault.deposit()
        if begun:
            vault.chunk(batch, 0)
        void = vault.world.vault.send("voidSettlement", batch, sender=LEDGER)
        assert vault.told(void) == {"Voided"}
    vault.told(vault.world.settle(vault.deposit(), ENTRIES))


def test_claims_penalties_and_a_sweep(recorder: Recorder) -> None:
    vault = Vault(recorder, ROOT)
    batch = vault.deposit()
    vault.told(vault.world.settle(batch, ENTRIES))
    pot = vault.world.pot(batch)
    tree, shares = vault.world.claims(ENTRIES, pot), vault.world.shares(ENTRIES, pot)
    for at in (0, 2):
        who, amount = shares[at]
        claim = vault.world.vault.send("claim", batch, at, amount, tree.proof(at), sender=who)
        assert vault.told(claim) == ({"Claimed", "Withheld"} if at == 0 else {"Claimed"})
    book = recorder.grown().vault
    assert book.given[batch, PUNISHED].claimed == shares[0][1]
    assert book.left[PUNISHED] == shares[0][1] - book.given[batch, PUNISHED].withheld
    vault.world.later(WINDOW + 1)
    assert vault.told(vault.world.vault.send("sweepExpired", batch)) == {"Swept"}
    assert recorder.grown().vault.carry[vault.model] > 0
    vault.told(vault.world.settle(vault.deposit(), ENTRIES))


def test_a_sponsor_is_paid_out_of_the_claim(recorder: Recorder) -> None:
    one = world()
    batch = sponsoring.rooted(one)
    leaves = [sponsoring.leaf(one, batch, sponsoring.SIGNER)]
    signature = sponsoring.permit(one, leaves, max_fee=10**6)
    outcome = sponsoring.sponsored(one, leaves, signature, max_fee=10**6)
    recorder.enter(outcome, one.now)
    people = (sponsoring.SIGNER, sponsoring.SPONSOR)
    Views(one.evm, recorder.grown()).everything(people)
    left = recorder.grown().vault.left
    assert [left[who] for who in people] == [sponsoring.received(one, who) for who in people]
    assert all(left[who] > 0 for who in people)


def test_epochs_of_an_accumulator(recorder: Recorder) -> None:
    vault = Vault(recorder, ACCUMULATOR)
    vault.told(vault.world.settle(vault.deposit(), ENTRIES))
    assert "Settled" in continue_list(vault, vault.world.batches + 1, ENTRIES)
    vault.told(vault.world.vault.send("accrue", vault.model, value=10**9 + 1, sender=OWNER))
    for who in (PUNISHED, ENTRIES[1][0]):
        taken = vault.world.vault.send("claimAccrued", vault.model, sender=who)
        assert "AccruedClaimed" in vault.told(taken)
    vault.told(vault.world.settle(vault.deposit(OTHERS), OTHERS))
    for who, _ in ENTRIES:
        taken = vault.world.vault.send("claimAccrued", vault.model, sender=who)
        if taken.success:
            vault.told(taken)
    assert vault.world.vault.read("accruedOf", vault.model, ENTRIES[4][0]) == 0


def continue_list(vault: Vault, batch: int, entries: Entries) -> set[str]:
    """Deposit a batch whose list goes on, which settles it at once."""
    vault.world.batches = batch
    return vault.told(vault.world.try_deposit(batch, vault.model, entries, POT))


def test_credits_carries_and_fallbacks(recorder: Recorder) -> None:
    vault = Vault(recorder, CREDIT)
    vault.told(vault.world.vault.send("accrue", vault.model, value=99, sender=OWNER))
    assert "Fallback" in continue_list(vault, 1, ())
    vault.told(vault.world.settle(vault.deposit(), ENTRIES))
    for who in (OWNER, PLATFORM, FALLBACK, PUNISHED):
        assert vault.told(vault.world.vault.send("withdraw", sender=who)) == {"Withdrawn"}


class Sales:
    """A ledger and its books."""

    def __init__(self, recorder: Recorder) -> None:
        self.made_of = corpus()
        self.true = answer(self.made_of)
        self.world: LedgerWorld = ledger_world(self.made_of)
        self.recorder = recorder

    def told(self, outcome: Outcome) -> set[str]:
        assert outcome.success, self.world.ledger.error(outcome)
        events = list(self.recorder.events(len(self.recorder.told) - len(outcome.logs)))
        people = (*PAYERS, WATCHER, OPERATOR, *OWNERS, UNNAMED)
        Views(self.world.family.evm, self.recorder.grown()).everything(people)
        return {event.name for event in events}

    def send(self, name: str, *arguments: object, **options: object) -> set[str]:
        return self.told(self.world.ledger.send(name, *arguments, **options))

    def record(self, lie: str = "") -> Batch:
        one = LIES[lie](self.true) if lie else self.true
        return self.world.record([one, self.true])


def test_evidence_is_demanded_shown_and_withheld(recorder: Recorder) -> None:
    sales = Sales(recorder)
    batch = sales.record()
    asked = {"sender": WATCHER, "value": DEMAND_FEE}
    assert "EvidenceDemanded" in sales.send("demand", *batch.proof(0), **asked)
    sales.world.later(7)
    shown = sales.told(sales.world.publish(batch, 0, sender=PAYERS[1]))
    assert shown == {"EvidencePublished", "DemandAnswered"}
    assert "EvidenceDemanded" in sales.send("demandPayouts", batch.id, **asked)
    sales.send("demand", *batch.proof(1), **asked)
    sales.world.later(CHALLENGE_WINDOW + 1)
    withheld = sales.send("slashWithheld", batch.id, 1)
    assert {"ChallengeResolved", "DemandReturned", "Slashed"} <= withheld
    assert sales.send("reclaimDemand", batch.id, 2**64 - 1) == {"DemandReturned"}
    for index in (0, 1):
        assert sales.send("refund", *batch.proof(index)) == {"Refunded"}


def test_a_lie_is_proven_and_honest_batches_are_released_or_default(recorder: Recorder) -> None:
    sales = Sales(recorder)
    lie, honest, late = sales.record("weight"), sales.record(), sales.record()
    proof = PROOFS["weights"](sales.made_of, lie, sales.true)
    assert "Challenged" in sales.told(sales.world.challenge(lie.id, proof))
    sales.send("publishPayouts", honest.id, encode_packed(honest.payouts))
    sales.world.later(CHALLENGE_WINDOW + 1)
    for batch in (honest, late):
        assert {"Finalized", "Deposited"} <= sales.send("finalize", batch.id)
    sales.told(sales.world.settle(honest))
    assert {"Released", "Unlocked"} <= sales.send("release", honest.id)
    sales.world.later(SETTLE_WINDOW + 1)
    assert "Voided" in sales.send("challenge", late.id, 7, b"", sender=WATCHER)
    status = {number: row.status.name for number, row in recorder.grown().ledger.batches.items()}
    assert status == {lie.id: "VOID", honest.id: "RELEASED", late.id: "DEFAULTED"}
    assert sales.told(sales.world.family.bond.send("payTreasury")) == {"TreasuryPaid"}
    free = sales.world.family.bond.send("withdraw", 5, sender=OPERATOR)
    assert sales.told(free) == {"Withdrawn"}


def test_requests_and_prepaid_money_come_and_go(recorder: Recorder) -> None:
    sales = Sales(recorder)
    deadline = sales.world.now + 60
    assert sales.send(
        "open", sales.world.model, REQUEST, deadline, sender=PAYERS[0], value=10**9
    ) == {"InferenceOpened"}
    (request,) = recorder.grown().ledger.requests
    sales.world.later(61)
    assert sales.send("cancel", request, sender=PAYERS[0]) == {"InferenceCancelled"}
    sales.send("open", sales.world.model, REQUEST, deadline + 99, sender=PAYERS[0], value=10**9)
    (request,) = recorder.grown().ledger.requests
    one = answer(sales.made_of, fee=10**9)
    root = payout_root(one.points)
    told = sales.send(
        "record", request, out_hash(one.output), one.tree.root, weights_root(one.points), 3,
        len(one.output), root.root, root.count, sender=OPERATOR,
    )  # fmt: skip
    assert {"InferenceAnswered", "InferenceRecorded", "ReceiptBatch"} <= told
    assert recorder.grown().ledger.requests == {}
    assert sales.send("depositFor", PAYERS[1], sender=WATCHER, value=5) == {"PrepaidDeposited"}
    assert recorder.grown().ledger.paid_for == {(WATCHER, PAYERS[1]): 5}
    sales.send("requestWithdrawal", 10**17, sender=PAYERS[1])
    sales.world.later(DELAY)
    assert sales.send("withdraw", sender=PAYERS[1]) == {"Withdrawn"}


def test_a_list_that_names_somebody_in_two_chunks(recorder: Recorder) -> None:
    vault = Vault(recorder, ACCUMULATOR)
    twice, other = ENTRIES[0][0], ENTRIES[1][0]
    chunks: tuple[Entries, Entries] = (((twice, 3), (other, 2)), ((twice, 4), (other, 1)))
    tops = [sum_tree_chunk(chunk, 2 * at) for at, chunk in enumerate(chunks)]
    root = tops[0].join(tops[1]).wrap(4)
    for batch in (1, 2):
        terms = (vault.model, root.root, root.count, root.total, vault.world.policy)
        deposit = vault.world.vault.send("deposit", batch, *terms, sender=LEDGER, value=POT)
        assert "Deposited" in vault.told(deposit)
        for at, chunk in enumerate(chunks) if batch == 1 else ():
            proof = (4).to_bytes(4, "big") + tops[1 - at].encode()
            sent = vault.world.vault.send("settleChunk", batch, packed(chunk), proof)
            assert "UnitsEntered" in vault.told(sent)
    assert recorder.grown().vault.shares[vault.model, twice].units == 7
    for who in (twice, other):
        taken = vault.world.vault.send("claimAccrued", vault.model, sender=who)
        assert "AccruedClaimed" in vault.told(taken)


@pytest.mark.parametrize("weight", [0, 2**64 - 1])
def test_evidence_that_nothing_can_be_divided_by(recorder: Recorder, weight: int) -> None:
    sales = Sales(recorder)
    leaves = tuple(replace(leaf, weight=weight) for leaf in sales.true.leaves)
    batch = sales.world.record([sales.true, replace(sales.true, leaves=leaves)])
    for at in (0, 1):
        assert "EvidencePublished" in sales.told(sales.world.publish(batch, at))
    index = recorder.grown()
    assert index.ledger.points_of(batch.id, 0, UNNAMED) == sales.true.points
    assert index.ledger.points_of(batch.id, 1, UNNAMED) is None
    assert index.ledger.payouts_of(batch.id, UNNAMED) is None
    assert not check_payouts(index, batch.id).done
    assert not check_settlement(index, batch.id).done
    assert check_answer(index, sales.made_of, batch.id, 1).faults
    assert len(usage_of(index, sales.world.model, 0, 10**9, (), lambda: None).answers) == 2
