"""No record but the honest one passes, and each fault comes under the challenge that proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from byline.node.attribution.corpus import Corpus
from byline.node.attribution.dataset import Dataset, Document
from byline.node.attribution.encoding import EvidenceLeaf
from byline.node.attribution.proof.check import verify_record
from byline.node.attribution.proof.faults import ChallengeKind, Fault, Reason
from byline.node.attribution.proof.structure import structure
from byline.node.attribution.tokens import tokenize
from tests.properties.attribution_records import Case, cases, fit, honest_case, other_leaves

ALICE, BOB, CAROL = (bytes([number]) * 20 for number in (1, 2, 3))


def faults_of(case: Case) -> list[Fault]:
    return verify_record(case.corpus, case.record, case.output, case.leaves)


def reasons(case: Case) -> set[Reason]:
    return {fault.reason for fault in faults_of(case)}


@given(case=cases())
@settings(max_examples=80)
def test_an_honest_record_has_no_fault(case: Case) -> None:
    assert faults_of(case) == []


@given(case=cases(), data=st.data())
@settings(max_examples=200)
def test_every_other_evidence_has_a_fault(case: Case, data: st.DataObject) -> None:
    """Even where the operator makes weights and points fit the wrong leaves."""
    leaves = data.draw(other_leaves(case))
    assume(tuple(leaves) != case.leaves and len(leaves) <= 256)
    assert faults_of(case.with_leaves(leaves))
    fitted = fit(case, leaves)
    if fitted.leaves != case.leaves:
        assert faults_of(fitted)


@given(case=cases(), data=st.data())
@settings(max_examples=80)
def test_a_span_more_or_less_or_shorter_has_a_fault(case: Case, data: st.DataObject) -> None:
    """Leaves made by the rule from other spans: only the matches themselves tell."""
    found = structure(case.leaves)
    assume(found.spans)
    victim = data.draw(st.sampled_from(found.spans))
    keep = [leaf for leaf in case.leaves if leaf.out_pos != victim.start]
    shorter: list[EvidenceLeaf] = []
    if victim.length > case.corpus.min_length and data.draw(st.booleans()):
        cut = case.output[victim.start : victim.start + victim.length - 1]
        only = honest_case(Corpus(case.corpus.datasets, len(cut), case.corpus.fallback), cut)
        shorter = [
            replace(leaf, out_pos=victim.start) for leaf in only.leaves if leaf.out_pos == 0
        ]
    leaves = sorted(keep + shorter, key=lambda leaf: leaf.out_pos)
    expected = Reason.LONGER_AT_SPAN if shorter else Reason.NOT_COVERED
    assert expected in reasons(fit(case, leaves))


@given(case=cases(), data=st.data())
@settings(max_examples=60)
def test_a_dataset_left_out_is_found(case: Case, data: st.DataObject) -> None:
    """With a copy of one dataset under another id, so that spans are in two at least."""
    assume(case.leaves)
    copied = data.draw(st.sampled_from(case.corpus.datasets))
    datasets = (*case.corpus.datasets, replace(copied, id=10))
    case = honest_case(replace(case.corpus, datasets=datasets), case.output)
    pairs = {(leaf.out_pos, leaf.dataset) for leaf in case.leaves}
    shared = sorted(pair for pair in pairs if pair[1] != 10 and (pair[0], 10) in pairs)
    assume(shared)
    gone = data.draw(st.sampled_from(shared))
    leaves = [leaf for leaf in case.leaves if (leaf.out_pos, leaf.dataset) != gone]
    assert reasons(fit(case, leaves)) == {Reason.DATASET_LEFT_OUT}


@given(case=cases(), data=st.data())
@settings(max_examples=60)
def test_every_other_list_of_points_has_a_fault(case: Case, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(case.points) - 1))
    action = data.draw(st.sampled_from(["more", "owner", "drop", "add"]))
    changed = list(case.points)
    owner, amount = changed[at]
    if action == "more":
        changed[at] = (owner, amount + 1)
    elif action == "owner":
        changed[at] = (b"\xfe" * 20, amount)
        changed.sort()
    elif action == "drop" and len(changed) > 1:
        del changed[at]
    else:
        changed.append((b"\xff" * 20, 0))
    assert reasons(case.with_points(tuple(changed))) == {Reason.POINTS}


def example() -> Case:
    """Two datasets, a span with two ranges of several places and a second span in one."""
    first = [Document("the quick brown fox jumps", ALICE), Document("quick brown fox jumps", BOB)]
    second = [Document("a quick brown fox jumps", CAROL), Document("lazy dogs sleep all day", BOB)]
    corpus = Corpus((Dataset.build(1, first), Dataset.build(2, second)), 3, b"\xfb" * 20)
    output = tokenize("now quick brown fox jumps over lazy dogs sleep all")
    return honest_case(corpus, output)


def test_the_example_has_spans_in_both_datasets() -> None:
    places = [(leaf.out_pos, leaf.length, leaf.dataset) for leaf in example().leaves]
    assert places == [(1, 4, 1), (1, 4, 1), (1, 4, 2), (6, 4, 2)]


def changed(at: int, **fields: Any) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        leaves = list(case.leaves)
        leaves[at] = replace(leaves[at], **fields)
        return case.with_leaves(leaves)

    return change


def moved(at: int, name: str, by: int) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        return changed(at, **{name: getattr(case.leaves[at], name) + by})(case)

    return change


def without(at: int) -> Callable[[Case], Case]:
    return lambda case: case.with_leaves([*case.leaves[:at], *case.leaves[at + 1 :]])


def swapped(case: Case) -> Case:
    return case.with_leaves([case.leaves[1], case.leaves[0], *case.leaves[2:]])


def in_other_order(case: Case) -> Case:
    return case.with_leaves([case.leaves[3], *case.leaves[:3]])


def repeated(case: Case) -> Case:
    return case.with_leaves([*case.leaves, case.leaves[-1]])


MUTATIONS: list[tuple[Callable[[Case], Case], Reason]] = [
    (changed(0, dataset=3), Reason.FOREIGN_DATASET),
    (changed(0, length=2), Reason.SPAN_LENGTH),
    (changed(0, length=65), Reason.SPAN_LENGTH),
    (changed(0, out_pos=8), Reason.OUTSIDE_OUTPUT),
    (changed(0, out_pos=2**32 - 1), Reason.OUTSIDE_OUTPUT),
    (changed(0, pos=9), Reason.OUTSIDE_DATASET),
    (changed(0, pos=2**32 - 1), Reason.OUTSIDE_DATASET),
    (moved(0, "out_pos", 1), Reason.TOKENS_DIFFER),
    (moved(0, "pos", 1), Reason.TOKENS_DIFFER),
    (moved(0, "pos", 1), Reason.OTHER_ENTRY),
    (changed(0, pos=7), Reason.OTHER_ENTRY),
    (changed(0, dataset=2), Reason.TOKENS_DIFFER),
    (changed(0, owner=CAROL), Reason.OTHER_OWNER),
    (moved(3, "lo", -1), Reason.RANGE_STARTS_EARLY),
    (moved(3, "hi", 1), Reason.RANGE_ENDS_LATE),
    (moved(0, "lo", 1), Reason.RANGE_STARTS_LATE),
    (moved(0, "hi", -1), Reason.RANGE_ENDS_EARLY),
    (changed(0, lo=5, hi=5), Reason.RANGE_BOUNDS),
    (changed(0, hi=2**32 - 1), Reason.RANGE_BOUNDS),
    (moved(0, "sa_index", 1), Reason.OTHER_ENTRY),
    (moved(0, "sa_index", 1), Reason.STRUCTURE),
    (moved(0, "weight", 1), Reason.LEAF_WEIGHT),
    (changed(0, weight=2**64 - 1), Reason.LEAF_WEIGHT),
    (without(0), Reason.STRUCTURE),
    (without(1), Reason.STRUCTURE),
    (without(2), Reason.DATASET_LEFT_OUT),
    (without(3), Reason.NOT_COVERED),
    (swapped, Reason.STRUCTURE),
    (in_other_order, Reason.STRUCTURE),
    (repeated, Reason.STRUCTURE),
]


@pytest.mark.parametrize(("mutate", "reason"), MUTATIONS)
def test_each_mutation_is_found_for_its_reason(
    mutate: Callable[[Case], Case], reason: Reason
) -> None:
    assert reason in reasons(mutate(example()))


def test_every_reason_of_a_published_record_is_tried() -> None:
    tried = {reason for _, reason in MUTATIONS} | {Reason.LONGER_AT_SPAN, Reason.POINTS}
    kinds = {ChallengeKind(number) for number in (1, 2, 3, 4, 6)}
    assert tried == {reason for reason in Reason if reason.kind in kinds}


def test_what_was_not_published_is_no_other_fault() -> None:
    case = example()
    leaves, output = case.leaves, case.output
    assert [
        [fault.reason for fault in found]
        for found in (
            verify_record(case.corpus, case.record, output[1:], leaves),
            verify_record(case.corpus, case.record, (*output, 0), leaves),
            verify_record(case.corpus, case.record, output, leaves[1:]),
            verify_record(case.corpus, case.record, output, leaves * 65),
            verify_record(case.corpus, replace(case.record, tokens_out=1), output, leaves),
        )
    ] == [
        [Reason.OUTPUT_UNKNOWN],
        [Reason.OUTPUT_INVALID],
        [Reason.EVIDENCE_UNKNOWN],
        [Reason.EVIDENCE_INVALID],
        [Reason.OUTPUT_INVALID],
    ]
    assert Reason.OUTPUT_UNKNOWN.kind == ChallengeKind.WITHHELD


def test_spans_behind_240_leaves_are_a_fault_and_need_not_be_there() -> None:
    texts = [Document(" ".join(["x y"] * 4), ALICE)]
    corpus = Corpus(tuple(Dataset.build(number, texts) for number in (1, 2, 3, 4)), 2)
    case = honest_case(corpus, tokenize("x y z " * 20))
    assert len(case.leaves) == 256
    assert faults_of(case) == []
    full = honest_case(Corpus(corpus.datasets[:1], 2), tokenize("x y z " * 20)).leaves
    late = [replace(leaf, out_pos=leaf.out_pos + 51) for leaf in full[:4]]
    extra = case.leaves[:241] + tuple(late)
    assert Reason.STRUCTURE in reasons(case.with_leaves(extra))
    cut = fit(case, list(case.leaves[:240]))
    assert reasons(cut) == {Reason.NOT_COVERED}


def test_a_fault_says_in_words_what_and_where() -> None:
    found = faults_of(changed(0, owner=CAROL)(example()))
    assert str(found[0]) == (
        "WRONG_OWNER: somebody else owns the leaf's place (leaf 0, dataset 1, position 6)"
    )
