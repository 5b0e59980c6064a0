"""Reading a JSON document from outside, with messages that name the place of a fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, overload

from byline.node.errors import ConfigError

_REQUIRED: Final[Any] = object()
_SHOWN: Final = 40
"""Characters of a bad value that a message repeats."""


class Fields:
    """One object of the document that is called `where`, at `path` in it."""

    def __init__(self, where: str, value: Any, path: str = "") -> None:
        """Take the object `value`; raises `ConfigError` when it is none."""
        self._where = where
        self._path = path
        if not isinstance(value, Mapping):
            place = f"{where}: {path}" if path else where
            raise ConfigError(f"{place}: want a JSON object, got {_shown(value)}")
        self._values: Mapping[str, Any] = value

    def problem(self, name: str, words: str) -> ConfigError:
        """Return an error about the field `name`."""
        return ConfigError(f"{self._where}: {self._place(name)}: {words}")

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def names(self) -> Iterable[str]:
        """Return the names of all fields."""
        return self._values.keys()

    def get(self, name: str) -> Any:
        """Return a field as it is; `None` when it is absent or null."""
        return self._values.get(name)

    def inside(self, name: str) -> Fields:
        """Return the object in the field `name`; raises `ConfigError` when there is none."""
        return Fields(self._where, self._need(name, _REQUIRED), self._place(name))

    @overload
    def integer(self, name: str, default: None, *, bits: int = 256) -> int | None: ...
    @overload
    def integer(self, name: str, default: int = ..., *, bits: int = 256) -> int: ...
    def integer(self, name: str, default: Any = _REQUIRED, *, bits: int = 256) -> int | None:
        """Return a field of at most `bits` bits: a number, or text, decimal or with 0x."""
        value = self._need(name, default)
        if value is None:
            return None
        number = _integer(value)
        if number is None or not 0 <= number < 1 << bits:
            raise self.problem(name, f"want an integer of {bits} bits, got {_shown(value)}")
        return number

    def data(
        self, name: str, width: int | None, default: Any = _REQUIRED, *, most: int | None = None
    ) -> bytes:
        """Return a field of hexadecimal text, of `width` bytes or at most `most`."""
        value = self._need(name, default)
        return value if value is default else self._data(name, value, width, most)

    def name_data(self, name: str, width: int | None, *, most: int | None = None) -> bytes:
        """Return the name of a field as bytes."""
        return self._data(name, name, width, most)

    def _need(self, name: str, default: Any) -> Any:
        value = self._values.get(name)
        if value is not None:
            return value
        if default is _REQUIRED:
            raise self.problem(name, "is missing")
        return default

    def _data(self, name: str, value: Any, width: int | None, most: int | None) -> bytes:
        found = _bytes(value, pad=most is not None)
        if found is None:
            raise self.problem(name, f"want hexadecimal text, got {_shown(value)}")
        if width is not None and len(found) != width:
            raise self.problem(name, f"has {len(found)} bytes, want {width}")
        if most is not None and len(found) > most:
            raise self.problem(name, f"has {len(found)} bytes, want at most {most}")
        return found


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    # Python would let underscores pass, and the digits of other scripts.
    if not isinstance(value, str) or not value.isascii() or "_" in value:
        return None
    try:  # a decimal number too long to be read in good time is a ValueError, too
        return int(value, 16 if value.startswith(("0x", "0X")) else 10)
    except ValueError:
        return None


def _bytes(value: Any, *, pad: bool) -> bytes | None:
    """Return hexadecimal text as bytes; with `pad` an odd number of digits is no fault."""
    if not isinstance(value, str):
        return None
    digits = value.removeprefix("0x")
    if pad and len(digits) % 2:
        digits = "0" + digits
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        return None
    # `fromhex` lets spaces pass.
    return found if 2 * len(found) == len(digits) else None


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
