"""Stage 3: channels, one at a time, from frames in strict order.

Source: ethereum-optimism/specs, protocol/holocene/derivation.md ("Channel Assembler");
op-node, rollup/derive/channel_assembler.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.channel import Channel
from byline.derivation.errors import InvalidData
from byline.derivation.frame import Frame
from byline.derivation.stages.frame_queue import FrameQueue
from byline.derivation.stages.reading import Reading
from byline.derivation.types import Need

STAGE: Final = "channel_assembler"


@dataclass(slots=True)
class ChannelAssembler:
    """Holds at most one channel that is not complete."""

    prev: FrameQueue
    reading: Reading
    _channel: Channel | None = None

    @property
    def has_open(self) -> bool:
        """Whether a channel has begun that is not complete."""
        return self._channel is not None

    def next(self) -> bytes | Need:
        """Return the compressed bytes of the next whole channel."""
        self._drop_timed_out()
        while True:
            frame = self.prev.next()
            if isinstance(frame, Need):
                return frame
            channel = self._take(frame)
            if channel is not None:
                return channel.data()

    def reset(self) -> None:
        """Forget the channel."""
        self._channel = None

    def _drop_timed_out(self) -> None:
        if self._channel is not None and self._channel.timed_out(self.reading.origin.number):
            self.reading.drop(STAGE, f"channel {self._channel.id.hex()} timed out")
            self._channel = None

    def _take(self, frame: Frame) -> Channel | None:
        """Add `frame` to its channel, and return that when it is complete."""
        if frame.number == 0:
            if self._channel is not None:
                self.reading.drop(STAGE, f"channel {self._channel.id.hex()} was left unclosed")
            self._channel = Channel(frame.channel_id, self.reading.origin.number)
        channel = self._channel
        if channel is None:
            self.reading.drop(STAGE, f"frame {frame.number} of no open channel")
            return None
        try:
            channel.add(frame)
        except InvalidData as exc:
            self.reading.drop(STAGE, exc)
            return None
        if channel.oversized:
            self.reading.drop(STAGE, f"channel {channel.id.hex()} has {channel.size} bytes")
            self._channel = None
            return None
        if not channel.closed:
            return None
        self._channel = None
        return channel
