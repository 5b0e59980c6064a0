"""How much goes into one channel, and when the batcher waits no longer.

Source: op-batcher, `batcher/channel_config.go` (bounds and safety margin).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.config import RollupConfig
from byline.derivation.constants import CHANNEL_TIMEOUT

SAFETY_MARGIN: Final = 10
"""L1 blocks that a transaction may wait for its block (op-batcher's default)."""


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """Bounds of a channel; a channel ends at the first that it reaches."""

    most_blocks: int = 256
    """L2 blocks."""
    most_bytes: int = 119_976
    """Compressed bytes: as many as fill the frames that one channel is to have."""
    due_blocks: int = 64
    """L2 blocks for which the batcher does not wait for a pause."""
    most_l1_blocks: int = 30
    """L1 blocks for which the first L2 block waits, at most."""
    safety_margin: int = SAFETY_MARGIN
    """L1 blocks before the channel timeout and the end of the sequencing window."""

    def __post_init__(self) -> None:
        """Refuse bounds under which nothing is ever posted, or too late to count."""
        for name in ("most_blocks", "most_bytes", "due_blocks", "most_l1_blocks"):
            if getattr(self, name) < 1:
                raise ValueError(f"channel policy: {name} is {getattr(self, name)}, want over 0")
        if self.safety_margin < 0 or self.safety_margin >= CHANNEL_TIMEOUT:
            raise ValueError(
                f"channel policy: a safety margin of {self.safety_margin} L1 blocks, "
                f"want 0 to {CHANNEL_TIMEOUT - 1}"
            )

    def deadline(self, opened_l1: int, first_origin: int, config: RollupConfig) -> int:
        """Return the L1 block by which a channel has to be posted.

        `opened_l1` was the L1's head when its first L2 block came, `first_origin` is the
        height of that block's L1 origin.
        """
        timeout = opened_l1 + CHANNEL_TIMEOUT - self.safety_margin
        window = first_origin + config.seq_window_size - self.safety_margin
        return min(opened_l1 + self.most_l1_blocks, timeout, window)

    def due(
        self, waiting: int, opened_l1: int, first_origin: int, l1_head: int, config: RollupConfig
    ) -> bool:
        """Tell whether `waiting` L2 blocks have to be posted now."""
        if waiting < 1:
            return False
        return waiting >= self.due_blocks or l1_head >= self.deadline(
            opened_l1, first_origin, config
        )
