"""`eth_subscribe`: what one WebSocket connection is told as it happens.

The answer to `eth_subscribe` must reach the client before the first notification, but a
block may come between: a new subscription holds its notifications until `Opened.release`
says that the answer is on its way.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from byline.rpc import views
from byline.rpc.backend import ChainEvent, LogFilter, NewHead, NewPending
from byline.rpc.errors import ServerError
from byline.rpc.filters import matching
from byline.rpc.protocol import encode_notification


class Rendered:
    """An event with its JSON, made once for all subscribers."""

    def __init__(self, event: ChainEvent) -> None:
        self.event = event

    @cached_property
    def header(self) -> bytes:
        """The new head's header."""
        assert isinstance(self.event, NewHead)
        return orjson.dumps(views.header(self.event.block))

    @cached_property
    def hash(self) -> bytes:
        """The pooled transaction's hash."""
        assert isinstance(self.event, NewPending)
        return orjson.dumps(views.as_hex(self.event.transaction.hash))

    @cached_property
    def transaction(self) -> bytes:
        """The pooled transaction."""
        assert isinstance(self.event, NewPending)
        return orjson.dumps(views.pending_transaction(self.event.transaction))


@dataclass(frozen=True, slots=True)
class NewHeads:
    """Headers of new heads."""

    def news(self, rendered: Rendered) -> list[bytes]:
        """Return the results to send."""
        return [rendered.header] if isinstance(rendered.event, NewHead) else []


@dataclass(frozen=True, slots=True)
class Logs:
    """Matching logs, and those taken away again."""

    wanted: LogFilter

    def news(self, rendered: Rendered) -> list[bytes]:
        """Return the results to send."""
        return [orjson.dumps(views.log(log)) for log in matching(rendered.event, self.wanted)]


@dataclass(frozen=True, slots=True)
class NewPendingTransactions:
    """Pooled transactions: hashes, or whole when `full`."""

    full: bool = False

    def news(self, rendered: Rendered) -> list[bytes]:
        """Return the results to send."""
        if not isinstance(rendered.event, NewPending):
            return []
        return [rendered.transaction if self.full else rendered.hash]


@dataclass(frozen=True, slots=True)
class Syncing:
    """Changes of the sync status; this node is always in sync, so there are none."""

    def news(self, rendered: Rendered) -> list[bytes]:
        """Return nothing."""
        return []


@dataclass(frozen=True, slots=True)
class TransactionReceipts:
    """Receipts of each new block that has some: all of them, or those of `hashes`."""

    hashes: frozenset[bytes] | None = None

    def news(self, rendered: Rendered) -> list[bytes]:
        """Return the results to send: one list a block."""
        if not isinstance(rendered.event, NewHead):
            return []
        found = [
            views.receipt(receipt)
            for receipt in rendered.event.receipts
            if self.hashes is None or receipt.transaction.hash in self.hashes
        ]
        return [orjson.dumps(found)] if found else []


Kind = NewHeads | Logs | NewPendingTransactions | Syncing | TransactionReceipts


@dataclass(slots=True)
class _Subscription:
    kind: Kind
    held: list[bytes] | None = field(default_factory=list)
    """Notifications from before the answer was sent; `None` once it was."""


class Subscriptions:
    """The subscriptions of one connection.

    `send` takes an encoded message and must not wait; `waiting` tells how many it has not
    passed on yet; `cut` ends the connection with a reason, when the client reads too
    slowly or events were lost.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        waiting: Callable[[], int],
        cut: Callable[[str], None],
        *,
        most: int,
        most_waiting: int,
    ) -> None:
        self._send = send
        self._waiting = waiting
        self._cut = cut
        self._most = most
        self._most_waiting = most_waiting
        self._open: dict[str, _Subscription] = {}

    def open(self, kind: Kind) -> str:
        """Begin to listen, held until `release`; raises `ServerError` when there are too many."""
        if len(self._open) >= self._most:
            raise ServerError(
                f"too many subscriptions: {self._most} on this connection; unsubscribe some"
            )
        name = hex(secrets.randbits(128))
        self._open[name] = _Subscription(kind)
        return name

    def release(self, name: str) -> None:
        """Send what was held, and from now on at once."""
        found = self._open.get(name)
        if found is None or found.held is None:
            return
        held, found.held = found.held, None
        for message in held:
            self._send(message)

    def close(self, name: str) -> bool:
        """Stop; false when there is no such subscription."""
        return self._open.pop(name, None) is not None

    def feed(self, event: ChainEvent) -> None:
        """Tell whoever wants to know, or cut the connection if too much waits already.

        One event may bring thousands of logs; they are no reason to cut, not reading is.
        """
        if not self._open:
            return
        held = sum(len(found.held or ()) for found in self._open.values())
        if self._waiting() + held >= self._most_waiting:
            self._open.clear()
            self._cut(f"reads too slowly: {self._most_waiting} messages wait")
            return
        rendered = Rendered(event)
        for name, found in self._open.items():
            for result in found.kind.news(rendered):
                message = encode_notification(name, result)
                self._send(message) if found.held is None else found.held.append(message)

    def interrupted(self, reason: str) -> None:
        """End the connection if it was promised events."""
        if self._open:
            self._cut(reason)


class Opened:
    """What one message may do with its connection's subscriptions."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._names: list[str] = []

    def open(self, kind: Kind) -> str:
        """Open a subscription that `release` will start."""
        name = self._subscriptions.open(kind)
        self._names.append(name)
        return name

    def close(self, name: str) -> bool:
        """Close any subscription of the connection."""
        return self._subscriptions.close(name)

    def release(self) -> None:
        """Start what this message opened: its answer is on its way."""
        for name in self._names:
            self._subscriptions.release(name)
