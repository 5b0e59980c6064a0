"""Stage 2: the frames of each data item, pruned to what can still make a channel.

Source: ethereum-optimism/specs, protocol/holocene/derivation.md ("Frame Queue"); op-node,
rollup/derive/frame_queue.go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from byline.derivation.errors import InvalidData
from byline.derivation.frame import Frame, decode_frames
from byline.derivation.stages.l1_retrieval import L1Retrieval
from byline.derivation.stages.reading import Reading
from byline.derivation.types import Need

STAGE: Final = "frame_queue"


def prune(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames that follow each other as a channel's must.

    A frame out of order is dropped; a first frame drops the frames before it whose channel
    it leaves unclosed.
    """
    kept: list[Frame] = []
    for frame in frames:
        if frame.number == 0:
            while kept and kept[-1].channel_id != frame.channel_id and not kept[-1].is_last:
                kept.pop()
        if not kept or _follows(kept[-1], frame):
            kept.append(frame)
    return kept


def _follows(before: Frame, frame: Frame) -> bool:
    if before.channel_id == frame.channel_id:
        return not before.is_last and frame.number == before.number + 1
    return frame.number == 0


@dataclass(slots=True)
class FrameQueue:
    """Parses data items into frames."""

    prev: L1Retrieval
    reading: Reading
    _frames: deque[Frame] = field(default_factory=deque)

    def next(self) -> Frame | Need:
        """Return the next frame."""
        while not self._frames:
            data = self.prev.next()
            if isinstance(data, Need):
                return data
            self._load(data)
        return self._frames.popleft()

    def reset(self) -> None:
        """Forget all frames."""
        self._frames.clear()

    def _load(self, data: bytes) -> None:
        try:
            frames = decode_frames(data)
        except InvalidData as exc:
            self.reading.drop(STAGE, exc)
            return
        self._frames.extend(prune(frames))
        lost = len(frames) - len(self._frames)
        if lost:
            self.reading.drop(STAGE, f"{lost} of {len(frames)} frames are out of order")
