"""The contracts of the user's files, read again where files have changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from byline.node.messages.abi import Contract
from byline.node.messages.files import contracts_in, json_files
from byline.node.messages.sources import AbiSource

LOG = logging.getLogger("byline.messages")

PAUSE: Final = 2.0
"""Seconds between two looks at the files."""

_Seen = tuple[int, int]
"""Time of change and size."""


class Library:
    """Contracts by file.  One thread uses it."""

    def __init__(
        self, sources: Sequence[AbiSource], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._looked: float | None = None
        self._files: dict[Path, tuple[_Seen, tuple[Contract, ...]]] = {}

    def refresh(self) -> bool:
        """Read what is new or changed, at most every `PAUSE`; tell whether anything was."""
        now = self._clock()
        if not self._sources or (self._looked is not None and now - self._looked < PAUSE):
            return False
        first, self._looked = self._looked is None, now
        found = {path: seen for source in self._sources for path, seen in _seen(source.path)}
        changed = [
            path
            for path, seen in found.items()
            if path not in self._files or self._files[path][0] != seen
        ]
        gone = self._files.keys() - found.keys()
        for path in gone:
            del self._files[path]
        for path in changed:
            self._files[path] = (found[path], self._read(path))
        if first:
            LOG.debug("%d contracts in %d ABI files", len(list(self.contracts())), len(found))
        return bool(changed or gone)

    def contracts(self) -> Iterator[Contract]:
        """Yield all contracts."""
        for _, contracts in self._files.values():
            yield from contracts

    def told(self) -> Iterator[tuple[bytes, Contract]]:
        """Yield those whose address the user told, with it."""
        for source in self._sources:
            if source.address is not None and source.path in self._files:
                for contract in self._files[source.path][1][:1]:
                    yield source.address, contract

    def _read(self, path: Path) -> tuple[Contract, ...]:
        try:
            return contracts_in(path)
        except (OSError, ValueError, RecursionError) as exc:
            named = any(source.path == path for source in self._sources)
            LOG.log(
                logging.WARNING if named else logging.DEBUG, "%s is no ABI file: %s", path, exc
            )
            return ()


def _seen(path: Path) -> Iterable[tuple[Path, _Seen]]:
    for file in json_files(path):
        try:
            status = file.stat()
        except OSError:
            continue
        yield file, (status.st_mtime_ns, status.st_size)
