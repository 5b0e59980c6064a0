"""What an operator chooses of the batcher."""

from __future__ import annotations

from dataclasses import dataclass, field

from byline.derivation.channel_out import BatchKind
from byline.derivation.compression import Compression
from byline.derivation.frame import FRAME_ENVELOPE
from byline.node.l2.channel_policy import ChannelPolicy
from byline.node.l2.data_availability import FRAME_ROOM, MAX_BLOBS, DataAvailability
from byline.node.l2.inbox_transaction import ProofKind
from byline.node.l2.inflight import FeePolicy


@dataclass(frozen=True, slots=True)
class BatcherSettings:
    """How L2 blocks are written, what carries them, and at what price."""

    batches: BatchKind = "span"
    compression: Compression = "brotli"
    da: DataAvailability = "calldata"
    target_frames: int = 1
    """Frames that one channel is to fill."""
    blobs_per_transaction: int = MAX_BLOBS
    proofs: ProofKind = "cell"
    fees: FeePolicy = field(default_factory=FeePolicy)
    most_blocks: int = 256
    """L2 blocks of one channel."""

    def __post_init__(self) -> None:
        """Refuse what no transaction can carry."""
        if self.target_frames < 1:
            raise ValueError(f"batcher: {self.target_frames} frames a channel, want 1 or more")
        if not 1 <= self.blobs_per_transaction <= MAX_BLOBS:
            raise ValueError(
                f"batcher: {self.blobs_per_transaction} blobs in a transaction, "
                f"want 1 to {MAX_BLOBS}"
            )

    def policy(self) -> ChannelPolicy:
        """Return the bounds of a channel that fills its frames and starts no other."""
        room = FRAME_ROOM["calldata" if self.da == "calldata" else "blobs"]
        return ChannelPolicy(
            most_blocks=self.most_blocks, most_bytes=self.target_frames * (room - FRAME_ENVELOPE)
        )
