"""Frames: the pieces of a channel that fit into L1 transactions and blobs.

A data item of the batch inbox is a version byte, 0, and one or more frames.  A frame is
`channel id (16) | number (2) | length (4) | data | is last (1)`, integers big-endian.
Source: ethereum-optimism/specs, protocol/derivation.md, "Frame Format".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from byline.derivation.constants import MAX_FRAME_LENGTH
from byline.derivation.errors import InvalidData

DERIVATION_VERSION: Final = 0
"""First byte of a data item that holds frames."""
CHANNEL_ID_LENGTH: Final = 16
FRAME_ENVELOPE: Final = 23
"""Bytes of a frame beside its data."""
MAX_FRAME_NUMBER: Final = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of a channel."""

    channel_id: bytes
    """16 bytes, chosen by the batcher."""
    number: int
    """Place in the channel, from 0."""
    data: bytes
    """At most `MAX_FRAME_LENGTH` bytes."""
    is_last: bool
    """Whether the channel ends here."""

    def encode(self) -> bytes:
        """Return the bytes; raises `ValueError` where a field exceeds its bound."""
        if len(self.channel_id) != CHANNEL_ID_LENGTH:
            raise ValueError(f"frame: channel id of {len(self.channel_id)} bytes, want 16")
        if len(self.data) > MAX_FRAME_LENGTH:
            raise ValueError(f"frame: {len(self.data)} bytes, at most {MAX_FRAME_LENGTH}")
        if not 0 <= self.number <= MAX_FRAME_NUMBER:
            raise ValueError(f"frame: number {self.number}, at most {MAX_FRAME_NUMBER}")
        head = self.number.to_bytes(2, "big") + len(self.data).to_bytes(4, "big")
        return self.channel_id + head + self.data + bytes([self.is_last])


def encode_frames(frames: Sequence[Frame]) -> bytes:
    """Return the data item that holds `frames`, version byte included."""
    return data_item([frame.encode() for frame in frames])


def data_item(frames: Sequence[bytes]) -> bytes:
    """Return the data item that holds `frames`, which are encoded already."""
    if not frames:
        raise ValueError("a data item holds at least one frame")
    return bytes([DERIVATION_VERSION]) + b"".join(frames)


def decode_frames(data: bytes) -> tuple[Frame, ...]:
    """Read the frames of one data item.

    Raises `InvalidData` unless the whole item parses: a single bad frame spoils it.
    """
    if not data:
        raise InvalidData("data item: empty")
    if data[0] != DERIVATION_VERSION:
        raise InvalidData(f"data item: version {data[0]} is unknown, want 0")
    if len(data) == 1:
        raise InvalidData("data item: no frames")
    frames = []
    at = 1
    while at < len(data):
        frame = _decode_frame(data, at)
        frames.append(frame)
        at += FRAME_ENVELOPE + len(frame.data)
    return tuple(frames)


def _decode_frame(data: bytes, at: int) -> Frame:
    body = at + FRAME_ENVELOPE - 1
    if body > len(data):
        raise InvalidData(f"frame at byte {at}: {len(data) - at} bytes are too short for a header")
    length = int.from_bytes(data[at + 18 : body], "big")
    if length > MAX_FRAME_LENGTH:
        raise InvalidData(f"frame at byte {at}: {length} bytes, at most {MAX_FRAME_LENGTH}")
    end = body + length
    if end >= len(data):
        raise InvalidData(f"frame at byte {at}: cut short, {length} bytes announced")
    if data[end] > 1:
        raise InvalidData(f"frame at byte {at}: is-last is {data[end]}, want 0 or 1")
    return Frame(
        channel_id=data[at : at + CHANNEL_ID_LENGTH],
        number=int.from_bytes(data[at + 16 : at + 18], "big"),
        data=data[body:end],
        is_last=data[end] == 1,
    )
