"""Fields of JSON-RPC answers, raw or as web3.py reads them: hex or bytes, hex or numbers."""

from __future__ import annotations

from typing import Any


def octets(value: Any) -> bytes:
    """Return bytes that came as hex or as bytes."""
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


def number(value: Any) -> int:
    """Return a number that came as hex or as a number."""
    return int(value, 16) if isinstance(value, str) else int(value)
