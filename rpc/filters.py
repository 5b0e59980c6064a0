"""Poll filters: `eth_newFilter` and its kin.

A filter collects what happens after its creation until somebody polls.  Unpolled for
five minutes it is gone, as in geth; a client that then asks gets `filter not found` with
code -32000, on which viem makes a new one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from byline.rpc import views
from byline.rpc.backend import ChainEvent, LocatedLog, LogFilter, NewHead, NewPending
from byline.rpc.errors import ServerError
from byline.rpc.limits import Limits


@dataclass(slots=True)
class BlockFilter:
    """Hashes of new heads."""

    def news(self, event: ChainEvent) -> list[Any]:
        """Return what `event` adds."""
        return [views.as_hex(event.block.hash)] if isinstance(event, NewHead) else []


@dataclass(slots=True)
class PendingFilter:
    """Pooled transactions: their hashes, or whole when `full`."""

    full: bool = False

    def news(self, event: ChainEvent) -> list[Any]:
        """Return what `event` adds."""
        if not isinstance(event, NewPending):
            return []
        transaction = event.transaction
        return [
            views.pending_transaction(transaction) if self.full else views.as_hex(transaction.hash)
        ]


@dataclass(slots=True)
class LogsFilter:
    """New logs that match; those that a reorganisation took away come with `removed`."""

    wanted: LogFilter

    def news(self, event: ChainEvent) -> list[Any]:
        """Return what `event` adds."""
        return [views.log(found) for found in matching(event, self.wanted)]


AnyFilter = BlockFilter | PendingFilter | LogsFilter


def matching(event: ChainEvent, wanted: LogFilter) -> list[LocatedLog]:
    """Return the event's logs that `wanted` lets through, reverted ones first."""
    if not isinstance(event, NewHead):
        return []
    return [found for found in (*event.reverted, *event.logs) if passes(wanted, found)]


def passes(wanted: LogFilter, found: LocatedLog) -> bool:
    """Tell whether a new log is one of those wanted; tags do not bound, numbers do."""
    if wanted.block_hash is not None and found.block_hash != wanted.block_hash:
        return False
    if isinstance(wanted.first, int) and found.block_number < wanted.first:
        return False
    if isinstance(wanted.last, int) and found.block_number > wanted.last:
        return False
    return wanted.matches(found.log)


@dataclass(slots=True)
class _Entry:
    filter: AnyFilter
    polled: float
    items: list[Any] = field(default_factory=list)


class Filters:
    """All filters of one port, by id."""

    def __init__(self, clock: Callable[[], float], limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, wanted: AnyFilter) -> str:
        """Begin to collect and return the id; raises `ServerError` when there are too many."""
        self._expire()
        if len(self._entries) >= self._limits.filters:
            raise ServerError(
                f"too many filters: {self._limits.filters} are installed; uninstall some, or "
                f"leave them unpolled for {self._limits.filter_seconds:.0f} seconds"
            )
        name = hex(secrets.randbits(128))
        self._entries[name] = _Entry(wanted, self._clock())
        return name

    def changes(self, name: str) -> list[Any]:
        """Return what happened since the last poll; raises `filter not found`."""
        entry = self._entry(name)
        items, entry.items = entry.items, []
        return items

    def logs_of(self, name: str) -> LogFilter:
        """Return what a logs filter wants; raises `filter not found` for other kinds."""
        wanted = self._entry(name).filter
        if not isinstance(wanted, LogsFilter):
            raise ServerError("filter not found")
        return wanted.wanted

    def remove(self, name: str) -> bool:
        """Stop collecting; false when there is no such filter."""
        self._expire()
        return self._entries.pop(name, None) is not None

    def feed(self, event: ChainEvent) -> None:
        """Collect `event` where it is wanted."""
        self._expire()
        for name, entry in tuple(self._entries.items()):
            entry.items += entry.filter.news(event)
            if len(entry.items) > self._limits.filter_items:
                del self._entries[name]

    def interrupted(self, reason: str) -> None:
        """Drop all filters: they have missed something."""
        self._entries.clear()

    def _entry(self, name: str) -> _Entry:
        self._expire()
        entry = self._entries.get(name)
        if entry is None:
            raise ServerError("filter not found")
        entry.polled = self._clock()
        return entry

    def _expire(self) -> None:
        oldest = self._clock() - self._limits.filter_seconds
        for name in [name for name, entry in self._entries.items() if entry.polled < oldest]:
            del self._entries[name]
