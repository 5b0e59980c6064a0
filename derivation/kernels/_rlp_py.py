"""RLP by the rlp library: the reference of `_rlp_c`.

Source: the yellow paper, appendix B.  Only the canonical form is read: a byte below 0x80
stands for itself, and a length is written in as few bytes as it takes.
"""

from __future__ import annotations

from typing import Any

import rlp
from rlp.codec import consume_length_prefix

from byline.derivation.errors import InvalidData
from byline.derivation.kernels.rlp_types import MAX_DEPTH, Decoded, Encodable

__all__ = ["decode", "encode", "number", "read_item"]


def decode(data: bytes) -> Decoded:
    """Return the item that `data` is: bytes, or a list of such items.

    Raises `InvalidData` for what is not canonical, is cut short, goes on behind the item, or
    nests deeper than `MAX_DEPTH` lists.
    """
    if not isinstance(data, bytes):
        raise TypeError(f"RLP: want bytes to decode, got {type(data).__name__}")
    try:
        item: Decoded = rlp.decode(data)
    except (rlp.exceptions.RLPException, RecursionError) as exc:
        raise InvalidData(f"RLP: {exc}") from exc
    if _deeper(item, MAX_DEPTH):
        raise InvalidData(f"RLP: more than {MAX_DEPTH} lists within each other")
    return item


def encode(item: Encodable) -> bytes:
    """Return the canonical encoding of bytes, of a whole number, or of a list or tuple of such.

    Raises `ValueError` for a negative number and for more than `MAX_DEPTH` lists within each
    other, `TypeError` for anything else.
    """
    if _deeper(item, MAX_DEPTH):
        raise ValueError(f"RLP: more than {MAX_DEPTH} lists within each other")
    _check(item)
    encoded: bytes = rlp.encode(item)
    return encoded


def read_item(data: bytes, at: int) -> tuple[bool, int, int]:
    """Return whether the item at byte `at` is a list, where its payload begins, and its end.

    Raises `InvalidData` when the prefix is not canonical or the item is cut short.  The
    items of a list are not looked at.
    """
    if at < 0:
        raise ValueError(f"RLP item at byte {at}: want a place from 0 on")
    try:
        _, kind, length, start = consume_length_prefix(data, at)
    except (rlp.exceptions.RLPException, IndexError) as exc:
        raise InvalidData(f"RLP item at byte {at}: {exc}") from exc
    if start + length > len(data):
        raise InvalidData(f"RLP item at byte {at}: cut short, {length} bytes announced")
    return kind is list, start, start + length


def number(item: Decoded, name: str, bits: int = 256) -> int:
    """Return the whole number, below 2**`bits`, that a decoded item stands for.

    Raises `InvalidData`, which begins with `name`, for a list, a leading zero, and a number
    that is larger.
    """
    if not isinstance(item, bytes):
        raise InvalidData(f"{name}: want an integer, got a list")
    if item[:1] == b"\0":
        raise InvalidData(f"{name}: leading zero")
    value = int.from_bytes(item, "big")
    if value >> bits:
        # Not in decimals, which Python refuses to write for very long ones.
        raise InvalidData(f"{name}: 0x{item[:40].hex()} ({len(item)} bytes), want {bits} bits")
    return value


def _deeper(item: Any, depth: int) -> bool:
    """Tell whether `item` has more than `depth` lists within each other."""
    if not isinstance(item, list | tuple):
        return False
    return depth == 0 or any(_deeper(one, depth - 1) for one in item)


def _check(item: Any) -> None:
    if isinstance(item, list | tuple):
        for one in item:
            _check(one)
    elif isinstance(item, int):
        if item < 0:
            raise ValueError(f"RLP: {item} is negative, want a whole number")
    elif not isinstance(item, bytes | bytearray):
        raise TypeError(f"RLP: want bytes, a number or a list, got {type(item).__name__}")
