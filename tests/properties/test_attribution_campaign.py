"""Liars of every kind lose their bond on the ledger itself, and who is honest never does.

What each test plays is whole: receipts that payers signed, a batch, the watcher's eye
(`check`), its hand (`proving`), `InferenceLedger.challenge`, and every wei afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.proof.batch_check import check_dataset, verify_batch
from byline.node.attribution.proof.challenges import NotSettled
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.proof.proving import BatchCase, challenge_of
from byline.node.attribution.spans import MOST_LEAVES
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.contracts.attribution_predeploys import Backend
from tests.attribution_judging import (
    Money,
    assert_refused,
    assert_runs_its_course,
    assert_slashed,
    assert_stands,
    case_of,
    faults_of,
    recorded,
)
from tests.attribution_lies import (
    LIES,
    UNHEARD,
    answers,
    models,
    truth,
    wrong_datasets,
    wrong_payouts,
)
from tests.contracts.attribution_family import done
from tests.contracts.challenging import judged
from tests.contracts.ledger_world import (
    BOND,
    DEFAULTED,
    DEMAND_FEE,
    FINALIZED,
    OPERATOR,
    PENALTY,
    RECORDED,
    SETTLE_WINDOW,
    VOID,
    WATCHER,
    WINDOW,
    Answer,
    world,
)

NOISY = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
TRIES = {Backend.PRECOMPILE: 8, Backend.TWIN: 4}
LONG = 12
"""Times as many in the runs that are marked slow."""


def tell_a_lie(data: st.DataObject, name: str, backend: Backend) -> None:
    """Let an operator record a lie among honest answers, and the watcher prove it."""
    kind, lie = LIES[name]
    corpus = data.draw(models())
    told = [data.draw(answers(corpus)) for _ in range(data.draw(st.integers(1, 3)))]
    at = data.draw(st.integers(0, len(told) - 1))
    wrong = lie(data, told[at])
    assume(wrong != told[at] and len(wrong.answer.leaves) <= MOST_LEAVES)
    chain = world(corpus, backend)
    honest = recorded(chain, told)
    lying = recorded(chain, [*told[:at], wrong, *told[at + 1 :]])
    for index, one in enumerate(told):
        assert faults_of(one, honest, index) == []
    found = faults_of(wrong, lying, at)
    assert kind in {int(fault.kind) for fault in found}, found
    proofs = [challenge_of(fault, case_of(wrong, lying, at)) for fault in found]
    assert all(judged(chain, lying.id, proof) is True for proof in proofs), found
    money = Money.of(chain)
    for proof in proofs:
        assert_stands(chain, honest.id, proof, money)
    for fault in found:
        try:
            same = challenge_of(fault, case_of(told[at], honest, at))
        except IndexError:  # the lie has more leaves
            continue
        assert_stands(chain, honest.id, same, money)
    own = [proof for fault, proof in zip(found, proofs, strict=True) if fault.kind == kind]
    assert_slashed(chain, lying, data.draw(st.sampled_from(own)))
    assert chain.status(honest.id) == RECORDED
    assert_runs_its_course(chain, honest)


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_a_record_costs_the_bond_and_the_truth_stands(
    name: str, backend: Backend
) -> None:
    @given(data=st.data())
    @settings(max_examples=TRIES[backend], suppress_health_check=NOISY)
    def play(data: st.DataObject) -> None:
        tell_a_lie(data, name, backend)

    play()


@pytest.mark.slow
@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", LIES)
def test_many_lies_about_records_cost_the_bond_and_the_truth_stands(
    name: str, backend: Backend
) -> None:
    @given(data=st.data())
    @settings(max_examples=LONG * TRIES[backend], suppress_health_check=NOISY)
    def play(data: st.DataObject) -> None:
        tell_a_lie(data, name, backend)

    play()


@pytest.mark.parametrize("backend", Backend)
@given(data=st.data())
@settings(max_examples=10, suppress_health_check=NOISY)
def test_a_dataset_that_is_none_is_condemned_and_costs_its_registrant_its_bond(
    backend: Backend, data: st.DataObject
) -> None:
    corpus = data.draw(models())
    honest = corpus.datasets[0]
    wrong = data.draw(wrong_datasets(honest))
    chain = world(Corpus((wrong, *corpus.datasets[1:])), backend)
    found = check_dataset(wrong)
    assert found
    right = world(corpus, backend)
    assert check_dataset(honest) == []
    standing = Money.of(right)
    for fault in found:
        assert_stands(right, honest.id, challenge_of(fault, wrong), standing)
        try:
            same = challenge_of(fault, honest)
        except IndexError:
            continue
        assert_stands(right, honest.id, same, standing)
    total, locked, score = chain.bond(OPERATOR)
    challenge = challenge_of(data.draw(st.sampled_from(found)), wrong)
    outcome = chain.challenge(wrong.id, challenge)
    assert outcome.success, chain.ledger.error(outcome)
    free = total - locked
    assert chain.bond(OPERATOR) == (locked, locked, score + PENALTY)
    assert chain.bond(WATCHER) == (free // 2, 0, 0)
    assert int(chain.family.bond.read("treasury")) == free - free // 2
    assert chain.family.registry.read("dataset", wrong.id)[9] == 3
    _, refused = chain.recorded([truth(corpus, (1,), 1).answer])
    assert chain.ledger.error(refused) == "DatasetCondemned"


@pytest.mark.parametrize("backend", Backend)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=NOISY)
def test_payouts_that_are_not_the_sums_cost_the_bond(
    backend: Backend, data: st.DataObject
) -> None:
    corpus = data.draw(models())
    told = [data.draw(answers(corpus)).answer for _ in range(data.draw(st.integers(1, 4)))]
    lists = tuple(one.points for one in told)
    honest = batch_payouts(lists)
    payouts = data.draw(wrong_payouts(honest))
    chain = world(corpus, backend)
    right, wrong = chain.record(told), chain.record(told, payouts)
    claimed = payout_root(payouts)
    units = sum(amount for _, amount in honest)
    assert int(chain.ledger.read("batch", wrong.id)[6]) == units
    stated = type(claimed)(claimed.root, units, claimed.count)
    found = verify_batch(lists, stated, payouts)
    assert {int(fault.kind) for fault in found} >= {8}
    proofs = [challenge_of(fault, BatchCase(wrong.records, lists, payouts)) for fault in found]
    money = Money.of(chain)
    for proof in proofs:
        assert judged(chain, wrong.id, proof) is True
        assert_stands(chain, right.id, proof, money)
    assert_slashed(chain, wrong, data.draw(st.sampled_from(proofs)))
    assert_runs_its_course(chain, right)


@pytest.mark.parametrize("backend", Backend)
@given(data=st.data())
@settings(max_examples=5, suppress_health_check=NOISY)
def test_who_does_not_settle_in_time_is_slashed_and_the_fees_stay_with_the_model(
    backend: Backend, data: st.DataObject
) -> None:
    corpus = data.draw(models())
    told = [data.draw(answers(corpus)).answer for _ in range(data.draw(st.integers(1, 2)))]
    chain = world(corpus, backend)
    late, prompt = chain.record(told), chain.record(told)
    chain.later(WINDOW + 1)
    for batch in (late, prompt):
        assert_stands(chain, batch.id, NotSettled(), Money.of(chain))
        done(chain.ledger, "finalize", batch.id)
    assert chain.settle(prompt).success
    chain.later(SETTLE_WINDOW)
    money = Money.of(chain)
    assert_stands(chain, late.id, NotSettled(), money)
    chain.later(1)
    assert_stands(chain, prompt.id, NotSettled(), money)
    outcome = chain.challenge(late.id, NotSettled())
    assert outcome.success, chain.ledger.error(outcome)
    assert chain.status(late.id) == DEFAULTED
    assert chain.status(prompt.id) == FINALIZED
    after = Money.of(chain)
    total, locked, score = money.operator
    assert after.operator == (total - BOND, locked - BOND, score + PENALTY)
    assert after.watcher[0] == money.watcher[0] + BOND // 2
    assert after.vault == money.vault
    pot = int(chain.vault.read("settlement", late.id)[3])
    assert int(chain.vault.read("carryOf", chain.model)) == pot
    assert chain.vault.error(chain.settle(late)) == "NotWaiting"


HIDDEN: dict[str, Callable[[Answer], Answer]] = {
    "more leaves than can be published": lambda one: replace(one, leaves=one.leaves * 257),
    "an output of another length": lambda one: replace(one, output=(*one.output, UNHEARD)),
    "another output": lambda one: replace(one, output=(UNHEARD, *one.output[1:])),
    "leaves that nobody has": lambda one: replace(one, leaves=(*one.leaves, one.leaves[0])),
}
"""What an operator may commit to instead of an answer, so that nobody can publish that."""


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", HIDDEN)
@given(data=st.data())
@settings(max_examples=4, suppress_health_check=NOISY)
def test_what_nobody_can_publish_costs_the_bond_of_who_committed_to_it(
    name: str, backend: Backend, data: st.DataObject
) -> None:
    corpus = data.draw(models())
    told = data.draw(answers(corpus)).answer
    chain = world(corpus, backend)
    batch = chain.record([told, HIDDEN[name](told)])
    shown = replace(batch, answers=(told, told))
    done(chain.ledger, "demand", *batch.proof(1), sender=WATCHER, value=DEMAND_FEE)
    before = Money.of(chain, [batch])
    assert not chain.publish(shown, 1, sender=OPERATOR).success
    if name.startswith("more leaves"):
        assert not chain.publish(batch, 1, sender=OPERATOR).success
    chain.later(WINDOW + 1)
    assert not chain.ledger.send("finalize", batch.id).success
    assert Money.of(chain, [batch]) == before
    done(chain.ledger, "slashWithheld", batch.id, 1, sender=WATCHER)
    total, locked, score = before.operator
    assert chain.bond(OPERATOR) == (total - BOND, locked - BOND, score + PENALTY)
    assert chain.bond(WATCHER)[0] == before.watcher[0] + BOND // 2
    assert chain.prepaid(WATCHER) == DEMAND_FEE
    assert chain.status(batch.id) == VOID
    for index in (0, 1):
        done(chain.ledger, "refund", *batch.proof(index))
    paid = [chain.prepaid(record.payer) for record in batch.records]
    assert paid == [10**18, 10**18]


words = st.integers(0, 2**256 - 1) | st.sampled_from([0, 1, 31, 32, 64, 2**16, 2**32, 2**255])


@st.composite
def noise(draw: st.DrawFn, like: bytes) -> bytes:
    """Return bytes of no meaning, or true data with a few words or bytes that are not."""
    how = draw(st.sampled_from(["bytes", "words", "word", "byte", "cut", "more"]))
    if how == "bytes":
        return draw(st.binary(max_size=300))
    if how == "words":
        return b"".join(word.to_bytes(32, "big") for word in draw(st.lists(words, max_size=24)))
    if how == "cut":
        return like[: draw(st.integers(0, len(like)))]
    if how == "more":
        return like + draw(st.binary(min_size=1, max_size=64))
    changed = bytearray(like)
    for _ in range(draw(st.integers(1, 3))):
        if how == "word" and len(like) >= 32:
            at = 32 * draw(st.integers(0, len(like) // 32 - 1))
            changed[at : at + 32] = draw(words).to_bytes(32, "big")
        elif changed:
            changed[draw(st.integers(0, len(like) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


@pytest.mark.parametrize("backend", Backend)
@given(data=st.data())
@settings(max_examples=12, suppress_health_check=NOISY)
def test_no_noise_and_nobody_elses_proof_is_held_against_the_honest(
    backend: Backend, data: st.DataObject
) -> None:
    """Every kind with the data of every other, bent; also of the wrong subject."""
    corpus = data.draw(models())
    told = [data.draw(answers(corpus)) for _ in range(2)]
    chain = world(corpus, backend)
    batch = recorded(chain, told)
    records = tuple(one.answer.points for one in told)
    made: list[bytes] = [b""]
    for _, lie in LIES.values():
        try:
            wrong = lie(data, told[0])
        except UnsatisfiedAssumption:  # nothing in this answer to lie so about
            continue
        answer = wrong.answer
        for fault in verify_record(corpus, wrong.record, answer.output, answer.leaves)[:2]:
            made.append(challenge_of(fault, case_of(wrong, batch, 0)).encode())
    made.append(
        challenge_of(Fault(Reason.OTHER_PAYOUTS), BatchCase(batch.records, records)).encode()
    )
    money = Money.of(chain)
    for kind in (*range(10), 255):
        for like in data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=3)):
            bent = data.draw(noise(like) | st.just(like))
            assert_refused(chain, batch.id, kind, bent, money)
            for other in (0, 2**64 - 1):
                assert_refused(chain, other, kind, bent, money)
    assert_runs_its_course(chain, batch)
