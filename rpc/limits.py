"""How much a client may ask for.

Bounds that a user may want to move have a setting; its flag stands in the error that names the
bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

T = TypeVar("T", int, float)


def _setting(name: str, default: T, text: str, least: int = 1) -> T:
    """Return a field with a setting of that name; `text` is for those who read `--help`."""
    found: T = field(default=default, metadata={"setting": name, "text": text, "least": least})
    return found


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on time and memory."""

    body_bytes: int = _setting("max_body_bytes", 5 * 1024 * 1024, "most bytes of an HTTP request")
    """Beyond it the answer is 413."""
    websocket_message_bytes: int = _setting(
        "max_message_bytes", 32 * 1024 * 1024, "most bytes of a message over WebSocket or IPC"
    )
    json_values: int = _setting(
        "max_json_values", 250_000, "most commas and opening brackets in a request", 1000
    )
    """Reading JSON holds up everybody; 250,000 values do so for some 20 ms."""
    batch_items: int = _setting("max_batch_items", 1000, "most requests in a batch")
    batch_response_bytes: int = _setting(
        "max_batch_bytes", 25_000_000, "most bytes of the answers to a batch"
    )
    log_blocks: int = _setting(
        "max_log_blocks", 1_000_000, "most blocks that eth_getLogs searches"
    )
    log_results: int = _setting("max_log_results", 100_000, "most logs that eth_getLogs returns")
    connections: int = _setting("max_connections", 1000, "most open connections of one port")
    subscriptions: int = _setting(
        "max_subscriptions", 1000, "most subscriptions of one connection"
    )
    filters: int = _setting("max_filters", 1000, "most filters of one chain")
    filter_seconds: float = _setting(
        "filter_seconds", 300.0, "forget a filter that nobody polls for so long"
    )
    body_seconds: float = _setting(
        "body_seconds", 30.0, "give up a request or answer that takes so long on the wire"
    )
    idle_seconds: float = _setting(
        "idle_seconds", 120.0, "close an HTTP connection that asks nothing for so long"
    )
    filter_items: int = 100_000
    """News that wait in one filter; beyond it the filter is dropped."""
    websocket_waiting: int = 10_000
    """Notifications that wait for one reader before it counts as too slow."""
    waiting_bytes: int = 64 * 1024 * 1024
    """Bytes that wait so; whatever is bigger than that travels alone."""
    websocket_calls: int = 64
    """Calls of one connection whose answers are not sent yet; further ones wait."""
    proof_keys: int = 1024
    fee_history_blocks: int = 1024
    mined_blocks: int = 100_000
    """By one `evm_mine`."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One of the limits that have a setting."""

    field: str
    """The name in `Limits`."""
    setting: str
    text: str
    kind: type
    least: int
    default: int | float


def _bound(name: str, default: Any, metadata: Any) -> Bound:
    return Bound(
        name, metadata["setting"], metadata["text"], type(default), metadata["least"], default
    )


BOUNDS: Final = tuple(
    _bound(item.name, item.default, item.metadata) for item in fields(Limits) if item.metadata
)
_FLAGS: Final = {bound.field: "--" + bound.setting.replace("_", "-") for bound in BOUNDS}


def flag(name: str) -> str:
    """Return the flag that moves the limit `name`, a field of `Limits`."""
    return _FLAGS[name]
