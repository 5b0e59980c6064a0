"""What the registry's views must answer, kept from its events alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

NOBODY = "0x" + "00" * 20
UNKNOWN_DATASET = (NOBODY, *(bytes(32),) * 4, 0, 0, 0, 0, 0)
UNKNOWN_MODEL = (NOBODY, NOBODY, NOBODY, 0, 0, bytes(32), 0, 0, 0, 0)
ROOTS = ("docRoot", "tokRoot", "saRoot", "ownerRoot")


class Books:
    """The registry, rebuilt."""

    def __init__(self) -> None:
        self.datasets: dict[int, dict[str, Any]] = {}
        self.models: dict[int, dict[str, Any]] = {}
        self.parents: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self.last_step: defaultdict[int, int] = defaultdict(int)

    def read(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in events, in their order."""
        for event in events:
            match event[""]:
                case "DatasetRegistered":
                    first = {"version": 1, "previous": 0, "status": 1}
                    self.datasets[event["id"]] = event | first
                case "DatasetVersion":
                    self.datasets[event["id"]] |= {
                        "version": event["version"],
                        "previous": event["previous"],
                    }
                case "DatasetStatus":
                    self.datasets[event["id"]]["status"] = event["status"]
                case "ModelRegistered":
                    self.models[event["id"]] = event | {"status": 1}
                case "LineageEdge":
                    self.parents[event["child"]][event["parent"]] = event["bps"]
                case "TrainingStep":
                    self.last_step[event["model"]] = event["step"]
                case "PolicySet" | "OperatorSet" | "ModelStatus":
                    changed = {k: v for k, v in event.items() if k not in ("", "model")}
                    self.models[event["model"]] |= changed
                case other:
                    raise AssertionError(f"the registry told of {other}")

    def dataset(self, number: int) -> tuple[Any, ...]:
        """Return what `dataset` answers."""
        if number not in self.datasets:
            return UNKNOWN_DATASET
        names = ("registrant", *ROOTS, "tokens", "owners", "version", "previous", "status")
        return tuple(self.datasets[number][name] for name in names)

    def model(self, number: int) -> tuple[Any, ...]:
        """Return what `model` answers."""
        if number not in self.models:
            return UNKNOWN_MODEL
        names = ("owner", "operator", "fallbackTo", "kind", "feePolicy", "engineId")
        rest = ("method", "mode", "tokens", "status")
        return tuple(self.models[number][name] for name in (*names, *rest))

    def lineage(self, number: int) -> tuple[tuple[int, ...], bytes, bytes]:
        """Return what `lineage` answers for a model that exists."""
        found = {number}
        while more := {parent for child in found for parent in self.parents[child]} - found:
            found |= more
        ids = sorted(found)
        kept = [10_000 - sum(self.parents[child].values()) for child in ids]
        edges = [
            at.to_bytes(2, "big") + ids.index(parent).to_bytes(2, "big") + bps.to_bytes(4, "big")
            for at, child in enumerate(ids)
            for parent, bps in sorted(self.parents[child].items())
        ]
        nodes = b"".join(bps.to_bytes(2, "big") for bps in kept)
        return tuple(ids), nodes, b"".join(edges)
