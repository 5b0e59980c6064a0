"""Calling contracts by name: arguments to calldata, results and logs to values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode

from byline.derivation.hashing import keccak256
from byline.node.contracts.artifacts import Artifact, load
from byline.node.contracts.declarations import AbiEntry, selector, signature


@dataclass(frozen=True, slots=True)
class Interface:
    """The functions and events of one contract."""

    artifact: Artifact

    @classmethod
    def of(cls, name: str) -> Interface:
        """Return the interface of a built-in contract."""
        return cls(load(name))

    def _entry(self, kind: str, name: str) -> AbiEntry:
        for entry in self.artifact.abi:
            if entry["type"] == kind and entry["name"] == name:
                return dict(entry)
        raise LookupError(f"{self.artifact.name} has no {kind} {name!r}")

    def call(self, function: str, *arguments: Any) -> bytes:
        """Return the calldata of a call; raises `LookupError` for an unknown function."""
        entry = self._entry("function", function)
        return selector(entry) + encode(_types(entry["inputs"]), arguments)

    def result(self, function: str, output: bytes) -> Any:
        """Return what a call answered: one value, or a tuple of several."""
        values = decode(_types(self._entry("function", function)["outputs"]), output)
        return values[0] if len(values) == 1 else values

    def topic(self, event: str) -> bytes:
        """Return the first topic of an event."""
        return keccak256(signature(self._entry("event", event)).encode())

    def event(self, event: str, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Return the fields of a log of `event` by name; indexed ones are of static types."""
        inputs = self._entry("event", event)["inputs"]
        indexed = [item for item in inputs if item["indexed"]]
        plain = [item for item in inputs if not item["indexed"]]
        found = {
            item["name"]: decode([item["type"]], topic)[0]
            for item, topic in zip(indexed, topics[1:], strict=True)
        }
        values = decode(_types(plain), data)
        return found | {item["name"]: value for item, value in zip(plain, values, strict=True)}


def _types(parameters: Sequence[AbiEntry]) -> list[str]:
    return [str(item["type"]) for item in parameters]
