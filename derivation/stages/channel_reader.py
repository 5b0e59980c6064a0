"""Stage 4: the batches in a channel.

A channel decompresses to a stream of RLP strings, each a version byte and a batch.  The
first that is malformed ends the channel, the batches before it stand; only a span batch
whose transactions cannot be rebuilt is skipped alone.
Source: ethereum-optimism/specs, protocol/derivation.md ("Channel Format", "Batch Format");
op-node, rollup/derive/channel_in_reader.go, batch.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.batch.singular import SINGULAR_BATCH, SingularBatch
from byline.derivation.batch.span import SPAN_BATCH, RawSpanBatch, SpanBatch
from byline.derivation.compression import decompress
from byline.derivation.config import RollupConfig
from byline.derivation.constants import MAX_RLP_BYTES_PER_CHANNEL
from byline.derivation.errors import InvalidData
from byline.derivation.rlp_items import read_item
from byline.derivation.stages.channel_assembler import ChannelAssembler
from byline.derivation.stages.reading import Reading
from byline.derivation.types import Need

STAGE: Final = "channel_reader"


@dataclass(slots=True)
class ChannelReader:
    """Reads one channel after the other."""

    prev: ChannelAssembler
    reading: Reading
    config: RollupConfig
    _data: bytes = b""
    """The channel, decompressed."""
    _at: int = 0

    def next(self) -> SingularBatch | SpanBatch | Need:
        """Return the next batch that is well-formed."""
        while True:
            while self._at >= len(self._data):
                channel = self.prev.next()
                if isinstance(channel, Need):
                    return channel
                self._open(channel)
            batch = self._read()
            if batch is not None:
                return batch

    def flush(self) -> None:
        """Leave the rest of the channel unread."""
        self._data, self._at = b"", 0

    def _open(self, channel: bytes) -> None:
        self.flush()
        try:
            self._data = decompress(channel, MAX_RLP_BYTES_PER_CHANNEL)
        except InvalidData as exc:
            self.reading.drop(STAGE, exc)
            return
        if not self._data:
            self.reading.drop(STAGE, f"a channel of {len(channel)} bytes decompresses to nothing")

    def _read(self) -> SingularBatch | SpanBatch | None:
        """Read one batch; `None` when it, or the rest of the channel with it, is dropped."""
        try:
            batch = self._decode()
        except InvalidData as exc:
            self.reading.drop(STAGE, f"the rest of the channel: {exc}")
            self.flush()
            return None
        if isinstance(batch, SingularBatch):
            return batch
        try:
            return batch.expand(self.config)
        except InvalidData as exc:
            self.reading.drop(STAGE, exc)
            return None

    def _decode(self) -> SingularBatch | RawSpanBatch:
        is_list, start, end = read_item(self._data, self._at)
        if is_list or start == end:
            raise InvalidData(f"byte {self._at} begins no batch")
        version, content = self._data[start], self._data[start + 1 : end]
        self._at = end
        if version == SINGULAR_BATCH:
            return SingularBatch.decode(content)
        if version == SPAN_BATCH:
            return RawSpanBatch.decode(content)
        raise InvalidData(f"batch version {version} is unknown, want 0 or 1")
