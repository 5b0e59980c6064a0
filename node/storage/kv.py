"""Where bytes are kept under keys, and what survives what.

    after `write` has returned and then ...   MemoryKV   LevelKV      LevelKV, sync=True
    the process dies (kill -9, crash)         all lost   nothing      nothing
    the machine dies (power, kernel)          all lost   may lose     nothing
                                                         the latest
                                                         writes

    and if it dies before `write` returns: the whole batch is there, or nothing of it.

What a machine's death takes is always a suffix: no write survives an earlier one that
is lost.  On an L2 the lost blocks derive again from the L1, up to the safe head.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeAlias

Batch: TypeAlias = Mapping[bytes, bytes | None]
"""Keys and their new values; `None` deletes.  Deleting what is not there is no error."""


class KeyValue(Protocol):
    """An ordered map of bytes with atomic batches.

    Any number of threads may read while one writes.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or `None`."""

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """Apply `batch`, all of it or nothing; `sync` waits until the disk has it."""

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys that begin with `prefix`, and their values, in order of the key.

        Begins at `start` (a whole key, included) or the first, with `reverse` at the last;
        sees the data as it was at the first step, whatever is written meanwhile.
        """

    def close(self) -> None:
        """Let go of the data; closing twice is no error."""


class MemoryKV:
    """A `KeyValue` that lives as long as the process.

    A scan sorts the keys: it costs time and memory in all of them, so it is for dumps and
    upgrades, not for every block.
    """

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        """See `KeyValue.get`."""
        return self._data.get(key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """See `KeyValue.write`; nothing to wait for."""
        # Everything that can fail happens before the first change: a value of the wrong
        # type must not leave half a batch behind.
        values = {bytes(key): bytes(value) for key, value in batch.items() if value is not None}
        gone = [key for key, value in batch.items() if value is None]
        with self._lock:
            self._data.update(values)
            for key in gone:
                self._data.pop(key, None)

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See `KeyValue.scan`."""
        with self._lock:
            items = [item for item in self._data.items() if item[0].startswith(prefix)]
        items.sort(reverse=reverse)
        for key, value in items:
            if start is None or (key <= start if reverse else key >= start):
                yield key, value

    def close(self) -> None:
        """See `KeyValue.close`; the data stays, a test may open it again."""


class Prefixed:
    """A part of another `KeyValue`, where every key carries `prefix`.

    Two chains share one database this way, and one atomic batch can span both.
    """

    def __init__(self, inner: KeyValue, prefix: bytes) -> None:
        if not prefix:
            raise ValueError("prefix: empty, it would be the whole store")
        self._inner = inner
        self._prefix = prefix

    def get(self, key: bytes) -> bytes | None:
        """See `KeyValue.get`."""
        return self._inner.get(self._prefix + key)

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """See `KeyValue.write`."""
        prefix = self._prefix
        self._inner.write({prefix + key: value for key, value in batch.items()}, sync=sync)

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See `KeyValue.scan`."""
        first = None if start is None else self._prefix + start
        cut = len(self._prefix)
        for key, value in self._inner.scan(self._prefix + prefix, first, reverse):
            yield key[cut:], value

    def close(self) -> None:
        """Do nothing: the store belongs to whoever opened it."""


def after_prefix(prefix: bytes) -> bytes | None:
    """Return the first key behind all that begin with `prefix`; `None` if none can be."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
