"""LevelDB on disk: one process, one writer, and the durability of `kv`.

A folder that is in use, damaged or no folder at all is refused with one clear error;
checksums are verified on every read, so damage is never answered as data.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn

import plyvel

from byline.node.errors import Corrupt, Locked, StorageError
from byline.node.storage.kv import Batch, after_prefix

CACHE: Final = 32 << 20
"""Bytes of data read that a store remembers, unless told otherwise."""
_HOLDER: Final = "byline.pid"
"""Who holds the folder; only read when LevelDB's own lock says that somebody does."""
_WRITE_BUFFER: Final = 8 << 20
_SCAN_STEP: Final = 256
"""Items that a scan reads before other threads get their turn."""


class LevelKV:
    """A `KeyValue` in a folder."""

    def __init__(self, folder: Path | str, *, cache: int = CACHE) -> None:
        """Open `folder`, made if missing; raises `Locked`, `Corrupt` or `StorageError`.

        `cache` is the most bytes of data read that LevelDB remembers.
        """
        self._folder = Path(folder)
        self._cache = cache
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._db: Any = self._open()
        self._read = self._db.get
        (self._folder / _HOLDER).write_text(f"{os.getpid()}\n")

    def _open(self) -> Any:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return plyvel.DB(
                str(self._folder),
                create_if_missing=True,
                paranoid_checks=True,
                write_buffer_size=_WRITE_BUFFER,
                lru_cache_size=self._cache,
                bloom_filter_bits=10,
            )
        except plyvel.CorruptionError as exc:
            self._corrupt(exc)
        except (plyvel.Error, OSError) as exc:
            if "lock" in str(exc).lower() and self._folder.is_dir():
                raise Locked(str(self._folder), self._holder()) from exc
            raise StorageError(
                f"cannot open the data folder {self._folder} ({_text(exc)}): "
                "check that it is a folder you may write to, or pass another --data-dir"
            ) from exc

    def _holder(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int((self._folder / _HOLDER).read_text())
        return None

    def _corrupt(self, exc: Exception) -> NoReturn:
        raise Corrupt(
            f"the data in {self._folder} is damaged ({_text(exc)}): restore the folder from "
            "a copy, or move it away and start anew"
        ) from exc

    def get(self, key: bytes) -> bytes | None:
        """See `KeyValue.get`; raises `Corrupt`, or `StorageError` after `close`."""
        try:
            # The lock keeps `close` out: LevelDB must not go away under a read.
            with self._reading:
                value: bytes | None = self._read(key, verify_checksums=True)
        except plyvel.Error as exc:
            self._fail(exc)
        except RuntimeError as exc:
            raise self._closed() from exc
        return value

    def write(self, batch: Batch, *, sync: bool = False) -> None:
        """See `KeyValue.write`: one record in LevelDB's log, which is what makes it atomic."""
        with self._writing:
            if self._db is None:
                raise self._closed()
            native = self._db.write_batch(sync=sync)
            for key, value in batch.items():
                if value is None:
                    native.delete(key)
                else:
                    native.put(key, value)
            try:
                native.write()
            except (plyvel.Error, OSError) as exc:
                self._fail(exc)

    def scan(
        self, prefix: bytes, start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See `KeyValue.scan`."""
        low: bytes = prefix if start is None or reverse else max(prefix, start)
        bounds: dict[str, Any] = {"start": low, "stop": after_prefix(prefix)}
        if reverse and start is not None and (bounds["stop"] is None or start < bounds["stop"]):
            bounds |= {"stop": start, "include_stop": True}
        with self._reading:
            if self._db is None:
                raise self._closed()
            steps = self._db.iterator(reverse=reverse, verify_checksums=True, **bounds)
        try:
            while part := self._part(steps):
                yield from part
        finally:
            with self._reading:
                steps.close()

    def _part(self, steps: Iterator[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        try:
            with self._reading:
                return list(islice(steps, _SCAN_STEP))
        except plyvel.Error as exc:
            self._fail(exc)
        except RuntimeError as exc:
            raise self._closed() from exc

    def close(self) -> None:
        """See `KeyValue.close`; waits for reads and the write in progress."""
        with self._writing, self._reading:
            if self._db is None:
                return
            self._db.close()
            self._db = None
            (self._folder / _HOLDER).unlink(missing_ok=True)

    def _fail(self, exc: Exception) -> NoReturn:
        if isinstance(exc, plyvel.CorruptionError):
            self._corrupt(exc)
        raise StorageError(
            f"the data folder {self._folder} failed ({_text(exc)}): check the disk's space "
            "and health"
        ) from exc

    def _closed(self) -> StorageError:
        return StorageError(f"the data folder {self._folder} is closed")


def _text(exc: Exception) -> str:
    """Return LevelDB's message; plyvel hands it over as bytes."""
    first = exc.args[0] if exc.args else ""
    return first.decode(errors="replace") if isinstance(first, bytes) else str(exc)
