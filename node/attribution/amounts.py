"""Amounts of wei for people."""

from __future__ import annotations


def in_whole(wei: int) -> str:
    """Return an amount of wei as a number of the coin, exactly."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018}".rstrip("0").rstrip(".")
