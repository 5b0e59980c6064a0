"""Unsigned varints and bit lists, of which span batches are made.

A varint is little-endian base 128 (LEB128) of at most 64 bits.  A bit list of n bits is a
big-endian integer in the fewest whole bytes: bit 0 is the lowest bit of the last byte.
Source: ethereum-optimism/specs, protocol/delta/span-batches.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.errors import InvalidData

_BITS: Final = [tuple(bool(byte >> bit & 1) for bit in range(8)) for byte in range(256)]
_VARINT_BYTES: Final = 10
_U64: Final = 2**64


@dataclass(slots=True)
class Reader:
    """A place in bytes that others wrote; every read names what it is after."""

    data: bytes
    at: int = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.at

    def take(self, length: int, what: str) -> bytes:
        """Return the next `length` bytes; raises `InvalidData` when there are fewer."""
        if length > self.left:
            raise InvalidData(f"span batch {what}: {self.left} bytes left, want {length}")
        start = self.at
        self.at += length
        return self.data[start : self.at]

    def varint(self, what: str) -> int:
        """Return the next varint; raises `InvalidData` when cut short or beyond 64 bits."""
        value = 0
        data, at = self.data, self.at
        for index, byte in enumerate(data[at : at + _VARINT_BYTES]):
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if value >= _U64:
                    break
                self.at = at + index + 1
                return value
        raise InvalidData(f"span batch {what}: malformed varint at byte {at}")

    def bits(self, count: int, what: str) -> tuple[bool, ...]:
        """Return the next bit list; raises `InvalidData` when a bit beyond it is set."""
        data = self.take((count + 7) // 8, what)
        found: list[bool] = []
        for byte in reversed(data):
            found += _BITS[byte]
        if any(found[count:]):
            raise InvalidData(f"span batch {what}: a bit beyond the first {count} is set")
        del found[count:]
        return tuple(found)


def encode_varint(value: int) -> bytes:
    """Return `value` as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_bits(bits: Sequence[bool]) -> bytes:
    """Return `bits` as a bit list."""
    out = bytearray((len(bits) + 7) // 8)
    for index, bit in enumerate(bits):
        if bit:
            out[-1 - index // 8] |= 1 << index % 8
    return bytes(out)
