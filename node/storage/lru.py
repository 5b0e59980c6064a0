"""A bounded memory of what was read last, safe to use from several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Entries that weigh `size` at most; the one unused for longest goes first.

    Every entry weighs 1, or what `weigh` says of it.  The newest stays, however heavy.
    """

    def __init__(self, size: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        if size < 1:
            raise ValueError(f"cache size is {size}, want at least 1")
        self._size = size
        self._weigh = weigh
        self._weight = 0
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Return the entry, which becomes the newest, or `None`."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Remember an entry as the newest."""
        with self._lock:
            known = self._entries.pop(key, None)
            if known is not None:
                self._weight -= self._weigh(known)
            self._entries[key] = value
            self._weight += self._weigh(value)
            while self._weight > self._size and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                self._weight -= self._weigh(oldest)
