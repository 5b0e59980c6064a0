"""Whatever a record says that is not so, the contracts agree, and of what is so they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from eth_typing import ABIFunction
from eth_utils.abi import function_abi_to_4byte_selector
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document, OwnerRange
from byline.node.attribution.encoding import Points
from byline.node.attribution.proof.batch_check import check_dataset, verify_batch
from byline.node.attribution.proof.challenges import Challenge, Underpaid
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import Fault, Reason
from byline.node.attribution.proof.proving import BatchCase, RecordCase, challenge_of
from byline.node.attribution.tokens import tokenize
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.node.contracts import addresses
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from tests.contracts.attribution_family import done
from tests.contracts.harness import Contract, Outcome
from tests.contracts.ledger_world import OPERATOR, RECORDED, VOID, Answer, Batch, World, world
from tests.properties.attribution_records import (
    OWNERS,
    Case,
    cases,
    corpora,
    fit,
    honest_case,
    other_leaves,
)
from tests.properties.test_attribution_faults import MUTATIONS, example

VERIFIERS = {
    1: ("ChallengeVerifier", addresses.CHALLENGE_VERIFIER, "falseSpan"),
    2: ("ChallengeVerifier", addresses.CHALLENGE_VERIFIER, "longerMatch"),
    3: ("ChallengeVerifier", addresses.CHALLENGE_VERIFIER, "wrongOwner"),
    4: ("ChallengeVerifier", addresses.CHALLENGE_VERIFIER, "wrongCount"),
    5: ("ChallengeVerifier", addresses.CHALLENGE_VERIFIER, "badDataset"),
    6: ("PayoutVerifier", addresses.PAYOUT_VERIFIER, "wrongWeights"),
    7: ("PayoutVerifier", addresses.PAYOUT_VERIFIER, "underpaid"),
    8: ("PayoutVerifier", addresses.PAYOUT_VERIFIER, "wrongPayouts"),
}  # fmt: skip
QUIET = settings(
    max_examples=25, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def judged(chain: World, subject: int, challenge: Challenge) -> Outcome:
    """Ask the verifier, as the ledger does: the arguments are the subject and one tuple."""
    name, address, function = VERIFIERS[challenge.kind]
    contract = Contract(chain.family.evm, address, load(name).abi)
    selector = function_abi_to_4byte_selector(cast(ABIFunction, contract.entry(function)))
    head = subject.to_bytes(32, "big") + (64).to_bytes(32, "big")
    return chain.family.evm.call(address, selector + head + challenge.encode())


def held(outcome: Outcome) -> bool:
    """Return whether a verdict is guilty; what does not even fit is none."""
    return outcome.success and any(outcome.output)


def is_proven(chain: World, subject: int, challenge: Challenge) -> bool:
    """Return the verdict; the challenge must fit, since it is made of true openings."""
    outcome = judged(chain, subject, challenge)
    assert outcome.success, outcome.output
    return bool(int.from_bytes(outcome.output, "big"))


def answer_of(case: Case) -> Answer:
    return Answer(case.output, case.leaves, case.points, case.record.fee)


def record_case(batch: Batch, case: Case, index: int = 0) -> RecordCase:
    return RecordCase(case.corpus, batch.shown(index), case.output, case.leaves)


def faults_of(case: Case) -> list[Fault]:
    return verify_record(case.corpus, case.record, case.output, case.leaves)


def assert_all_proven(chain: World, case: Case) -> Batch:
    """Record the case on the chain and prove every fault that is found in it."""
    batch = chain.record([answer_of(case)])
    assert batch.records[0].evidence_root == case.record.evidence_root
    for fault in faults_of(case):
        assert is_proven(chain, batch.id, challenge_of(fault, record_case(batch, case))), fault
    return batch


@cache
def chain_of_example(backend: Backend = Backend.PRECOMPILE) -> World:
    """Return a chain whose operator can record as often as it likes."""
    chain = world(example().corpus, backend)
    chain.family.evm.set(OPERATOR, balance=10**24)
    done(chain.family.bond, "bond", sender=OPERATOR, value=10**22)
    return chain


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize(("mutate", "reason"), MUTATIONS)
def test_each_mutation_is_proven_for_its_reason(
    mutate: Callable[[Case], Case], reason: Reason, backend: Backend
) -> None:
    wrong = mutate(example())
    assert reason in {fault.reason for fault in faults_of(wrong)}
    assert_all_proven(chain_of_example(backend), wrong)


@given(case=cases(in_a_row=True), data=st.data())
@QUIET
def test_every_fault_of_any_evidence_is_proven(case: Case, data: st.DataObject) -> None:
    """And what proves it against the liar proves nothing against the honest record."""
    leaves = data.draw(other_leaves(case))
    wrong = case.with_leaves(leaves)
    if data.draw(st.booleans()):
        wrong = fit(case, leaves)
    assume(wrong.leaves != case.leaves and len(wrong.leaves) <= 256)
    chain = world(case.corpus)
    assert faults_of(wrong)
    assert_all_proven(chain, wrong)
    honest = chain.record([answer_of(case)])
    for fault in faults_of(wrong):
        assert_acquitted(chain, honest, case, fault)


def assert_acquitted(chain: World, batch: Batch, case: Case, fault: Fault) -> None:
    """Accuse an honest record of `fault`, where its leaves have a place for that at all."""
    try:
        challenge = challenge_of(fault, record_case(batch, case))
    except IndexError:
        return
    assert not held(judged(chain, batch.id, challenge)), fault


@given(case=cases(in_a_row=True), data=st.data())
@QUIET
def test_nothing_is_proven_against_an_honest_record(case: Case, data: st.DataObject) -> None:
    """Not even by accusations that no fault is behind."""
    chain = world(case.corpus)
    batch = chain.record([answer_of(case)])
    kinds = [reason for reason in Reason if reason.kind in (1, 2, 3, 4, 6)]
    for reason in data.draw(st.lists(st.sampled_from(kinds), min_size=3, max_size=6)):
        dataset = data.draw(st.sampled_from(case.corpus.datasets))
        pos = data.draw(st.integers(0, len(dataset) - 1))
        fault = Fault(
            reason,
            leaf=data.draw(st.integers(0, max(len(case.leaves) - 1, 0))),
            start=data.draw(st.integers(0, len(case.output) - 1)),
            length=data.draw(st.integers(1, min(64, len(dataset) - pos))),
            dataset=dataset.id,
            pos=pos,
            entry=pos,
        )
        assert_acquitted(chain, batch, case, fault)


@given(case=cases(in_a_row=True))
@QUIET
def test_a_span_left_out_or_cut_short_is_proven(case: Case) -> None:
    assume(case.leaves)
    first = case.leaves[0]
    chain = world(case.corpus)
    rest = [leaf for leaf in case.leaves if leaf.out_pos != first.out_pos]
    assert_all_proven(chain, fit(case, rest))
    if first.length > case.corpus.min_length:
        cut = case.output[first.out_pos : first.out_pos + first.length - 1]
        only = honest_case(Corpus(case.corpus.datasets, len(cut)), cut).leaves
        shorter = [replace(leaf, out_pos=first.out_pos) for leaf in only if leaf.out_pos == 0]
        wrong = fit(case, shorter + rest)
        assert Reason.LONGER_AT_SPAN in {fault.reason for fault in faults_of(wrong)}
        assert_all_proven(chain, wrong)


@given(case=cases(in_a_row=True))
@QUIET
def test_other_points_are_proven(case: Case) -> None:
    owner, amount = case.points[-1]
    others = (
        (*case.points[:-1], (b"\xfd" * 20, amount))
        if owner < b"\xfd" * 20
        else ((OWNERS[0], amount),)
    )
    assert_all_proven(world(case.corpus), case.with_points(others))


@st.composite
def other_payouts(draw: st.DrawFn, honest: Points) -> Points:
    """Return payouts that sum to the same or not, of the same owners or not."""
    payouts = dict(honest)
    thief = draw(st.sampled_from([*payouts, *(bytes([n]) * 20 for n in (0, 2, 99, 255))]))
    victim = draw(st.sampled_from(list(payouts)))
    taken = draw(st.integers(0, payouts[victim]))
    payouts[victim] -= taken
    payouts[thief] = payouts.get(thief, 0) + taken + draw(st.sampled_from([0, 0, 1]))
    if draw(st.booleans()):
        payouts[thief] += payouts.pop(victim, 0) if victim != thief else 0
    return tuple(sorted(payouts.items()))


@given(data=st.data())
@QUIET
def test_other_payouts_are_proven(data: st.DataObject) -> None:
    chain, case = chain_of_example(), example()
    texts = [case.output, case.output[:5], case.output[5:], (77, 78)]
    chosen = data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4))
    answers = [
        answer_of(honest_case(case.corpus, one, 10**12 + at)) for at, one in enumerate(chosen)
    ]
    points = tuple(one.points for one in answers)
    honest = batch_payouts(points)
    payouts = data.draw(other_payouts(honest))
    batch = chain.record(answers, payouts)
    total = sum(amount for _, amount in honest)
    claimed = replace(payout_root(payouts), total=total)
    known = BatchCase(batch.records, points, payouts)
    faults = verify_batch(points, claimed, payouts)
    assert (faults == []) == (payouts == honest)
    for fault in faults:
        assert is_proven(chain, batch.id, challenge_of(fault, known)), fault
    right = chain.record(answers)
    for fault in faults:
        challenge = challenge_of(fault, replace(known, records=right.records, payouts=honest))
        if isinstance(challenge, Underpaid) and not challenge.entries:
            assert not is_proven(chain, right.id, challenge)
        assert not held(judged(chain, right.id, challenge)), fault


@given(data=st.data())
@QUIET
def test_a_bad_dataset_is_proven(data: st.DataObject) -> None:
    corpus = data.draw(corpora(in_a_row=True))
    honest = corpus.datasets[0]
    size = len(honest)
    if data.draw(st.booleans()):
        entries = st.integers(0, size + 1)
        order = data.draw(
            st.permutations(range(size))
            | st.lists(entries, min_size=size, max_size=size)
            | st.integers(1, 2 * size + 300).map(range)
        )
        wrong = replace(honest, suffix_array=np.array(order, np.uint32))
    else:
        cuts = data.draw(st.lists(st.integers(0, size + 1), min_size=2, max_size=6))
        ranges = tuple(OwnerRange(start, end, OWNERS[0]) for start, end in pairwise(cuts))
        assume(len(ranges) <= size)  # the registry refuses more
        wrong = replace(honest, ranges=ranges)
    chain = world(Corpus((wrong,)))
    faults = check_dataset(wrong)
    assert check_dataset(honest) == []
    for fault in faults:
        assert is_proven(chain, wrong.id, challenge_of(fault, wrong)), fault
    right = world(Corpus((honest,)))
    for fault in faults:
        try:
            challenge = challenge_of(fault, honest)
        except IndexError:
            continue
        assert not held(judged(right, honest.id, challenge))


def test_a_demand_is_no_challenge() -> None:
    case = example()
    batch = chain_of_example().record([answer_of(case)])
    with pytest.raises(ValueError, match="demand that it be published"):
        challenge_of(Fault(Reason.OUTPUT_UNKNOWN), record_case(batch, case))
    with pytest.raises(ValueError, match="not found in a record"):
        challenge_of(Fault(Reason.OTHER_PAYOUTS), record_case(batch, case))
    with pytest.raises(ValueError, match="needs the list of payouts"):
        challenge_of(Fault(Reason.UNDERPAID, owner=OWNERS[0]), BatchCase(batch.records, ()))


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 6])
def test_the_ledger_voids_a_lie_and_keeps_the_truth(kind: int) -> None:
    """By its own way to the verifiers: the batch is void, or the challenge is refused."""
    case, chain = example(), chain_of_example()
    mutate = next(one for one, reason in MUTATIONS if reason.kind == kind)
    wrong = mutate(case)
    fault = next(one for one in faults_of(wrong) if one.kind == kind)
    batch = chain.record([answer_of(wrong)])
    assert chain.challenge(batch.id, challenge_of(fault, record_case(batch, wrong))).success
    assert chain.status(batch.id) == VOID
    honest = chain.record([answer_of(case)])
    same = replace(fault, leaf=0, start=1, length=4, dataset=1, pos=6, entry=6)
    outcome = chain.challenge(honest.id, challenge_of(same, record_case(honest, case)))
    assert not outcome.success
    assert chain.ledger.error(outcome) == "NotProven"
    assert chain.status(honest.id) == RECORDED


@cache
def large_case() -> Case:
    """Spans of up to 64 tokens that lie across the chunks of the commitments."""
    words = [f"w{at * at % 151}" for at in range(900)]
    lines = [Document(" ".join(words[at : at + 300]), OWNERS[at // 300]) for at in (0, 300, 600)]
    mixed = [Document(" ".join(words[200:600] + words[250:270] * 5), OWNERS[3])]
    corpus = Corpus((Dataset.build(1, lines), Dataset.build(2, mixed)), 5)
    text = [*words[220:300], "else", *words[250:270], *words[510:520], "end"]
    return honest_case(corpus, tokenize(" ".join(text)))


@cache
def chain_of_large_case() -> World:
    return world(large_case().corpus)


def test_the_large_case_is_large() -> None:
    case = large_case()
    assert max(leaf.length for leaf in case.leaves) == 64
    assert len(case.leaves) > 20
    openings = [
        case.corpus.datasets[leaf.dataset - 1].open_tokens(leaf.pos, leaf.length)
        for leaf in case.leaves
    ]
    assert any(len(opening.chunks) == 2 for opening in openings)


@given(data=st.data())
@QUIET
def test_faults_across_chunks_are_proven(data: st.DataObject) -> None:
    case = large_case()
    leaves = data.draw(other_leaves(case))
    wrong = fit(case, leaves) if data.draw(st.booleans()) else case.with_leaves(leaves)
    assume(wrong.leaves != case.leaves)
    chain = chain_of_large_case()
    assert faults_of(wrong)
    assert_all_proven(chain, wrong)
