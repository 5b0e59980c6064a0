"""What RLP reads and writes, and how deep; apart, so that the kernel needs no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

MAX_DEPTH: Final = 64
"""Lists within lists; nothing of Ethereum nests deeper than a dozen."""

Decoded: TypeAlias = bytes | list["Decoded"]
"""Bytes, or a list of such items."""

Encodable: TypeAlias = bytes | bytearray | int | Sequence["Encodable"]
"""Bytes, a whole number, or a list or tuple of such items."""
