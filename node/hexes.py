"""Bytes as people read them."""

from __future__ import annotations

from eth_utils.address import to_checksum_address


def checksum(address: bytes) -> str:
    """Return an address in mixed-case hex (EIP-55)."""
    return to_checksum_address(address)
