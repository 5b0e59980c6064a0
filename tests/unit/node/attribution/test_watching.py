"""What a watcher decides about batches, from what the ledger told."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.attribution.corpus import engine_id
from byline.node.attribution.encoding import encode_evidence, encode_packed
from byline.node.attribution.index.events import Event, Place
from byline.node.attribution.index.index import Index, Settings, folded
from byline.node.attribution.index.ledger import PAYOUTS_INDEX
from byline.node.attribution.proof import challenges
from byline.node.attribution.proof.faults import Reason
from byline.node.attribution.tokens import encode_tokens
from byline.node.attribution.watching import actions, judging
from byline.node.attribution.watching.actions import Action, Decision, Rules, decide
from byline.node.attribution.watching.datasets import Held
from byline.node.attribution.watching.judging import (
    Content,
    Judge,
    State,
    View,
    judge_record,
)
from byline.node.attribution.weights import batch_payouts, payout_root
from byline.precompiles.evidence.merkle import merkle_root
from tests.properties.attribution_records import Case, honest_case
from tests.properties.test_attribution_faults import MUTATIONS, example

ME, SOMEBODY = b"\x0e" * 20, b"\x0f" * 20
WINDOW, SETTLE = 600, 3600
DATASETS = example().corpus.datasets
SETTINGS = Settings(WINDOW, SETTLE, 7776000, 100, 500)
RULES = Rules(ME, SETTLE, 10**15, patience=150)
"""Batches of the tests are recorded at second 1000."""


def content(case: Case) -> Content:
    return Content(encode_tokens(case.output), encode_evidence(case.leaves))


def lie(reason: Reason) -> Case:
    mutate = next(one for one, what in MUTATIONS if what is reason)
    return mutate(example())


@dataclass
class Told:
    """Events of a ledger with one model, as its contracts would tell them."""

    events: list[Event] = field(default_factory=list)
    batches: int = 0

    def tell(self, contract: str, name: str, at: int = 1000, **values: Any) -> None:
        self.events.append(Event(contract, name, values, Place(at, at, bytes(32))))

    def begin(self, tokens: int = example().corpus.total) -> Told:
        for dataset in example().corpus.datasets:
            roots = dataset.roots
            self.tell(
                "AttributionRegistry", "DatasetRegistered", 1, id=dataset.id,
                registrant=ME, docRoot=roots.documents, tokRoot=roots.tokens,
                saRoot=roots.suffixes, ownerRoot=roots.owners, tokens=len(dataset),
                owners=len(dataset.ranges), uri="", license="",
            )  # fmt: skip
        self.tell(
            "AttributionRegistry", "ModelRegistered", 1, id=1, owner=ME, operator=SOMEBODY,
            fallbackTo=example().corpus.fallback, kind=0, feePolicy=1, engineId=engine_id(3),
            method=0, mode=1, tokens=tokens, datasets=[1, 2], uri="",
        )  # fmt: skip
        return self

    def record(self, *cases: Case, payouts: Any = None, at: int = 1000) -> int:
        self.batches += 1
        for index, case in enumerate(cases):
            one = case.record
            self.tell(
                "InferenceLedger", "InferenceRecorded", at, batchId=self.batches, index=index,
                payer=one.payer, reqHash=one.req_hash, outHash=one.out_hash,
                evidenceRoot=one.evidence_root, weightsRoot=one.weights_root, fee=one.fee,
                tokensIn=one.tokens_in, tokensOut=one.tokens_out, nonce=one.nonce,
            )  # fmt: skip
        root = payout_root(payouts or batch_payouts(case.points for case in cases))
        self.tell(
            "InferenceLedger", "ReceiptBatch", at, batchId=self.batches, modelId=1,
            operator=SOMEBODY, recordsRoot=merkle_root([one.record.encode() for one in cases]),
            payoutRoot=root.root, count=len(cases), n=root.count, totalW=root.total,
            totalFee=sum(case.record.fee for case in cases), bond=10**16,
        )  # fmt: skip
        return self.batches

    def demanded(self, batch: int, index: int, by: bytes = ME, at: int = 1200) -> None:
        self.tell(
            "InferenceLedger", "EvidenceDemanded", at, batchId=batch, index=index, by=by,
            fee=10**15, deadline=at + WINDOW,
        )  # fmt: skip

    def settled(self, batch: int, at: int) -> None:
        self.tell("InferenceLedger", "Finalized", at, batchId=batch, totalFee=10**12)
        self.tell(
            "PayoutVault", "Deposited", at, batchId=batch, modelId=1, amount=10**12,
            treasury=ME, platform=0, owner=ME, toOwner=0, toStakers=0, toAncestors=0,
            carried=0, pot=10**12, root=bytes(32), n=1, weight=1, mode=1, method=0,
        )  # fmt: skip
        self.tell(
            "PayoutVault", "Settled", at, batchId=batch, modelId=1, pot=10**12,
            root=bytes(32), n=1, mode=1, method=0,
        )  # fmt: skip

    def decision(
        self,
        now: int,
        shown: Sequence[Case] = (),
        refused: Sequence[Action] = (),
        rules: Rules = RULES,
        judge: Judge | None = None,
    ) -> Decision:
        index = folded(Index(SETTINGS), self.events)
        shelf = {dataset.id: Held(dataset, ()) for dataset in DATASETS}
        contents = {
            (case.record.out_hash, case.record.evidence_root): content(case) for case in shown
        }
        view = View(index, now, shelf, contents)
        return decide(view, rules, judge or Judge(), frozenset(refused))


def calls(decision: Decision) -> list[tuple[str, int]]:
    return [(action.function, action.subject) for action in decision.actions]


def test_hidden_evidence_is_wanted_at_once_and_demanded_after_a_while() -> None:
    told = Told().begin()
    told.record(example(), lie(Reason.OTHER_OWNER))
    assert calls(told.decision(1149)) == []
    assert [one.index for one in told.decision(1149).wanted] == [0, 1]
    assert calls(told.decision(1150)) == [("demand", 1), ("demand", 1)]
    assert calls(told.decision(1601)) == []
    assert {action.value for action in told.decision(1150).actions} == {10**15}


def test_demands_are_few_at_a_time_whoever_made_them() -> None:
    told = Told().begin()
    batch = told.record(*[example()] * 20)
    assert len(told.decision(1200).actions) == 8
    for index in range(3):
        told.demanded(batch, index, by=SOMEBODY)
    after = told.decision(1200).actions
    assert [action.arguments[1] for action in after] == [3, 4, 5, 6, 7]


def test_what_nobody_may_publish_is_demanded_without_patience() -> None:
    told = Told().begin()
    case = example()
    wrong = replace(case, record=replace(case.record, tokens_out=4))
    told.record(wrong)
    assert calls(told.decision(1001, [wrong])) == [("demand", 1)]


def test_a_demand_that_nobody_answers_is_slashed_after_its_deadline() -> None:
    told = Told().begin()
    batch = told.record(example())
    told.demanded(batch, 0, by=SOMEBODY)
    assert calls(told.decision(1800)) == []
    assert calls(told.decision(1801)) == [("slashWithheld", batch)]


def test_nobody_is_slashed_for_evidence_that_the_watcher_has() -> None:
    told = Told().begin()
    batch = told.record(example())
    told.demanded(batch, 0)
    assert calls(told.decision(1250, [example()])) == [("publish", batch)]
    assert calls(told.decision(1801, [example()])) == [("publish", batch)]
    other = Told().begin()
    other.record(example())
    other.demanded(batch, 0, by=SOMEBODY)
    assert calls(other.decision(1801, [example()])) == []


def test_a_lie_is_challenged_in_its_window_and_by_something_else_when_refused() -> None:
    told = Told().begin()
    wrong = lie(Reason.LEAF_WEIGHT)
    told.record(example(), wrong)
    first = told.decision(1600, [example(), wrong])
    assert calls(first) == [("challenge", 1)]
    assert calls(told.decision(1601, [example(), wrong])) == []
    moved = lie(Reason.OTHER_ENTRY)
    told = Told().begin()
    told.record(moved)
    tried: list[Action] = []
    while found := told.decision(1001, [moved], tried).actions:
        tried += found
    assert len(tried) == len(set(tried)) > 1
    assert {action.function for action in tried} == {"challenge"}


@pytest.mark.parametrize("reason", [Reason.LEAF_WEIGHT, None])
def test_a_batch_that_is_open_again_is_judged_by_what_is_found_again(
    reason: Reason | None,
) -> None:
    """Evidence from beside the chain is dropped at a batch's end, which a chain may take back."""
    told, judge = Told().begin(), Judge()
    case = lie(reason) if reason else example()
    batch = told.record(example(), case)
    told.demanded(batch, 1)
    wanted = [("challenge" if reason else "publish", batch)]
    assert calls(told.decision(1250, [example(), case], judge=judge)) == wanted
    nothing_left = told.decision(1250, judge=judge)
    assert [one.index for one in nothing_left.wanted] == [0, 1]
    assert calls(nothing_left) == [("demand", batch)]
    assert calls(told.decision(1250, [example(), case], judge=judge)) == wanted


def test_weights_are_those_of_the_tokens_that_a_model_was_registered_with() -> None:
    """Which a dataset of another size than it was registered with changes; and so the chain."""
    case, others = example(), example().corpus.total + 40
    by_chain = honest_case(replace(case.corpus, registered=others), case.output)
    assert by_chain.leaves != case.leaves
    told = Told().begin(tokens=others)
    told.record(by_chain)
    told.record(case)
    decision = told.decision(1010, [by_chain, case])
    assert [one.verdict.state for one in decision.findings if not one.is_dataset] == [
        State.CLEAN,
        State.FAULTY,
    ]
    assert calls(decision) == [("challenge", 2)]


def test_challenges_come_before_demands() -> None:
    told = Told().begin()
    told.record(example())
    wrong = lie(Reason.OTHER_OWNER)
    told.record(wrong, at=1100)
    assert calls(told.decision(1300, [wrong])) == [("challenge", 2), ("demand", 1)]


def test_what_can_be_challenged_is_judged_and_acted_on_before_all_that_is_past(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A watcher that starts late has more to look at than a window is long."""
    monkeypatch.setattr(actions, "MOST_JUDGED", 4)
    told = Told().begin()
    # Each record of a chain is another: its nonce sees to that.
    numbers = itertools.count(1)

    def another(case: Case) -> Case:
        return replace(case, record=replace(case.record, nonce=next(numbers)))

    wrong = lie(Reason.OTHER_OWNER)
    for _ in range(6):
        told.settled(told.record(*(another(example()) for _ in range(3))), 1700)
    late = told.record(another(wrong), at=2000)
    soon = told.record(*(another(example()) for _ in range(3)), at=1900)
    judge, looks = Judge(), []
    for _ in range(10):
        looks.append(told.decision(2100, [example(), wrong], judge=judge))
        if not looks[-1].is_unfinished:
            break
    assert calls(looks[0]) == [("challenge", late)]
    said = [list(dict.fromkeys(one.subject for one in look.findings[2:])) for look in looks]
    assert said[0] == [soon, late]
    past = [subject for subjects in said for subject in subjects if subject not in (soon, late)]
    assert past == [1, 2, 3, 4, 5, 6]
    assert len(looks) == 4


def test_a_batch_is_unsettled_only_after_its_window() -> None:
    told = Told().begin()
    batch = told.record(example())
    told.tell("InferenceLedger", "Finalized", 1700, batchId=batch, totalFee=example().record.fee)
    assert calls(told.decision(1700 + SETTLE, [example()])) == []
    late = told.decision(1701 + SETTLE, [example()])
    assert calls(late) == [("challenge", batch)]
    assert late.actions[0].arguments == (batch, 7, b"")


def test_wrong_payouts_too_many_for_a_challenge_need_their_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is demanded; shown, it proves who gets too little; hidden, it costs the bond."""
    told = Told().begin()
    cases = [example()] * 2
    honest = batch_payouts(case.points for case in cases)
    stolen = ((honest[0][0], honest[0][1] - 1), (honest[1][0], honest[1][1] + 1), *honest[2:])
    batch = told.record(*cases, payouts=stolen)
    few = told.decision(1001, [example()])
    assert [action.arguments[:2] for action in few.actions] == [(batch, 8)]
    monkeypatch.setattr(judging, "MOST_LISTED", 5)
    monkeypatch.setattr(challenges, "MOST_LISTED", 5)
    assert calls(told.decision(1001, [example()])) == [("demandPayouts", batch)]
    told.demanded(batch, PAYOUTS_INDEX)
    assert calls(told.decision(1300, [example()])) == []
    assert calls(told.decision(1801, [example()])) == [("slashWithheld", batch)]
    told.tell(
        "InferenceLedger", "PayoutsPublished", 1400, batchId=batch, packed=encode_packed(stolen)
    )
    shown = told.decision(1401, [example()])
    assert [action.arguments[:2] for action in shown.actions] == [(batch, 7)]


def test_missing_texts_are_said_and_not_challenged() -> None:
    told = Told().begin()
    told.record(lie(Reason.OTHER_OWNER))
    index = folded(Index(SETTINGS), told.events)
    view = View(index, 1200, {}, {})
    found = decide(view, RULES, Judge(), frozenset())
    assert [one.verdict.words for one in found.findings] == ["dataset 1 is not held"]
    assert [one.verdict.state for one in found.findings] == [State.UNCHECKED]
    assert found.actions == ()


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_have_a_verdict(output: bytes, evidence: bytes) -> None:
    verdict = judge_record(example().corpus, example().record, Content(output, evidence))
    assert verdict.state is State.WITHHELD
