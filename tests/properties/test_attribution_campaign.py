"""Liars of every kind lose their bond on the ledger itself, and who is honest never does.

What each test plays is whole: receipts that payers signed, a batch, the watcher's eye
(`check`), its hand (`proving`), `InferenceLedger.challenge`, and every wei afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from byline.node.attribution.batch_check import check_dataset, verify_batch
from byline.node.attribution.challenges import Challenge, NotSettled
from byline.node.attribution.check import verify_record
from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.faults import Fault, Reason
from byline.node.attribution.proving import BatchCase, RecordCase, challenge_of
from byline.node.attribution.spans import LEAVES_TO_STOP, MOST_LEAVES
from byline.node.attribution.tokens import token_id, tokenize
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.contracts.attribution_predeploys import Backend
from tests.attribution_lies import (
    LIES,
    PEOPLE,
    Told,
    answers,
    held,
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
    FALLBACK,
    FINALIZED,
    OPERATOR,
    PENALTY,
    RECORDED,
    RELEASED,
    SETTLE_WINDOW,
    VOID,
    WATCHER,
    WINDOW,
    Answer,
    Batch,
    World,
    world,
)

NOISY = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
TRIES = {Backend.PRECOMPILE: 12, Backend.TWIN: 5}
LONG = 30
"""Times as many in the runs that are marked slow."""


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


def _dataset(number: int, *documents: tuple[str, bytes]) -> Dataset:
    return Dataset.build(number, [Document(*one) for one in documents])


A, B, C, D = PEOPLE
LONG_TEXT = " ".join(f"w{number}" for number in range(150))
CORNERS: dict[str, tuple[tuple[Dataset, ...], int, str, int]] = {
    "the start and the end of a dataset": (
        (_dataset(1, ("one two three four", A), ("five six seven", B)),),
        2,
        "six seven one two",
        10**15,
    ),
    "a dataset of one token": (
        (_dataset(1, ("", A)), _dataset(2, ("x y", B))),
        1,
        "x y x",
        10**15,
    ),
    "the whole dataset": ((_dataset(1, ("one two three", A)),), 3, "one two three", 10**15),
    "a span at the very end of every dataset": (
        tuple(_dataset(number, ("u v", A), ("x y z", B)) for number in (1, 2, 3, 4)),
        2,
        "y z y z x y z",
        10**15 + 7,
    ),
    "more than 64 tokens in a row": (
        (_dataset(1, (LONG_TEXT, A), (LONG_TEXT, B)),),
        5,
        LONG_TEXT,
        10**16,
    ),
    "one token and nothing else": (
        (_dataset(1, ("x " * 100, A)), _dataset(2, ("x " * 3, B), ("x " * 70, C))),
        1,
        "x " * 140,
        10**15,
    ),
    "a period of two": (
        (_dataset(1, ("x y " * 40, A), ("y x " * 40, B)),),
        2,
        "x y " * 50 + "y",
        10**15,
    ),
    "five and more of a span": (
        (_dataset(1, *[(f"s{number} x y z", PEOPLE[number % 4]) for number in range(11)]),),
        3,
        "q x y z q x y z",
        10**15 + 3,
    ),
    "the stop behind 240 leaves": (
        tuple(_dataset(number, ("x y " * 4, A), ("x y", B)) for number in (1, 2, 3, 4)),
        2,
        "x y q " * 30,
        10**17,
    ),
    "240 leaves at the output's end": (
        tuple(_dataset(number, *[("x y", person) for person in PEOPLE]) for number in (1, 2, 3)),
        2,
        "x y q " * 20 + "x",
        10**17,
    ),
    "no span at all": ((_dataset(1, ("one two three", A)),), 2, "two one nothing else", 10**15),
    "a span that is one too short": (
        (_dataset(1, ("one two three four", A)),),
        4,
        "one two three",
        10**15,
    ),
    "a fee of one wei": (
        (_dataset(1, ("one two three", A), ("four five six", B), ("seven eight", C)),),
        2,
        "seven eight one two three four five six",
        1,
    ),
    "a fee of one unit and a wei less than two": (
        (_dataset(1, ("one two three", A), ("four five six", B)),),
        2,
        "four five one two",
        2 * 10**9 - 1,
    ),
    "the shortest span of one": ((_dataset(1, ("x y z", A)),), 1, "z y x z", 10**15),
    "the shortest span of 64": ((_dataset(1, (LONG_TEXT, A)),), 64, LONG_TEXT, 10**15),
    "an answer of 1024 tokens": (
        (_dataset(1, (LONG_TEXT, A)), _dataset(2, ("x y", B))),
        3,
        "q " * 961 + " ".join(f"w{number}" for number in range(50, 113)),
        10**15,
    ),
}


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", CORNERS)
def test_honest_answers_of_odd_shape_stand_and_are_paid_to_the_wei(
    name: str, backend: Backend
) -> None:
    datasets, shortest, text, fee = CORNERS[name]
    told = truth(Corpus(datasets, shortest, FALLBACK), tokenize(text), fee)
    chain = world(told.corpus, backend)
    batch = recorded(chain, [told])
    assert faults_of(told, batch, 0) == []
    assert_nothing_is_proven(chain, told, batch)
    assert sum(amount for _, amount in told.answer.points) == max(1, fee // 10**9)
    assert_runs_its_course(chain, batch)
    credited = [
        chain.vault.read("creditOf", who)
        for who in {who for who, _ in told.answer.points} | {OPERATOR, b"\x70" * 20}
    ]
    assert sum(credited) + int(chain.vault.read("carryOf", chain.model)) == fee


def corner(name: str) -> Answer:
    datasets, shortest, text, fee = CORNERS[name]
    return truth(Corpus(datasets, shortest, FALLBACK), tokenize(text), fee).answer


def test_the_corners_are_what_they_are_called() -> None:
    ends = corner("the start and the end of a dataset").leaves
    assert [(leaf.pos, leaf.length) for leaf in ends] == [(6, 2), (0, 2)]
    assert {leaf.length for leaf in corner("more than 64 tokens in a row").leaves} == {64, 22}
    assert {leaf.length for leaf in corner("one token and nothing else").leaves} == {64, 12}
    many = corner("five and more of a span").leaves
    assert {leaf.hi - leaf.lo for leaf in many} == {11}
    assert len(many) == 8
    assert LEAVES_TO_STOP < len(corner("the stop behind 240 leaves").leaves) <= MOST_LEAVES
    assert len(corner("240 leaves at the output's end").leaves) == LEAVES_TO_STOP
    for name in ("no span at all", "a span that is one too short"):
        assert corner(name).points == ((FALLBACK, 10**6),)
    assert sorted(amount for _, amount in corner("a fee of one wei").points) == [0, 0, 1]
    assert len(corner("an answer of 1024 tokens").output) == 1024
    assert token_id("x") in corner("a dataset of one token").output
