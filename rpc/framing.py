"""JSON values in a stream of bytes, one after the other, with or without space between.

So clients of an IPC socket write, some with a newline after each value and some without.
"""

from __future__ import annotations

import re
from typing import Final

MOST_DEPTH: Final = 1024
"""Of arrays and objects in each other; the JSON reader goes no deeper either."""
_SPACE: Final = b" \t\r\n"
_STRUCTURE: Final = re.compile(rb'["{}\[\]]')
_IN_STRING: Final = re.compile(rb'["\\]')
_OPENING: Final = b"{["
_QUOTE: Final = ord('"')


class FramingError(ValueError):
    """The stream is no longer one of JSON values, or a value breaks a bound."""


class JsonFrames:
    """Cuts a stream into objects and arrays; whether those are JSON is for others to see.

    Single numbers, strings and words are refused: nothing that is asked looks so, and where
    they end is not to be seen.  Each byte is looked at once, however it arrives.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._buffer = bytearray()
        self._seen = 0
        """Bytes of the buffer that were looked at."""
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the values that `data` ends; raises `FramingError`."""
        self._buffer += data
        found = []
        while (value := self._next()) is not None:
            found.append(value)
        if len(self._buffer) > self._most:
            raise FramingError(f"message too large: want at most {self._most} bytes")
        return found

    def _next(self) -> bytes | None:
        if not self._depth and not self._begin():
            return None
        end = self._end()
        if end is None:
            return None
        value = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._seen = 0
        return value

    def _begin(self) -> bool:
        """Skip space and enter a value; false when none has begun."""
        rest = self._buffer.lstrip(_SPACE)
        if not rest:
            self._buffer.clear()
            return False
        if rest[0] not in _OPENING:
            shown = bytes(rest[:20])
            raise FramingError(f"parse error: want an object or an array, got {shown!r}")
        self._buffer = rest
        self._seen = self._depth = 1
        return True

    def _end(self) -> int | None:
        """Look on to the end of the value; `None` when it has not come."""
        while True:
            pattern = _IN_STRING if self._in_string else _STRUCTURE
            match = pattern.search(self._buffer, self._seen)
            if match is None:
                self._seen = len(self._buffer)
                return None
            if not self._take(match.start()):
                return None
            if not self._depth:
                return self._seen

    def _take(self, at: int) -> bool:
        """Note what stands at `at`; false when what belongs to it has not come."""
        byte = self._buffer[at]
        if byte == _QUOTE:
            self._in_string = not self._in_string
        elif self._in_string:
            # A backslash, and whatever it takes the meaning from.
            if at + 1 == len(self._buffer):
                self._seen = at
                return False
            at += 1
        elif byte in _OPENING:
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise FramingError(f"parse error: nested deeper than {MOST_DEPTH}")
        else:
            self._depth -= 1
        self._seen = at + 1
        return True
