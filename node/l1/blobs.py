"""Keeps the blobs of the local L1, as long as Ethereum's beacon nodes keep theirs.

A blob is kept from when its transaction came to the pool, so before any block names it.  A
block height is noted at which it was last wanted; 131,072 blocks later it goes.

    b ++ versioned hash   commitment, number of proofs, proofs, blob, compressed
    l ++ versioned hash   the height at which it was last wanted, 8 bytes
    n ++ height           the versioned hashes wanted there, 32 bytes each
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from byline.node.l1.network_form import POINT_SIZE, ProvenBlob
from byline.node.storage.kv import Batch, KeyValue

RETENTION: Final = 4_096 * 32
"""L1 blocks for which a blob is kept: 4,096 epochs (MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS)."""
_FAST: Final = 1
"""Level of zlib; a blob is mostly zeroes, or already compressed."""


class BlobStore:
    """Blobs by versioned hash.  One thread writes, any may read."""

    def __init__(self, kv: KeyValue, retention: int = RETENTION) -> None:
        self._kv = kv
        self._retention = retention

    def keep(self, blobs: Iterable[ProvenBlob], height: int) -> None:
        """Store `blobs` of a transaction that came when block `height` was the next."""
        found = {blob.versioned_hash: blob for blob in blobs}
        batch = {b"b" + name: _encode(blob) for name, blob in found.items()}
        self._kv.write({**batch, **self._wanted(found, height)})

    def mined(self, hashes: Iterable[bytes], height: int) -> None:
        """Note that block `height` names `hashes`, and forget what is too old at that height.

        To be called for every block, so that each old height gets its turn.
        """
        batch = {**self._outdated(height - self._retention), **self._wanted(hashes, height)}
        if batch:
            self._kv.write(batch)

    def __contains__(self, versioned_hash: object) -> bool:
        return (
            isinstance(versioned_hash, bytes) and self._kv.get(b"l" + versioned_hash) is not None
        )

    def get(self, versioned_hash: bytes) -> ProvenBlob | None:
        """Return a blob with its proofs, or `None` for one that is not here (any more)."""
        value = self._kv.get(b"b" + versioned_hash)
        return None if value is None else _decode(value)

    def _wanted(self, hashes: Iterable[bytes], height: int) -> Batch:
        key = b"n" + height.to_bytes(8, "big")
        known = self._kv.get(key) or b""
        before = {known[at : at + 32] for at in range(0, len(known), 32)}
        new = [name for name in dict.fromkeys(hashes) if name not in before]
        if not new:
            return {}
        last = {b"l" + name: height.to_bytes(8, "big") for name in new}
        return {**last, key: known + b"".join(new)}

    def _outdated(self, height: int) -> Batch:
        if height < 0:
            return {}
        key = b"n" + height.to_bytes(8, "big")
        names = self._kv.get(key)
        if names is None:
            return {}
        batch: dict[bytes, bytes | None] = {key: None}
        for at in range(0, len(names), 32):
            name = names[at : at + 32]
            last = self._kv.get(b"l" + name)
            if last is not None and int.from_bytes(last, "big") <= height:
                batch[b"b" + name] = batch[b"l" + name] = None
        return batch


def _encode(item: ProvenBlob) -> bytes:
    count = len(item.proofs) // POINT_SIZE
    return zlib.compress(item.commitment + bytes([count]) + item.proofs + item.blob, _FAST)


def _decode(value: bytes) -> ProvenBlob:
    data = zlib.decompress(value)
    proofs_end = POINT_SIZE + 1 + data[POINT_SIZE] * POINT_SIZE
    return ProvenBlob(
        blob=data[proofs_end:],
        commitment=data[:POINT_SIZE],
        proofs=data[POINT_SIZE + 1 : proofs_end],
    )
