"""What another chain's node answered, on disk: what is true of one block stays true.

One SQLite file a block, under the chain's id and the block's hash, so that neither a
reorganisation nor another chain of the same id gives wrong answers.  SQLite writes each entry
whole or not at all, and lets several processes share a file.  A cache that cannot be used is
done without, which the log tells.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Final

LOG = logging.getLogger("byline.forking")

BUSY_SECONDS: Final = 2.0
"""How long another process may hold the file."""


def cache_folder() -> Path:
    """Return the folder for caches of forks, under the user's own."""
    if (given := os.environ.get("XDG_CACHE_HOME")) and Path(given).is_absolute():
        return Path(given) / "byline" / "forks"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "byline" / "forks"
    return Path.home() / ".cache" / "byline" / "forks"


class ForkCache:
    """Answers by key; for any thread.  `None` as folder keeps nothing."""

    def __init__(self, folder: Path | None, chain_id: int, block_hash: bytes) -> None:
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self.path = None
        if folder is not None:
            self.path = folder / str(chain_id) / f"{block_hash.hex()}.sqlite"
            self._open()

    def _open(self) -> None:
        assert self.path is not None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            # A crash of the machine may lose the newest entries, which are then asked again.
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
                " WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as exc:
            self._give_up(exc)

    def _give_up(self, why: Exception) -> None:
        LOG.warning("the cache of the fork, %s, cannot be used: %s; done without", self.path, why)
        self._file = None

    def get(self, key: bytes) -> bytes | None:
        """Return what is kept under `key`."""
        with self._lock:
            if self._file is None:
                return None
            try:
                row = self._file.execute(
                    "SELECT value FROM answers WHERE key = ?", (key,)
                ).fetchone()
            except sqlite3.Error as exc:
                self._give_up(exc)
                return None
        return bytes(row[0]) if row is not None and isinstance(row[0], bytes) else None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` under `key`."""
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, value))
            except sqlite3.OperationalError as exc:
                LOG.debug("not cached: %s", exc)
            except sqlite3.Error as exc:
                self._give_up(exc)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
