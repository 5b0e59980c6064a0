"""From what a watcher thinks to what it does: calls of the ledger, and evidence that it wants.

The same for the same chain, evidence and datasets, whenever and however often it is asked:
what was done before shows in the chain, and what was refused is said by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from byline.node.attribution.encoding import RecordLeaf
from byline.node.attribution.index.ledger import PAYOUTS_INDEX
from byline.node.attribution.index.rows import (
    BatchRow,
    BatchStatus,
    DemandRow,
    SettlementStatus,
)
from byline.node.attribution.proof.challenges import Challenge, NotSettled
from byline.node.attribution.proof.faults import ChallengeKind, Fault, Reason
from byline.node.attribution.states import RegistryStatus
from byline.node.attribution.watching.accusing import Accusation
from byline.node.attribution.watching.judging import (
    Judge,
    State,
    Verdict,
    View,
    content_of,
    shown_of,
)

DEMANDS_AT_ONCE: Final = 8
"""Open demands of a batch.  Each costs a fee, one that stays unanswered costs the bond, and
each answer begins a new window: asking for more at a time gains little."""

MOST_JUDGED: Final = 256
"""Records at a look, and the rest of the batch of the last: some ten seconds at the most.  What
was found is acted on before others are looked at."""

URGENCY: Final = (
    "challenge", "slashWithheld", "publish", "demand", "demandPayouts", "reclaimDemand",
)  # fmt: skip
"""Functions of the ledger in the order in which they are called: what ends lies first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a watcher behaves."""

    me: bytes
    """The address that it acts from."""
    settle_window: int
    """Seconds."""
    demand_fee: int
    """Wei."""
    patience: int
    """Seconds after a record within which its evidence may turn up beside the chain."""
    since: int = 0
    """Batches of earlier blocks are left out once they are settled."""


@dataclass(frozen=True, slots=True)
class Action:
    """A call of the ledger."""

    words: str
    """What for."""
    subject: int
    """A batch; of bad datasets the dataset."""
    function: str
    arguments: tuple[Any, ...]
    value: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Evidence that is to be looked for beside the chain."""

    batch: int
    index: int
    record: RecordLeaf


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known now about a record, about a batch (index -1), or about a dataset."""

    subject: int
    index: int
    verdict: Verdict
    is_dataset: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a look at the chain came to."""

    findings: tuple[Finding, ...]
    wanted: tuple[Wanted, ...]
    actions: tuple[Action, ...]
    """At most one challenge of a subject; the most urgent first."""
    is_unfinished: bool = False
    """Whether there are batches that were not looked at yet."""


def decide(view: View, rules: Rules, judge: Judge, refused: Set[Action]) -> Decision:
    """Return what is known, what is missing and what is to be done.

    What is known of a batch that is settled is said once, whatever becomes of the others.  Not
    more than some hundred records are judged: what can still be challenged before all else.

    refused: actions that the chain has refused; others that serve are given instead.
    """
    findings: list[Finding] = []
    wanted: list[Wanted] = []
    actions: list[Action] = []
    room, is_unfinished = MOST_JUDGED, False
    for number, held in view.shelf.items():
        if view.index.registry.datasets[number].status is not RegistryStatus.CONDEMNED:
            verdict = _dataset_verdict(held.accusations)
            findings.append(Finding(number, -1, verdict, is_dataset=True))
            actions += _first(_accused(number, held.accusations), refused)
    rows = view.index.ledger.batches.values()
    for row in sorted(rows, key=lambda row: (_is_settled(view, row), row.window_end, row.id)):
        if is_over(row) or (row.place.block < rules.since and _is_settled(view, row)):
            actions += _not(refused, _reclaims(view, rules, row))
            continue
        key = (row.id, row.records_root, row.status)
        if key in judge.closed:
            continue
        unjudged = judge.unjudged(view, row)
        if unjudged and room <= 0:
            is_unfinished = True
            continue
        room -= unjudged
        verdicts = judge.records(view, row)
        findings += [Finding(row.id, at, one) for at, one in enumerate(verdicts)]
        wanted += [
            Wanted(row.id, index, view.index.ledger.records[row.id, index].leaf)
            for index, verdict in enumerate(verdicts)
            if verdict.state is State.MISSING
        ]
        findings += _batch_findings(view, rules, judge, row)
        actions += _of_batch(view, rules, judge, row, verdicts, refused)
        if _is_settled(view, row) and all(one.state is not State.MISSING for one in verdicts):
            judge.closed.add(key)
    # Stable: within a function those whose window ends first stay first.
    actions.sort(key=lambda action: URGENCY.index(action.function))
    return Decision(tuple(findings), tuple(wanted), tuple(actions), is_unfinished)


def is_over(row: BatchRow) -> bool:
    """Return whether a batch was proven wrong: nothing is to be found out about it."""
    return row.status in (BatchStatus.VOID, BatchStatus.DEFAULTED)


def _not(refused: Set[Action], actions: Iterator[Action]) -> Iterator[Action]:
    return (action for action in actions if action not in refused)


def _first(actions: Iterator[Action], refused: Set[Action]) -> list[Action]:
    found = next(_not(refused, actions), None)
    return [] if found is None else [found]


def _dataset_verdict(accusations: tuple[Accusation, ...]) -> Verdict:
    if not accusations:
        return Verdict(State.CLEAN)
    return Verdict(State.FAULTY, words=accusations[0].words)


def _accused(subject: int, accusations: Iterator[Accusation] | tuple[Accusation, ...]) -> Any:
    return (_challenge(subject, one.words, one.challenge) for one in accusations)


def _challenge(subject: int, words: str, challenge: Challenge) -> Action:
    arguments = (subject, int(challenge.kind), challenge.encode())
    return Action(words, subject, "challenge", arguments)


def _batch_findings(view: View, rules: Rules, judge: Judge, row: BatchRow) -> Iterator[Finding]:
    payouts = judge.payouts(view, row)
    if _is_late(view, rules, row):
        fault = Fault(Reason.UNSETTLED)
        yield Finding(row.id, -1, Verdict(State.FAULTY, (fault,), str(fault)))
    elif payouts is not None and payouts.faults:
        yield Finding(row.id, -1, Verdict(State.FAULTY, payouts.faults, str(payouts.faults[0])))


def _is_late(view: View, rules: Rules, row: BatchRow) -> bool:
    if row.status is not BatchStatus.FINALIZED or _is_settled(view, row):
        return False
    return view.now > row.finalized_at + rules.settle_window


def _is_settled(view: View, row: BatchRow) -> bool:
    settlement = view.index.vault.settlements.get(row.id)
    return settlement is not None and settlement.status is not SettlementStatus.WAITING


def _of_batch(
    view: View,
    rules: Rules,
    judge: Judge,
    row: BatchRow,
    verdicts: Sequence[Verdict],
    refused: Set[Action],
) -> list[Action]:
    """Return the next steps: a challenge where there is one, else what makes others possible."""
    if _is_late(view, rules, row):
        words = str(Fault(Reason.UNSETTLED))
        return _first(iter([_challenge(row.id, words, NotSettled())]), refused)
    if row.status is not BatchStatus.RECORDED:
        return []
    challengeable = view.now <= row.window_end
    if challengeable:
        found = _first(_accused(row.id, judge.accusations(view, row)), refused)
        if found:
            return found
    answers = list(_not(refused, _answers(view, rules, row, verdicts)))
    slashes = _not(refused, _slashes(view, judge, row, verdicts))
    demands = _demands(view, rules, judge, row, verdicts) if challengeable else iter(())
    return [*answers, *list(slashes)[:1], *_not(refused, demands)]


def _demands_of(view: View, row: BatchRow) -> dict[int, DemandRow]:
    demands = view.index.ledger.demands.items()
    return {index: one for (batch, index), one in demands if batch == row.id}


def _demands(
    view: View, rules: Rules, judge: Judge, row: BatchRow, verdicts: Sequence[Verdict]
) -> Iterator[Action]:
    """Yield demands for what nobody has shown in time, and for what nobody can show."""
    is_late = view.now >= row.recorded_at + rules.patience
    asked = _demands_of(view, row)
    room = DEMANDS_AT_ONCE - len(asked)
    for index, verdict in enumerate(verdicts):
        hidden = verdict.state is State.MISSING and is_late
        if room > 0 and index not in asked and (hidden or verdict.state is State.WITHHELD):
            shown = shown_of(view, row.id, index)
            arguments = (row.id, index, shown.record.encode(), shown.proof)
            words = f"record {index}: {verdict.words}"
            yield Action(words, row.id, "demand", arguments, rules.demand_fee)
            room -= 1
    if PAYOUTS_INDEX not in asked and judge.needs_list(view, row):
        words = "its payouts are wrong, and too many to prove that without their list"
        yield Action(words, row.id, "demandPayouts", (row.id,), rules.demand_fee)


def _answers(
    view: View, rules: Rules, row: BatchRow, verdicts: Sequence[Verdict]
) -> Iterator[Action]:
    """Yield evidence that turned up since this watcher demanded it: nobody is to be slashed."""
    for index, demand in sorted(_demands_of(view, row).items()):
        if index < row.count and demand.by == rules.me and verdicts[index].is_right:
            content, shown = content_of(view, row.id, index), shown_of(view, row.id, index)
            assert content is not None
            arguments = (
                row.id, index, shown.record.encode(), shown.proof, content.output,
                content.evidence,
            )  # fmt: skip
            yield Action(f"record {index}: it turned up", row.id, "publish", arguments)


def _slashes(
    view: View, judge: Judge, row: BatchRow, verdicts: Sequence[Verdict]
) -> Iterator[Action]:
    """Yield the end of demands that stayed unanswered, and that this watcher could not answer."""
    for index, demand in sorted(_demands_of(view, row).items()):
        if index < row.count:
            known, what = verdicts[index].is_right, f"the evidence of record {index}"
        else:
            payouts = judge.payouts(view, row)
            known, what = payouts is not None and not payouts.faults, "the list of payouts"
        if view.now > demand.deadline and not known:
            words = f"{ChallengeKind.WITHHELD.name}: {what} was not published"
            yield Action(words, row.id, "slashWithheld", (row.id, index))


def _reclaims(view: View, rules: Rules, row: BatchRow) -> Iterator[Action]:
    """Yield the fees of this watcher's demands whose batch fell by something else."""
    if row.status is BatchStatus.VOID:
        for index, demand in sorted(_demands_of(view, row).items()):
            if demand.by == rules.me:
                words = "the fee of a demand comes back"
                yield Action(words, row.id, "reclaimDemand", (row.id, index))
