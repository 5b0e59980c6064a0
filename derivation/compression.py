"""Compression of channels, with the size limit applied while decompressing.

The first byte tells the kind: a zlib header has 8 (or 15) in its low nibble, 1 announces
brotli.  A stream that breaks off or turns bad yields what came before: batches that are
whole by then stand, as they do in op-node.
Source: ethereum-optimism/specs, protocol/derivation.md ("Channel Format") and
protocol/fjord/derivation.md ("Brotli Channel Compression"); RFC 1950.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

import brotli

from byline.derivation.errors import InvalidData

Compression: TypeAlias = Literal["zlib", "brotli"]

BROTLI_VERSION: Final = 1
"""First byte of a channel compressed with brotli."""
_BROTLI_QUALITY: Final = 9
_BROTLI_WINDOWS: Final = range(10, 23)
"""Exponents of the window sizes that every reader of brotli takes."""
_CHUNK: Final = 16_384
"""Compressed bytes fed at once; bounds what a failure makes us read again."""


class _Stream(Protocol):
    @property
    def finished(self) -> bool: ...
    def feed(self, data: bytes, room: int) -> bytes: ...


class _Failed(Exception):
    """The stream is malformed from here on."""


class _Deflate:
    """Raw deflate: Go delivers the data before it looks at the checksum, so we do too."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def finished(self) -> bool:
        return self._inner.eof

    def feed(self, data: bytes, room: int) -> bytes:
        try:
            return self._inner.decompress(data, room)
        except zlib.error as exc:
            raise _Failed from exc


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._inner.is_finished())

    def feed(self, data: bytes, room: int) -> bytes:
        try:
            output = bytearray(self._inner.process(data, output_buffer_limit=room))
            while len(output) < room and not self._inner.can_accept_more_data():
                output += self._inner.process(b"", output_buffer_limit=room - len(output))
        except brotli.error as exc:
            raise _Failed from exc
        return bytes(output)


def compress(data: bytes, kind: Compression) -> bytes:
    """Return a channel's bytes for the batches in `data`."""
    if kind == "zlib":
        return zlib.compress(data, zlib.Z_BEST_COMPRESSION)
    # A window wider than the data finds nothing more, and its tables take 3 ms to clear.
    window = min(max(len(data).bit_length(), _BROTLI_WINDOWS[0]), _BROTLI_WINDOWS[-1])
    packed: bytes = brotli.compress(data, quality=_BROTLI_QUALITY, lgwin=window)
    return bytes([BROTLI_VERSION]) + packed


def decompress(channel: bytes, limit: int) -> bytes:
    """Return at most `limit` bytes of what `channel` holds.

    Raises `InvalidData` when the kind is unknown or the zlib header is malformed.  Never
    holds more than `limit` and a buffer, whatever the data expand to.
    """
    if not channel:
        raise InvalidData("channel: empty")
    if channel[0] & 0x0F in (8, 15):
        _check_zlib_header(channel)
        return _read(_Deflate, channel[2:], limit)
    if channel[0] == BROTLI_VERSION:
        return _read(_Brotli, channel[1:], limit)
    raise InvalidData(f"channel: first byte 0x{channel[0]:02x} is neither zlib nor brotli")


def _check_zlib_header(channel: bytes) -> None:
    if len(channel) < 2:
        raise InvalidData("channel: zlib header cut short")
    method, window = channel[0] & 0x0F, channel[0] >> 4
    if method != 8 or window > 7 or int.from_bytes(channel[:2], "big") % 31:
        raise InvalidData(f"channel: malformed zlib header 0x{channel[:2].hex()}")
    if channel[1] & 0x20:
        raise InvalidData("channel: zlib with a preset dictionary")


def _read(open_stream: Callable[[], _Stream], data: bytes, limit: int) -> bytes:
    """Decompress; after a failure again, byte by byte from the chunk that failed.

    The libraries discard the output of the call that fails, so that call must be short.
    """
    output, failed = _pump(open_stream(), data, limit, fine_from=len(data))
    if failed is not None:
        output, _ = _pump(open_stream(), data, limit, fine_from=failed)
    return output


def _pump(stream: _Stream, data: bytes, limit: int, fine_from: int) -> tuple[bytes, int | None]:
    """Feed `data` and return the output, and where the chunk that failed begins, if any."""
    output = bytearray()
    at = 0
    while at < len(data) and len(output) < limit and not stream.finished:
        size = 1 if at >= fine_from else min(_CHUNK, fine_from - at)
        try:
            output += stream.feed(data[at : at + size], limit - len(output))
        except _Failed:
            return bytes(output), at
        at += size
    return bytes(output[:limit]), None
