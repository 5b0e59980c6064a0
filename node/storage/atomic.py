"""The database that py-evm sees: the store below, and an overlay that takes every write.

py-evm's own `AtomicDB` replays a batch key by key onto what it wraps, which a crash cuts
in the middle.  Here nothing reaches the disk from below py-evm: the block builder takes
`written` and the store writes it in the one batch of its block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from eth.db.backends.base import BaseAtomicDB, BaseDB

from byline.node.evm.beneath import Beneath

_GONE = None


class _Overlay(BaseDB):  # type: ignore[misc]  # py-evm ships no types
    """Reads fall through to `_below`, writes stay here; a deleted key is remembered as such."""

    def __init__(self, below: Callable[[bytes], bytes | None]) -> None:
        self._below = below
        self._changes: dict[bytes, bytes | None] = {}

    def _read(self, key: bytes) -> bytes | None:
        if key in self._changes:
            return self._changes[key]
        return self._below(key)

    def __getitem__(self, key: bytes) -> bytes:
        value = self._read(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._changes[key] = value

    def __delitem__(self, key: bytes) -> None:
        if self._read(key) is None:
            raise KeyError(key)
        self._changes[key] = _GONE

    def _exists(self, key: bytes) -> bool:
        return self._read(key) is not None


class StateDatabase(BaseAtomicDB, _Overlay):  # type: ignore[misc]  # as above
    """Trie nodes and codes of one block under construction."""

    def __init__(self, read_node: Callable[[bytes], bytes | None]) -> None:
        """`read_node` answers a hash from the store, or `None` (`ChainStore.node`)."""
        _Overlay.__init__(self, read_node)
        self.beneath: Beneath | None = None
        """Asked for accounts and words that the tries lack."""

    @property
    def written(self) -> Mapping[bytes, bytes]:
        """What was written and not deleted again, by hash."""
        return MappingProxyType(
            {key: value for key, value in self._changes.items() if value is not None}
        )

    @contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        """Collect writes and take them over together, or none when the body raises.

        The batch is dead afterwards; using it then raises `ValueError`.
        """
        batch = _Overlay(self._read)
        try:
            yield batch
            self._changes.update(batch._changes)
        finally:
            batch._below = _dead
            batch._changes = _Dead()


def _dead(key: bytes) -> bytes | None:
    raise ValueError("this batch has ended: open another with atomic_batch()")


class _Dead(dict[bytes, bytes | None]):
    def __setitem__(self, key: bytes, value: bytes | None) -> None:
        _dead(key)
