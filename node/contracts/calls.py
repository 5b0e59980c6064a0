"""Calling contracts by name: arguments to calldata, results and logs to values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from byline.derivation.hashing import keccak256
from byline.node.contracts.artifacts import Artifact, load
from byline.node.contracts.declarations import AbiEntry, canonical_type, selector, signature


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

    def arguments(self, data: bytes) -> tuple[str, tuple[Any, ...]] | None:
        """Return the function that calldata call and its arguments, or `None` for no such."""
        for entry in self.artifact.abi:
            if entry["type"] == "function" and selector(dict(entry)) == data[:4]:
                try:
                    return entry["name"], tuple(decode(_types(entry["inputs"]), data[4:]))
                except DecodingError:
                    return None
        return None

    def result(self, function: str, output: bytes) -> Any:
        """Return what a call answered: one value, or a tuple of several."""
        values = decode(_types(self._entry("function", function)["outputs"]), output)
        return values[0] if len(values) == 1 else values

    def refusal(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Return name and arguments of the declared error that revert data encode, if any.

        Arguments without a name are called by their place.
        """
        for entry in self.artifact.abi:
            if entry["type"] == "error" and selector(dict(entry)) == data[:4]:
                try:
                    values = decode(_types(entry["inputs"]), data[4:])
                except DecodingError:
                    return None
                names = [item["name"] or str(at) for at, item in enumerate(entry["inputs"])]
                return entry["name"], dict(zip(names, values, strict=True))
        return None

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
    return [canonical_type(item) for item in parameters]
