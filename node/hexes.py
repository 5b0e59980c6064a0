"""Bytes as people read them."""

from __future__ import annotations

from byline.rpc.quantities import checksummed as checksum

__all__ = ["checksum"]
