"""Changes to bytes that decoders have to bear: cut, repeated, moved, overwritten, mixed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

MOST_CHANGES: Final = 6
EDGES: Final = (0, 1, 0x7F, 0x80, 0xB7, 0xB8, 0xBF, 0xC0, 0xF7, 0xF8, 0xFF)
"""Bytes where RLP, varints and signs turn."""
TOKENS: Final = (b"null", b"true", b"-1", b"1e999", b"{}", b"[]", b'""', b'"0x"', b"\xff" * 8)

Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def mutated(rng: random.Random, corpus: Sequence[bytes], most: int) -> bytes:
    """Return one of `corpus` after a few changes, at most `most` bytes; sometimes mere noise."""
    if rng.random() < 0.03:
        return rng.randbytes(rng.randrange(min(most, 200)))
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.randint(1, MOST_CHANGES)):
        rng.choice(CHANGES)(rng, data, corpus)
    return bytes(data[:most])


def _place(rng: random.Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _edge(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice(EDGES)


def _insert(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    data[at:at] = rng.randbytes(rng.randint(1, 9))


def _token(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    data[at : at + rng.randrange(9)] = rng.choice(TOKENS)


def _delete(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    del data[at : at + rng.randint(1, 33)]


def _cut(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_place(rng, data) :]


def _repeat(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    piece = data[at : at + rng.randint(1, 64)]
    data[at:at] = piece * rng.randint(1, 4)


def _overwrite(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, width = _place(rng, data), rng.choice((1, 2, 4, 8, 32))
    data[at : at + width] = rng.choice((b"\0", b"\xff", b"\x80")) * width


def _mix(rng: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    other = rng.choice(corpus)
    at = _place(rng, data)
    data[at:] = other[rng.randrange(len(other) + 1) :]


CHANGES: Final[tuple[Change, ...]] = (
    _flip, _flip, _edge, _edge, _insert, _token, _delete, _cut, _repeat, _overwrite, _mix,
)  # fmt: skip
