"""What is paid for answers is the same on every machine that has nothing but the L1.

These are invariants 14 and 15 of tests/properties/test_attribution_invariants.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.proof.challenges import NotSettled
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.proving import RecordCase, challenge_of
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.chain.chain import Chain
from byline.node.config import NodeConfig
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles.evidence.merkle import merkle_root
from byline.precompiles.math import CASCADE, apportion
from byline.precompiles.math.sum_tree import SumTree
from tests.attribution_index import Views
from tests.attribution_on_chain import Paid, Sending, View, index_of, paid, told_on
from tests.contracts.attribution_family import done
from tests.contracts.ledger_world import (
    DEFAULTED,
    FALLBACK,
    OPERATOR,
    PAYERS,
    RELEASED,
    SETTLE_WINDOW,
    VOID,
    WATCHER,
    WINDOW,
    Batch,
    answer,
)
from tests.contracts.vault_world import ACCUMULATOR, CREDIT, PUSH, ROOT, STATE_SLOT, packed
from tests.integration.rollups import ALICE, BOB, World, world
from tests.integration.test_l1_reorg import converges
from tests.integration.test_rollup import verified

CAROL = b"\x31" * 20
MADE_OF = Corpus(
    (
        Dataset.build(
            1,
            [
                Document("the quick brown fox jumps over the lazy dog", ALICE.address),
                Document("rain falls on the roof of the old house", BOB.address),
            ],
        ),
        Dataset.build(
            2,
            [
                Document("a quick brown fox jumps again", BOB.address),
                Document("by the old house rain falls on the roof", CAROL),
            ],
        ),
    ),
    3,
    FALLBACK,
)
TRUE = answer(MADE_OF, "so the quick brown fox jumps while rain falls on the roof")
SHORT = answer(MADE_OF, "rain falls", 10**12)
"""Two tokens are no span: the fallback is paid."""
PEOPLE = (CAROL, FALLBACK, *PAYERS, ALICE.address, BOB.address, b"\x70" * 20)
SETTINGS = {
    "precompile": NodeConfig(),
    "twin": NodeConfig(attribution_backend=Backend.TWIN.value),
    "state precompile": NodeConfig(state_precompile=True),
}


@dataclass(frozen=True)
class Story:
    """A rollup on which all of it has happened."""

    here: World
    paid: Paid
    settled: dict[int, Batch]
    """One batch of each mode, and a second one of the first model."""
    lie: Batch
    late: Batch
    verifier: Chain
    """The L2 as somebody has derived it from the L1 alone."""


@cache
def story(name: str) -> Story:
    """Pay in every mode and through a lineage; let one lie, one be late, and some claim."""
    here = world(SETTINGS[name])
    chain = paid(here, MADE_OF)
    base = chain.register(MADE_OF, CREDIT)
    models = [base] + [
        chain.register(MADE_OF, mode, [(base, 2000)]) for mode in (ROOT, ACCUMULATOR, PUSH)
    ]
    done(chain.family.pool, "stake", models[1], sender=WATCHER, value=10**17)
    settled: dict[int, Batch] = {}
    for chain.model in (*models, base):
        batch = chain.record([TRUE, SHORT, TRUE])
        settled[batch.id] = batch
    late = chain.record([SHORT])
    thief = replace(TRUE, points=((BOB.address, sum(amount for _, amount in TRUE.points)),))
    lie = chain.record([thief, TRUE])
    case = RecordCase(MADE_OF, lie.shown(0), TRUE.output, TRUE.leaves)
    (fault,) = verify_record(MADE_OF, lie.records[0], TRUE.output, TRUE.leaves)
    assert chain.challenge(lie.id, challenge_of(fault, case)).success
    for index in (1, 0):
        done(chain.ledger, "refund", *lie.proof(index), sender=WATCHER)
    chain.later(WINDOW + 1)
    for batch in (*settled.values(), late):
        done(chain.ledger, "finalize", batch.id, sender=WATCHER)
    for batch in settled.values():
        done(chain.vault, "settle", batch.id, packed(batch.payouts), sender=WATCHER)
        done(chain.ledger, "release", batch.id, sender=WATCHER)
    claim(chain, settled[2])
    chain.later(SETTLE_WINDOW + 1)
    assert chain.challenge(late.id, NotSettled()).success
    done(chain.vault, "withdraw", sender=OPERATOR)
    done(chain.vault, "claimAccrued", models[2], sender=WATCHER)
    while here.rollup.flush():
        pass
    verifier, _ = verified(here)
    return Story(here, chain, settled, lie, late, verifier.engine.chain)


def pot(view: Paid, batch: int) -> int:
    return int(view.vault.read("settlement", batch)[3])


def claim(chain: Paid, batch: Batch) -> None:
    """Let Alice claim her leaf of a batch in root mode."""
    shares = divided(chain, batch)
    at = [who for who, _ in shares].index(ALICE.address)
    proof = SumTree(shares).proof(at)
    done(chain.vault, "claim", batch.id, at, shares[at][1], proof, sender=OPERATOR)
    again = chain.vault.send("claim", batch.id, at, shares[at][1], proof, sender=OPERATOR)
    assert chain.vault.error(again) == "AlreadyClaimed"


def divided(chain: Paid, batch: Batch) -> list[tuple[bytes, int]]:
    amounts = apportion(CASCADE, pot(chain, batch.id), [part for _, part in batch.payouts])
    return [(who, amount) for (who, _), amount in zip(batch.payouts, amounts, strict=True)]


@pytest.mark.parametrize("name", SETTINGS)
def test_who_has_only_the_l1_has_every_settlement_root_and_balance(name: str) -> None:
    told = story(name)
    heads = told.here.rollup.engine.heads
    assert told.verifier.head.hash == heads.unsafe.hash == heads.safe.hash
    view, index = View(told.verifier), index_of(told.verifier)
    Views(view, index).everything(PEOPLE)
    for batch in (*told.settled.values(), told.late, told.lie):
        row = index.ledger.batches[batch.id]
        assert row.records_root == merkle_root([one.encode() for one in batch.records])
        assert row.payout_root == payout_root(batch.payouts).root
    settlements = index.vault.settlements
    assert sorted(settlements) == [*sorted(told.settled), told.late.id]
    rooted = settlements[2]
    assert rooted.mode == ROOT
    assert rooted.root == SumTree(divided(told.paid, told.settled[2])).root.root
    assert {index.ledger.batches[one].status for one in told.settled} == {RELEASED}
    assert index.ledger.batches[told.late.id].status == DEFAULTED
    assert index.ledger.batches[told.lie.id].status == VOID


@pytest.mark.parametrize("name", SETTINGS)
def test_every_settlement_is_what_the_records_say(name: str) -> None:
    """From the answers by the library to the wei on the chain, without a look at events."""
    told = story(name)
    view = told.paid
    for batch in told.settled.values():
        assert batch.payouts == batch_payouts(one.points for one in batch.answers)
        assert sum(amount for _, amount in divided(view, batch)) == pot(view, batch.id)
    fees = sum(record.fee for record in told.settled[1].records)
    rest = fees - 7
    # No one stakes on the first model: its stakers' part is the contributors'.
    assert pot(view, 1) == rest - rest * 500 // 10**4 - (
        rest * 1500 // 10**4 - rest * 500 // 10**4
    )
    first, last = told.settled[1], told.settled[5]
    credited = dict(divided(view, first))[CAROL] + dict(divided(view, last))[CAROL]
    assert int(view.vault.read("creditOf", CAROL)) == credited
    pushed = dict(divided(view, told.settled[4]))[CAROL]
    assert view.family.evm.balance(CAROL) == pushed
    assert view.status(told.lie.id) == VOID


def test_all_chains_tell_the_same_whoever_computes() -> None:
    """The back ends and the state precompile change gas, and not one event or balance."""
    first, *others = (story(name) for name in SETTINGS)
    logs = [log for log, _ in told_on(first.verifier) if log.address == first.paid.vault.address]
    assert len(logs) > 30
    for other in others:
        mine = [log for log, _ in told_on(first.verifier)]
        assert [log for log, _ in told_on(other.verifier)] == mine
        left, right = View(first.verifier), View(other.verifier)
        for contract in (first.paid.vault, first.paid.ledger, first.paid.family.bond):
            assert left.balance(contract.address) == right.balance(contract.address)


ENDINGS = {
    "a revert of the caller": ("5a", "f1", "5f5260205ffd"),
    # Only where the call has succeeded; else it stops, which is a success of the whole.
    "an invalid instruction of the caller": ("5a", "f1", "155860060157fe5b00"),
    "too little gas": ("6201f400", "f1", "5f5260205ff3"),
    "a static call": ("5a", "fa", "5f5260205ff3"),
}
"""Gas that is passed on, the opcode, and what comes after: mostly the success as output."""


def forwarder(vault: bytes, ending: str) -> bytes:
    """Return code that passes its calldata on to the vault, and then ends so."""
    gas, call, after = ENDINGS[ending]
    value = "5f" if call == "f1" else ""
    # calldatacopy(0, 0, calldatasize); call(gas, vault, 0, 0, calldatasize, 0, 0)
    return bytes.fromhex(f"365f5f375f5f365f{value}73{vault.hex()}{gas}{call}{after}")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_settlement_that_is_undone_leaves_nothing_behind(name: str) -> None:
    """Credits that a transaction wrote, by the state precompile too, go with its revert."""
    here = world(SETTINGS[name])
    chain = paid(here, MADE_OF)
    evm = chain.family.evm
    assert isinstance(evm, Sending)
    assert bool(evm.storage(chain.vault.address, STATE_SLOT)) is (name == "state precompile")
    chain.model = chain.register(MADE_OF, CREDIT)
    batch = chain.record([TRUE])
    chain.later(WINDOW + 1)
    done(chain.ledger, "finalize", batch.id, sender=WATCHER)
    settle = chain.vault.data("settle", batch.id, packed(batch.payouts))
    before = evm.storage_root(chain.vault.address)
    for ending in ENDINGS:
        middle = evm.deployed(forwarder(chain.vault.address, ending))
        seen = evm.call(middle, settle)
        if ending == "an invalid instruction of the caller":
            assert (seen.success, seen.error) == (False, "invalid opcode")
        else:
            # The settlement itself went well only where its caller reverts afterwards.
            assert int.from_bytes(seen.output, "big") == (ending == "a revert of the caller")
        outcome = evm.call(middle, settle, sender=WATCHER, gas=3_000_000)
        assert outcome.success is (ending in ("too little gas", "a static call"))
        assert outcome.logs == ()
        assert evm.storage_root(chain.vault.address) == before, ending
    done(chain.vault, "settle", batch.id, packed(batch.payouts), sender=WATCHER)
    assert evm.storage_root(chain.vault.address) != before
    for who, amount in divided(chain, batch):
        if who != ALICE.address:  # who owns the model, too
            assert int(chain.vault.read("creditOf", who)) == amount
    converges(here)


def test_modes_are_all_told_here() -> None:
    modes = {int(story("twin").paid.vault.read("settlement", at)[1]) for at in range(1, 5)}
    assert modes == {CREDIT, ROOT, ACCUMULATOR, PUSH}
