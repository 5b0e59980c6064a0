"""Datasets, models, lineages and fee policies, from the events of registry and policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from byline.node.attribution.index.events import Event
from byline.node.attribution.index.rows import DatasetRow, ModelRow, PolicyRow, StepRow
from byline.node.attribution.states import Mode, RegistryStatus

WHOLE: Final = 10_000
"""Basis points."""


@dataclass(frozen=True, slots=True)
class RegistryBook:
    """What the registry holds.  Only `enter` writes, into a copy that nobody else has yet."""

    datasets: dict[int, DatasetRow] = field(default_factory=dict)
    models: dict[int, ModelRow] = field(default_factory=dict)
    parents: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """By child: parents ascending, with their basis points."""
    steps: dict[tuple[int, int], StepRow] = field(default_factory=dict)
    """By model and step."""
    last_step: dict[int, int] = field(default_factory=dict)
    policies: dict[int, PolicyRow] = field(default_factory=dict)

    def enter(self, event: Event) -> None:
        """Take in an event of the registry or of the fee policies."""
        _ENTRIES[event.name](self, event)

    def lineage(self, model: int) -> tuple[int, ...]:
        """Return the ids of a model and of all that it was made from, ascending."""
        found = {model}
        waiting = [model]
        while waiting:
            for parent, _ in self.parents.get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return tuple(sorted(found))

    def flows(self, model: int) -> tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]]:
        """Return where money of a model goes, by the places of its lineage's ids.

        What each keeps in basis points, and (child, parent, basis points) of each edge: as
        `payout_tree` of the attribution math takes them.
        """
        ids = self.lineage(model)
        parents = [self.parents.get(number, ()) for number in ids]
        shares = tuple(WHOLE - sum(bps for _, bps in each) for each in parents)
        edges = (
            (child, ids.index(parent), bps)
            for child, each in enumerate(parents)
            for parent, bps in each
        )
        return shares, tuple(edges)


def _dataset_registered(book: RegistryBook, e: Event) -> None:
    book.datasets[e["id"]] = DatasetRow(
        e["id"],
        e["registrant"],
        e["docRoot"],
        e["tokRoot"],
        e["saRoot"],
        e["ownerRoot"],
        e["tokens"],
        e["owners"],
        e["uri"],
        e["license"],
    )


def _dataset_version(book: RegistryBook, e: Event) -> None:
    row = book.datasets[e["id"]]
    book.datasets[e["id"]] = replace(row, version=e["version"], previous=e["previous"])


def _dataset_status(book: RegistryBook, e: Event) -> None:
    status = RegistryStatus(e["status"])
    book.datasets[e["id"]] = replace(book.datasets[e["id"]], status=status)


def _model_registered(book: RegistryBook, e: Event) -> None:
    book.models[e["id"]] = ModelRow(
        id=e["id"],
        owner=e["owner"],
        operator=e["operator"],
        fallback_to=e["fallbackTo"],
        kind=e["kind"],
        fee_policy=e["feePolicy"],
        engine_id=e["engineId"],
        method=e["method"],
        mode=Mode(e["mode"]),
        tokens=e["tokens"],
        datasets=tuple(e["datasets"]),
        uri=e["uri"],
    )


def _lineage_edge(book: RegistryBook, e: Event) -> None:
    before = book.parents.get(e["child"], ())
    book.parents[e["child"]] = tuple(sorted((*before, (e["parent"], e["bps"]))))


def _policy_set(book: RegistryBook, e: Event) -> None:
    row = book.models[e["model"]]
    mode = Mode(e["mode"])
    changed = replace(row, fee_policy=e["feePolicy"], method=e["method"], mode=mode)
    book.models[e["model"]] = changed


def _operator_set(book: RegistryBook, e: Event) -> None:
    book.models[e["model"]] = replace(book.models[e["model"]], operator=e["operator"])


def _model_status(book: RegistryBook, e: Event) -> None:
    status = RegistryStatus(e["status"])
    book.models[e["model"]] = replace(book.models[e["model"]], status=status)


def _training_step(book: RegistryBook, e: Event) -> None:
    row = StepRow(e["step"], e["checkpointRoot"], e["batchRoot"], e["lossQ16"])
    book.steps[e["model"], e["step"]] = row
    book.last_step[e["model"]] = e["step"]


def _policy_created(book: RegistryBook, e: Event) -> None:
    book.policies[e["id"]] = PolicyRow(
        e["id"],
        e["creator"],
        e["treasury"],
        e["rateIn"],
        e["rateOut"],
        e["platformFee"],
        e["platformBps"],
        e["modelBps"],
        e["stakerBps"],
        e["contributorBps"],
    )


_ENTRIES: Final[Mapping[str, Callable[[RegistryBook, Event], None]]] = MappingProxyType(
    {
        "DatasetRegistered": _dataset_registered,
        "DatasetVersion": _dataset_version,
        "DatasetStatus": _dataset_status,
        "ModelRegistered": _model_registered,
        "LineageEdge": _lineage_edge,
        "PolicySet": _policy_set,
        "OperatorSet": _operator_set,
        "ModelStatus": _model_status,
        "TrainingStep": _training_step,
        "PolicyCreated": _policy_created,
    }
)
