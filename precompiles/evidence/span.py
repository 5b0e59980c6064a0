"""One entry of what `spans` answers with, written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENTRY: Final = 14
"""Bytes: u32 place in the output, u32 tokens, u16 document, u32 place in it; big-endian."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of an output that a document holds word for word; all places are in tokens."""

    place: int
    """Where it begins in the output."""
    length: int
    """How many tokens it has."""
    document: int
    """Which of the documents given holds it: the lowest."""
    position: int
    """Where it begins there: the lowest place."""

    def encode(self) -> bytes:
        """Return the entry."""
        return (
            self.place.to_bytes(4, "big")
            + self.length.to_bytes(4, "big")
            + self.document.to_bytes(2, "big")
            + self.position.to_bytes(4, "big")
        )


def read_entries(data: bytes) -> tuple[Span, ...]:
    """Read what `spans` answers with; `ValueError` for what is no whole number of entries."""
    if len(data) % ENTRY:
        raise ValueError(f"{len(data)} bytes are no whole entries of {ENTRY}")
    return tuple(_read(data[at : at + ENTRY]) for at in range(0, len(data), ENTRY))


def _read(entry: bytes) -> Span:
    cuts = ((0, 4), (4, 8), (8, 10), (10, 14))
    return Span(*(int.from_bytes(entry[start:end], "big") for start, end in cuts))
