"""What a watcher says to people."""

from __future__ import annotations

from byline.node.attribution.proof.faults import ChallengeKind
from byline.node.attribution.watching.actions import Action, Finding
from byline.node.attribution.watching.judging import State


def line_of(one: Finding) -> str:
    """Return a finding as a line for people."""
    verdict = one.verdict
    said = verdict.words or verdict.state.value
    if one.is_dataset:
        return f"dataset {one.subject}: {said}"
    if verdict.state is State.CLEAN:
        said = f"clean, {verdict.leaves} leaves"
    elif verdict.state is not State.FAULTY:
        said = f"{verdict.state.value}: {said}"
    where = f"batch {one.subject}" + (f" record {one.index}" if one.index >= 0 else "")
    return f"{where}: {said}"


def subject_of(action: Action) -> str:
    """Return what an action is about: `batch 3`, `dataset 1`."""
    about_dataset = (
        action.function == "challenge" and action.arguments[1] == ChallengeKind.BAD_DATASET
    )
    return f"{'dataset' if about_dataset else 'batch'} {action.subject}"
