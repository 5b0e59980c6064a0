"""Pooled transactions on disk: what a client was told is taken survives a crash.

With automine a transaction is in a block before the client hears of it; what waits (for
a tick, or for an earlier nonce) is written here first.
"""

from __future__ import annotations

from collections.abc import Iterator

from byline.node.storage.kv import KeyValue


class PoolJournal:
    """Raw transactions by hash, in a key-value store of their own."""

    def __init__(self, kv: KeyValue) -> None:
        self._kv = kv
        self._held = {key for key, _ in kv.scan(b"")}

    def load(self) -> Iterator[bytes]:
        """Yield the raw transactions that were waiting."""
        for _, raw in list(self._kv.scan(b"")):
            yield raw

    def keep(self, tx_hash: bytes, raw: bytes) -> None:
        """Write a transaction down."""
        self._kv.write({tx_hash: raw})
        self._held.add(tx_hash)

    def forget_except(self, waiting: set[bytes]) -> None:
        """Delete what does not wait any more."""
        gone = self._held - waiting
        if gone:
            self._kv.write(dict.fromkeys(gone))
            self._held -= gone
