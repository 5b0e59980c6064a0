"""RLP read item by item, where the whole is not one list or must not be decoded.

A channel is a stream of RLP strings that may break off; a span batch holds lists whose
items travel on unchanged.  The library decodes whole values only; its prefix parser, which
also enforces canonical lengths, is used here.
"""

from __future__ import annotations

from collections.abc import Sequence

import rlp
from rlp.codec import consume_length_prefix

from byline.derivation.errors import InvalidData


def read_item(data: bytes, at: int) -> tuple[bool, int, int]:
    """Return whether the item at byte `at` is a list, where its payload begins, and its end.

    Raises `InvalidData` when the prefix is not canonical or the item is cut short.
    """
    try:
        _, kind, length, start = consume_length_prefix(data, at)
    except (rlp.exceptions.RLPException, IndexError) as exc:
        raise InvalidData(f"RLP item at byte {at}: {exc}") from exc
    if start + length > len(data):
        raise InvalidData(f"RLP item at byte {at}: cut short, {length} bytes announced")
    return kind is list, start, start + length


def list_items(data: bytes) -> list[bytes]:
    """Return the items of the list that `data` is, each still encoded."""
    is_list, at, end = read_item(data, 0)
    if not is_list or end != len(data):
        raise InvalidData("RLP: want exactly one list")
    items = []
    while at < end:
        _, _, after = read_item(data, at)
        items.append(data[at:after])
        at = after
    if at != end:
        raise InvalidData("RLP: the last item of a list exceeds it")
    return items


def encode_list(items: Sequence[bytes]) -> bytes:
    """Return the list of `items`, which are encoded already."""
    payload = b"".join(items)
    return _prefix(len(payload), 0xC0) + payload


def encode_string(data: bytes) -> bytes:
    """Return `data`, of two bytes or more, as an RLP string."""
    return _prefix(len(data), 0x80) + data


def _prefix(length: int, base: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    width = (length.bit_length() + 7) // 8
    return bytes([base + 55 + width]) + length.to_bytes(width, "big")


def encode_integer(value: int) -> bytes:
    """Return `value`, below 2**440, as a minimal big-endian string."""
    if value < 0x80:
        return b"\x80" if value == 0 else bytes([value])
    width = (value.bit_length() + 7) // 8
    return bytes([0x80 + width]) + value.to_bytes(width, "big")
