"""How much a client may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on time and memory; the first four are geth's."""

    body_bytes: int = 5 * 1024 * 1024
    """Of one HTTP request; beyond it the answer is 413."""
    batch_items: int = 1000
    batch_response_bytes: int = 25_000_000
    websocket_message_bytes: int = 32 * 1024 * 1024
    websocket_waiting: int = 10_000
    """Notifications that wait for one reader before it counts as too slow."""
    websocket_calls: int = 64
    """Calls of one connection whose answers are not sent yet; further ones wait."""
    subscriptions: int = 1000
    """Of one connection."""
    filters: int = 1000
    """Of all clients together."""
    filter_items: int = 100_000
    """News that wait in one filter; beyond it the filter is dropped."""
    filter_seconds: float = 300.0
    """A filter that nobody polls for so long is dropped."""
    proof_keys: int = 1024
    fee_history_blocks: int = 1024
    mined_blocks: int = 100_000
    """By one `evm_mine`."""
