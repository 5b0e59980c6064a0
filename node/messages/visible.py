"""Text that others chose, fit for a line of the log.

A terminal obeys control characters and may draw text from right to left; what is printed
here does neither, and a line stays one line.
"""

from __future__ import annotations

import functools
from typing import Final

from byline.node.hexes import checksum as _checksum

ELLIPSIS: Final = "..."
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, most: int) -> str:
    """Return at most `most` characters of `text`, those that do not print as escapes."""
    shown = "".join(map(_shown, text[:most]))
    return shown + ELLIPSIS if len(text) > most else shown


def _shown(letter: str) -> str:
    # Spaces other than the common one, marks of direction and surrogates do not print.
    return letter if letter.isprintable() else _ESCAPES.get(letter) or _escaped(ord(letter))


def _escaped(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@functools.lru_cache(1024)
def checksum(address: bytes) -> str:
    """Return an address with its checksum (EIP-55); the same few come over and over."""
    return _checksum(address)


def brief(data: bytes, *, whole: bool = False) -> str:
    """Return an address or a hash in hex, its middle left out unless `whole`."""
    text = data.hex()
    return f"0x{text}" if whole else f"0x{text[:4]}..{text[-4:]}"


def hexed(data: bytes, most: int) -> str:
    """Return `data` in hex, with their number of bytes where more than `most` are there."""
    if len(data) <= most:
        return f"0x{data.hex()}"
    return f"0x{data[:most].hex()}{ELLIPSIS} ({len(data):,} bytes)"
