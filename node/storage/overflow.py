"""A store for the time that the process lives: in memory, and what is more on disk.

A chain keeps every state, some ten thousand bytes a block.  The newest entries, which most
reads ask for, stay in a dictionary; once it holds more than its bound the oldest move to a
LevelDB in a temporary folder, which is made only then and goes with the process.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable, Iterator
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
"""Bytes that move to the disk at once: every twenty blocks or so."""
LEEWAY: Final = 8 << 20
"""Bytes above the bound at which a write waits until the disk has caught up."""
DISK_CACHE: Final = 16 << 20
"""Bytes of LevelDB's own cache; the newest entries are in memory anyway."""

_Entries = dict[bytes, bytes | None]
"""`None` is a deletion that the disk has yet to hear of."""
_Entry = tuple[bytes, bytes | None]


class _Absent:
    """What a dictionary answers for a key that it does not have."""


_ABSENT: Final = _Absent()


class OverflowKV:
    """A `KeyValue` that lives as long as the process and needs bounded memory.

    Entries move on a thread of their own, so that a write need not wait for the disk.
    """

    def __init__(self, bound: int = MOST_IN_MEMORY, parent: Path | None = None) -> None:
        """Keep up to `bound` bytes in memory, for a moment `LEEWAY` more, or one batch.

        `parent` is where a folder is made for what exceeds it (the system's for temporary
        files).  Folders that killed processes left there are removed.
        """
        remove_abandoned(parent)
        self._bound = bound
        self._parent = parent
        self._near: _Entries = {}
        self._moving: _Entries = {}
        self._size = 0
        self._coming = 0
        self._folder: Path | None = None
        self._far: LevelKV | None = None
        self._mover: threading.Thread | None = None
        self._failure: Exception | None = None
        self._closed = False
        self._state = threading.Condition()

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
        # Entries come to the next place before they leave the last, and this asks in that order.
        found = self._near.get(key, _ABSENT)
        if isinstance(found, _Absent):
            found = self._moving.get(key, _ABSENT)
        if not isinstance(found, _Absent):
            return found
        return None if self._far is None else self._far.get(key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """See `KeyValue.write`; nothing is there to wait for.

        Raises `StorageError` after a move to the disk that failed, as when it is full; then
        nothing of `batch` is written, what was written before is there, and the next write
        has the move tried again.
        """
        changes: _Entries = {
            bytes(key): None if value is None else bytes(value) for key, value in batch.items()
        }
        coming = _costs(changes)
        with self._state:
            self._make_room(coming)
            near = self._near
            # Most of a block's entries are new: few are looked at one by one.
            known = near.keys() & changes.keys()
            self._size += coming - _costs({key: near[key] for key in known})
            near.update(changes)
            if self._far is None:
                self._forget([key for key, value in changes.items() if value is None])

    def _forget(self, keys: Iterable[bytes]) -> None:
        """Take deletions for done: there is no disk to hear of them."""
        self._size -= _costs({key: self._near.pop(key) for key in keys})

    def _make_room(self, coming: int) -> None:
        """Wake the mover when it has to work, wait for it when `coming` bytes have no room."""
        self._coming = coming
        try:
            while self._is_full() and not self._closed:
                self._start_mover()
                self._state.notify_all()
                if self._size + coming <= self._bound + LEEWAY:
                    break
                self._state.wait()
                if self._failure is not None:
                    break
        finally:
            self._coming = 0
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _is_full(self) -> bool:
        """Tell whether there is something to move, and reason to."""
        if not self._near and not self._moving:
            return False
        return self._size > self._bound + STEP or self._size + self._coming > self._bound + LEEWAY

    def _start_mover(self) -> None:
        if self._far is None:
            self._folder = make_folder(self._parent)
            self._far = LevelKV(self._folder, cache=DISK_CACHE)
        if self._mover is None:
            self._mover = threading.Thread(
                target=self._move, args=(self._far,), name="byline-overflow", daemon=True
            )
            self._mover.start()

    def _move(self, far: LevelKV) -> None:
        """Move the oldest entries to the disk whenever there are too many, until the end."""
        with self._state:
            while not self._closed:
                if not self._is_full():
                    self._state.wait()
                    continue
                moving = self._moving = self._oldest()
                for key in moving:
                    del self._near[key]
                self._state.release()
                try:
                    far.write(moving)
                except Exception as exc:
                    self._failure = exc
                finally:
                    self._state.acquire()
                if self._failure is not None:
                    self._take_back()
                    return
                self._size -= _costs(moving)
                self._moving = {}
                self._state.notify_all()

    def _oldest(self) -> _Entries:
        """Return about `STEP` bytes of the entries that came first, one at least."""
        oldest: _Entries = {}
        size = 0
        for key, value in self._near.items():
            oldest[key] = value
            size += _cost(key, value)
            if size >= STEP:
                break
        return oldest

    def _take_back(self) -> None:
        """Put in memory again what could not move; what was written since is newer."""
        newer = self._moving.keys() & self._near.keys()
        self._size -= _costs({key: self._moving[key] for key in newer})
        self._near = self._moving | self._near
        self._moving = {}
        self._mover = None
        self._state.notify_all()

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See `KeyValue.scan`; costs time and memory in all entries that are in memory."""
        with self._state:
            entries = self._moving | self._near
            items = [item for item in entries.items() if item[0].startswith(prefix)]
            far = iter(()) if self._far is None else self._far.scan(prefix, start, reverse)
            # The first step fixes what of the disk is seen.
            first = [item for item in [next(far, None)] if item is not None]
        items.sort(key=_key, reverse=reverse)
        near = [
            item
            for item in items
            if start is None or (item[0] <= start if reverse else item[0] >= start)
        ]
        yield from _newest(near, chain(first, far), reverse)

    def close(self) -> None:
        """Let go of the data, on disk too; closing twice is no error."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        if self._mover is not None:
            self._mover.join()
        with self._state:
            if self._far is not None and self._folder is not None:
                self._far.close()
                remove_folder(self._folder)
            self._near, self._moving = {}, {}
            self._size = 0
            self._far = self._folder = None


def _cost(key: bytes, value: bytes | None) -> int:
    return len(key) + len(value or b"") + ENTRY_COST


def _costs(entries: _Entries) -> int:
    """Return the sum of `_cost`, without a call for each: every block writes some fifty."""
    values = filter(None, entries.values())
    return sum(map(len, entries)) + sum(map(len, values)) + ENTRY_COST * len(entries)


def _newest(
    near: Iterable[_Entry], far: Iterable[tuple[bytes, bytes]], reverse: bool
) -> Iterator[tuple[bytes, bytes]]:
    """Yield both in order of the key; what stands in both is taken from `near`."""
    last: bytes | None = None
    # Of equal items `merge` yields those of the first iterable first.
    for key, value in heapq.merge(near, far, key=_key, reverse=reverse):
        if key != last and value is not None:
            yield key, value
        last = key


def _key(item: _Entry) -> bytes:
    return item[0]
