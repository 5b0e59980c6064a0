"""RLP read item by item, where the whole is not one list or must not be decoded.

A channel is a stream of RLP strings that may break off; a span batch holds lists whose
items travel on unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp
from byline.derivation.kernels.rlp import read_item

__all__ = ["encode_integer", "encode_list", "encode_string", "list_items", "read_item"]


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
    length = len(payload)
    if length < 56:
        return bytes([0xC0 + length]) + payload
    width = (length.bit_length() + 7) // 8
    return bytes([0xC0 + 55 + width]) + length.to_bytes(width, "big") + payload


def encode_string(data: bytes) -> bytes:
    """Return `data` as an RLP string."""
    return rlp.encode(data)


def encode_integer(value: int) -> bytes:
    """Return `value`, a whole number, as a minimal big-endian string."""
    return rlp.encode(value)
