"""Bytes as people read them."""

from __future__ import annotations

from eth_utils.address import to_checksum_address


def checksum(address: bytes) -> str:
    """Return an address in mixed-case hex (EIP-55)."""
    return to_checksum_address(address)


def shortened(data: bytes) -> str:
    """Return the first and last four bytes of a hash."""
    return f"0x{data[:4].hex()}..{data[-4:].hex()}"
