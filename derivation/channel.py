"""A channel under assembly: frames in, in strict order, compressed bytes out.

Source: ethereum-optimism/specs, protocol/holocene/derivation.md, "Channel Assembler";
protocol/granite/derivation.md (timeout of 50 L1 blocks).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from byline.derivation.constants import (
    CHANNEL_TIMEOUT,
    FRAME_OVERHEAD,
    MAX_RLP_BYTES_PER_CHANNEL,
)
from byline.derivation.errors import InvalidData
from byline.derivation.frame import Frame


@dataclass(slots=True)
class Channel:
    """The one channel that the assembler holds."""

    id: bytes
    opened_at: int
    """Number of the L1 block that held its first frame."""
    size: int = 0
    """What counts against the bound: data, and a fixed overhead for each frame."""
    closed: bool = False
    """Whether the last frame has come."""
    _pieces: list[bytes] = field(default_factory=list)

    def add(self, frame: Frame) -> None:
        """Take the next frame; raises `InvalidData` for any other, and stays as it was."""
        if frame.channel_id != self.id:
            raise InvalidData(
                f"frame of channel {frame.channel_id.hex()} while {self.id.hex()} is open"
            )
        if self.closed:
            raise InvalidData(f"frame {frame.number} after the last of channel {self.id.hex()}")
        if frame.number != len(self._pieces):
            raise InvalidData(
                f"frame {frame.number} of channel {self.id.hex()}, want {len(self._pieces)}"
            )
        self._pieces.append(frame.data)
        self.size += len(frame.data) + FRAME_OVERHEAD
        self.closed = frame.is_last

    def timed_out(self, l1_number: int) -> bool:
        """Tell whether the channel is too old at L1 block `l1_number`."""
        return self.opened_at + CHANNEL_TIMEOUT < l1_number

    @property
    def oversized(self) -> bool:
        """Whether the channel exceeds the bound on its size."""
        return self.size > MAX_RLP_BYTES_PER_CHANNEL

    def data(self) -> bytes:
        """Return the bytes of all frames so far."""
        return b"".join(self._pieces)
