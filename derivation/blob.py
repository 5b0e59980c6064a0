"""The blob codec: arbitrary bytes in 4,096 field elements, both ways.

An element is 32 bytes whose top two bits must be 0.  A round packs 127 payload bytes into
four elements: 31 bytes each, and the six free bits of the four head bytes make three more.
The payload is a version byte, 0, a length of 3 bytes, and the data.
Source: ethereum-optimism/specs, protocol/ecotone/derivation.md ("Blob Encoding"); op-node,
op-service/eth/blob.go, which masks the top bits of the very first byte instead of checking
them; so does this.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.errors import InvalidData

BLOB_SIZE: Final = 131_072
"""Bytes of a blob."""
MAX_BLOB_DATA: Final = 130_044
"""Bytes of data that one blob holds."""
_ROUND: Final = 128
_PAYLOAD: Final = 127
_ROUNDS: Final = BLOB_SIZE // _ROUND
_HEAD: Final = 4


def encode_blob(data: bytes) -> bytes:
    """Return the blob that holds `data`; raises `ValueError` above `MAX_BLOB_DATA` bytes."""
    if len(data) > MAX_BLOB_DATA:
        raise ValueError(f"blob: {len(data)} bytes, at most {MAX_BLOB_DATA}")
    payload = bytes(1) + len(data).to_bytes(3, "big") + data
    blob = bytearray()
    for at in range(0, len(payload), _PAYLOAD):
        blob += _pack(payload[at : at + _PAYLOAD].ljust(_PAYLOAD, b"\0"))
    return bytes(blob.ljust(BLOB_SIZE, b"\0"))


def _pack(part: bytes) -> bytes:
    x, y, z = part[31], part[63], part[95]
    heads = (
        x & 0x3F,
        y & 0x0F | (x & 0xC0) >> 2,
        z & 0x3F,
        (z & 0xC0) >> 2 | (y & 0xF0) >> 4,
    )
    tails = (part[0:31], part[32:63], part[64:95], part[96:127])
    return b"".join(bytes([head]) + tail for head, tail in zip(heads, tails, strict=True))


def _unpack(part: bytes) -> bytes:
    a, b, c, d = part[0], part[32], part[64], part[96]
    x = a & 0x3F | (b & 0x30) << 2
    y = b & 0x0F | (d & 0x0F) << 4
    z = c & 0x3F | (d & 0x30) << 2
    return b"".join(
        (
            part[1:32], bytes([x]), part[33:64], bytes([y]), part[65:96], bytes([z]),
            part[97:128],
        )
    )  # fmt: skip


def decode_blob(blob: bytes) -> bytes:
    """Return the data in `blob`.

    Raises `InvalidData` for a wrong size, version or length, for an element above the
    field's bits, and for bytes that are not zero after the data.
    """
    if len(blob) != BLOB_SIZE:
        raise InvalidData(f"blob: {len(blob)} bytes, want {BLOB_SIZE}")
    if blob[1] != 0:
        raise InvalidData(f"blob: version {blob[1]} is unknown, want 0")
    length = int.from_bytes(blob[2:5], "big")
    if length > MAX_BLOB_DATA:
        raise InvalidData(f"blob: a length of {length} bytes, at most {MAX_BLOB_DATA}")
    rounds = max(1, -(-(_HEAD + length) // _PAYLOAD))
    if blob[rounds * _ROUND :].count(0) != (_ROUNDS - rounds) * _ROUND:
        raise InvalidData(f"blob: not zero after the {length} bytes of data")
    payload = bytearray()
    for at in range(0, rounds * _ROUND, _ROUND):
        _check_elements(blob, at)
        payload += _unpack(blob[at : at + _ROUND])
    if any(payload[_HEAD + length :]):
        raise InvalidData(f"blob: not zero after the {length} bytes of data")
    return bytes(payload[_HEAD : _HEAD + length])


def _check_elements(blob: bytes, at: int) -> None:
    for place in range(at, at + _ROUND, 32):
        if place and blob[place] & 0xC0:
            raise InvalidData(f"blob: byte {place} is 0x{blob[place]:02x}, at most 0x3f")
