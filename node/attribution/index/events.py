"""Logs of the attribution contracts as events: which contract told what, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.contracts.artifacts import load
from byline.node.errors import NodeError

TELLING: Final = (
    "AttributionRegistry",
    "FeePolicy",
    "ContributorBond",
    "StakePool",
    "InferenceLedger",
    "PayoutVault",
)
"""The contracts whose events say all that there is to know."""

ADDRESSES: Final[Mapping[bytes, str]] = MappingProxyType(
    {L2_CONTRACTS[name]: name for name in TELLING}
)
"""The name of each by its address."""


class Unfounded(NodeError):
    """Something was told that does not follow from all that was told before.

    The contracts never do so: their code or state was changed from outside, or the chain's
    first events are missing.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the chain an event was told."""

    block: int
    timestamp: int
    """Of the block, in seconds since 1970."""
    transaction: bytes
    """Hash of the transaction."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one of the contracts of `TELLING`."""

    contract: str
    name: str
    values: Mapping[str, Any]
    """By the names of the ABI.  Addresses and hashes are bytes, numbers int, texts str."""
    place: Place

    def __getitem__(self, name: str) -> Any:
        """Return a value; `KeyError` for a name that the event has not."""
        return self.values[name]


def events_of(logs: Iterable[Log], place: Callable[[int], Place]) -> Iterator[Event]:
    """Yield what the attribution contracts told, in order; other logs are passed over.

    logs: of one block, in order.  place: where the log of that index stands.  Raises
    `Unfounded` for data that are none of the event.
    """
    for at, log in zip(count(), logs, strict=False):
        contract = ADDRESSES.get(log.address)
        if contract is not None and log.topics:
            shape = _shapes(contract).get(log.topics[0])
            if shape is not None:
                try:
                    values = shape.read(log)
                except (ValueError, DecodingError) as error:
                    where = f"block {place(at).block}: {contract}.{shape.name}"
                    raise Unfounded(f"{where} is no such event: {error}") from error
                yield Event(contract, shape.name, values, place(at))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How an event is encoded."""

    name: str
    indexed: tuple[tuple[str, str], ...]
    """Name and type of each value that is a topic."""
    others: tuple[tuple[str, str], ...]

    def read(self, log: Log) -> Mapping[str, Any]:
        """Return the values by name."""
        found: dict[str, Any] = {}
        for (name, kind), topic in zip(self.indexed, log.topics[1:], strict=True):
            found[name] = _READERS[kind](topic)
        if all(kind in _READERS for _, kind in self.others):
            for at, (name, kind) in enumerate(self.others):
                found[name] = _READERS[kind](log.data[32 * at : 32 * at + 32])
        else:
            # A contract takes any bytes for a text, so they are made one here.
            kinds = ["bytes" if kind == "string" else kind for _, kind in self.others]
            for (name, kind), value in zip(self.others, decode(kinds, log.data), strict=True):
                found[name] = _WRITTEN[kind](value) if kind in _WRITTEN else value
        return found


def _unsigned(word: bytes) -> int:
    return int.from_bytes(word, "big")


_READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    **{f"uint{bits}": _unsigned for bits in range(8, 257, 8)},
    "int64": lambda word: int.from_bytes(word, "big", signed=True),
    "address": lambda word: word[12:],
    "bytes32": bytes,
}
"""How values of one word are read."""

_WRITTEN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "address": lambda text: bytes.fromhex(text[2:]),
    "string": lambda data: data.decode("utf-8", "replace"),
}
"""What is made of some values beside texts and lists."""


@cache
def _shapes(contract: str) -> Mapping[bytes, _Shape]:
    """Return the events of a contract by their first topic."""
    found = {}
    for entry in load(contract).abi:
        if entry["type"] == "event":
            inputs = entry["inputs"]
            signature = f"{entry['name']}({','.join(one['type'] for one in inputs)})"
            found[keccak256(signature.encode())] = _Shape(
                entry["name"],
                tuple((one["name"], one["type"]) for one in inputs if one["indexed"]),
                tuple((one["name"], one["type"]) for one in inputs if not one["indexed"]),
            )
    return MappingProxyType(found)
