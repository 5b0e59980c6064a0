"""Challenges before the ledger itself, and every wei that they move or must not move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from byline.node.attribution.proof.challenges import Challenge
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.proof.proving import RecordCase, challenge_of
from tests.attribution_lies import (
    Told,
    held,
)
from tests.contracts.attribution_family import done
from tests.contracts.challenging import judged
from tests.contracts.ledger_world import (
    BOND,
    OPERATOR,
    PENALTY,
    RELEASED,
    VOID,
    WATCHER,
    WINDOW,
    Batch,
    World,
)


@dataclass(frozen=True, slots=True)
class Money:
    """Everything that a challenge could move."""

    operator: tuple[int, int, int]
    watcher: tuple[int, int, int]
    treasury: int
    bonds: int
    prepaid: tuple[int, ...]
    ledger: int
    vault: int

    @classmethod
    def of(cls, chain: World, batches: Sequence[Batch] = ()) -> Money:
        payers = sorted({record.payer for batch in batches for record in batch.records})
        bond = chain.family.bond
        return cls(
            chain.bond(OPERATOR),
            chain.bond(WATCHER),
            int(bond.read("treasury")),
            chain.family.evm.balance(bond.address),
            tuple(map(chain.prepaid, payers)),
            chain.balance(),
            chain.family.evm.balance(chain.vault.address),
        )


def faults_of(told: Told, batch: Batch, index: int) -> list[Fault]:
    """Return what the watcher finds wrong with one record of a batch."""
    return verify_record(told.corpus, batch.records[index], told.answer.output, told.answer.leaves)


def case_of(told: Told, batch: Batch, index: int) -> RecordCase:
    return RecordCase(told.corpus, batch.shown(index), told.answer.output, told.answer.leaves)


def assert_slashed(chain: World, batch: Batch, challenge: Challenge) -> None:
    """Send the challenge; it takes the bond, and every payer gets its fees back, once."""
    before = Money.of(chain, [batch])
    outcome = chain.challenge(batch.id, challenge)
    assert outcome.success, chain.ledger.error(outcome)
    assert chain.status(batch.id) == VOID
    after = Money.of(chain, [batch])
    total, locked, score = before.operator
    assert after.operator == (total - BOND, locked - BOND, score + PENALTY)
    total, locked, score = before.watcher
    assert after.watcher == (total + BOND // 2, locked, score)
    assert after.treasury == before.treasury + BOND - BOND // 2
    assert after.bonds == before.bonds
    assert (after.ledger, after.vault) == (before.ledger, before.vault)
    owed = {record.payer: chain.prepaid(record.payer) for record in batch.records}
    for index, record in enumerate(batch.records):
        done(chain.ledger, "refund", *batch.proof(index))
        owed[record.payer] += record.fee
        assert chain.ledger.error(chain.ledger.send("refund", *batch.proof(index))) == (
            "AlreadyRefunded"
        )
    assert owed == {payer: chain.prepaid(payer) for payer in owed}
    assert chain.balance() == before.ledger


def assert_stands(chain: World, subject: int, challenge: Challenge, before: Money) -> None:
    """Send a challenge that must come to nothing."""
    assert_refused(chain, subject, challenge.kind, challenge.encode(), before)


def assert_refused(chain: World, subject: int, kind: int, data: bytes, before: Money) -> None:
    outcome = chain.ledger.send("challenge", subject, kind, data, sender=WATCHER)
    assert not outcome.success, (kind, data.hex())
    assert outcome.logs == ()
    assert Money.of(chain) == before


def accusations(told: Told) -> Iterator[Fault]:
    """Yield a fault of every reason at every leaf (of many, a dozen) and its range's edges."""
    reasons = [reason for reason in Reason if reason.kind in (1, 2, 3, 4, 6)]
    size = len(told.answer.output)
    for reason in reasons:
        for at in range(0, len(told.answer.leaves), -(-len(told.answer.leaves) // 12) or 1):
            leaf = told.answer.leaves[at]
            for entry in {leaf.lo, leaf.hi - 1, max(leaf.lo - 1, 0), leaf.hi}:
                one = held(told.corpus, leaf.dataset)
                if entry < len(one):
                    pos = int(one.suffix_array[entry])
                    length = min(leaf.length + 1, len(one) - pos)
                    start = min(leaf.out_pos, size - 1)
                    yield Fault(reason, at, start, length, leaf.dataset, pos, entry)


def assert_nothing_is_proven(chain: World, told: Told, batch: Batch, index: int = 0) -> None:
    """Let the verifiers judge every accusation there is of an honest record."""
    case = case_of(told, batch, index)
    for fault in accusations(told):
        try:
            challenge = challenge_of(fault, case)
        except IndexError:  # no such place in the dataset
            continue
        assert judged(chain, batch.id, challenge) is not True, fault


def recorded(chain: World, told: Sequence[Told]) -> Batch:
    """Record a batch whose payouts are the sums of what its answers say."""
    return chain.record([one.answer for one in told])


def assert_runs_its_course(chain: World, batch: Batch) -> None:
    """Let an honest batch become final and be settled; its bond comes back whole."""
    total, locked, score = chain.bond(OPERATOR)
    vault = chain.family.evm.balance(chain.vault.address)
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", batch.id)
    assert chain.family.evm.balance(chain.vault.address) == vault + sum(
        record.fee for record in batch.records
    )
    outcome = chain.settle(batch)
    assert outcome.success, chain.vault.error(outcome)
    done(chain.ledger, "release", batch.id)
    assert chain.status(batch.id) == RELEASED
    assert chain.bond(OPERATOR) == (total, locked - BOND, score)
