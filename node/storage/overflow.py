"""A store for the time that the process lives: in memory, and what is more on disk.

A chain keeps every state, some ten thousand bytes a block.  The newest entries, which most
reads ask for, stay in a dictionary; once it holds more than its bound the oldest move to a
LevelDB in a temporary folder, which is made only then and goes with the process.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from byline.node.storage.kv import Batch
from byline.node.storage.leveldb import LevelKV
from byline.node.storage.temporary import make_folder, remove_abandoned, remove_folder

MOST_IN_MEMORY: Final = 96 << 20
"""Bytes of the entries in memory, with what Python needs for each."""
ENTRY_COST: Final = 220
"""Bytes that an entry needs in memory besides its key and value."""
STEP: Final = 256 << 10
"""Bytes that move to the disk at once: about 2 ms, every twenty blocks or so."""
DISK_CACHE: Final = 16 << 20
"""Bytes of LevelDB's own cache; the newest entries are in memory anyway."""


class OverflowKV:
    """A `KeyValue` that lives as long as the process and needs bounded memory."""

    def __init__(self, bound: int = MOST_IN_MEMORY, parent: Path | None = None) -> None:
        """Keep up to `bound` bytes in memory, for a moment `STEP` more, or one batch.

        `parent` is where a folder is made for what exceeds it (the system's for temporary
        files).  Folders that killed processes left there are removed.
        """
        remove_abandoned(parent)
        self._bound = bound
        self._parent = parent
        self._near: dict[bytes, bytes] = {}
        self._size = 0
        self._folder: Path | None = None
        self._far: LevelKV | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes in memory, as counted against the bound."""
        return self._size

    @property
    def folder(self) -> Path | None:
        """Where the oldest entries are; `None` as long as all are in memory."""
        return self._folder

    def get(self, key: bytes) -> bytes | None:
        """See `KeyValue.get`."""
        # What moves is on disk before it leaves the memory, so one of the two has it.
        found = self._near.get(key)
        if found is None and self._far is not None:
            return self._far.get(key)
        return found

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """See `KeyValue.write`; nothing is there to wait for.

        Raises `StorageError` when the disk is full; then nothing of `batch` is written.
        """
        values = {bytes(key): bytes(value) for key, value in batch.items() if value is not None}
        gone = [key for key, value in batch.items() if value is None]
        coming = sum(_cost(key, value) for key, value in values.items())
        with self._lock:
            near = self._near
            # What can fail comes before the first change.
            if self._size + coming > self._bound + STEP:
                self._move(self._bound - coming)
            if gone and self._far is not None:
                self._far.write(dict.fromkeys(gone))
            for key, value in values.items():
                old = near.get(key)
                self._size += len(value) - len(old) if old is not None else _cost(key, value)
            near.update(values)
            for key in gone:
                old = near.pop(key, None)
                if old is not None:
                    self._size -= _cost(key, old)

    def _move(self, most: int) -> None:
        """Move the oldest entries to the disk until `most` bytes, or none, are in memory."""
        if self._far is None:
            self._folder = make_folder(self._parent)
            self._far = LevelKV(self._folder, cache=DISK_CACHE)
        moving: dict[bytes, bytes] = {}
        left = self._size
        for key, value in self._near.items():
            if left <= most:
                break
            moving[key] = value
            left -= _cost(key, value)
        self._far.write(moving)
        for key in moving:
            del self._near[key]
        self._size = left

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See `KeyValue.scan`; costs time and memory in all entries that are in memory."""
        with self._lock:
            items = [item for item in self._near.items() if item[0].startswith(prefix)]
            far = iter(()) if self._far is None else self._far.scan(prefix, start, reverse)
            # The first step fixes what of the disk is seen.
            first = [item for item in [next(far, None)] if item is not None]
        items.sort(reverse=reverse)
        near = [
            item
            for item in items
            if start is None or (item[0] <= start if reverse else item[0] >= start)
        ]
        yield from _newest(near, chain(first, far), reverse)

    def close(self) -> None:
        """Let go of the data, on disk too; closing twice is no error."""
        with self._lock:
            if self._far is not None and self._folder is not None:
                self._far.close()
                remove_folder(self._folder)
            self._near.clear()
            self._size = 0
            self._far = self._folder = None


def _cost(key: bytes, value: bytes) -> int:
    return len(key) + len(value) + ENTRY_COST


def _newest(
    near: Iterable[tuple[bytes, bytes]], far: Iterable[tuple[bytes, bytes]], reverse: bool
) -> Iterator[tuple[bytes, bytes]]:
    """Yield both in order of the key; what stands in both is taken from `near`."""
    key_of: Callable[[tuple[bytes, bytes]], bytes] = _key
    last: bytes | None = None
    # Of equal items `merge` yields those of the first iterable first.
    for key, value in heapq.merge(near, far, key=key_of, reverse=reverse):
        if key != last:
            yield key, value
        last = key


def _key(item: tuple[bytes, bytes]) -> bytes:
    return item[0]
