"""Hex, both ways, as the execution-apis write it.

A quantity is `0x` and hex digits without leading zeros (zero is `0x0`); data is `0x` and
two digits a byte.  Answers are lower case; both cases are read.  Everything here raises
`InvalidParams` with what was got and what was wanted.
Source: execution-apis, src/schemas/base-types.yaml; the words for quantities are geth's.
"""

from __future__ import annotations

from typing import Any, Final

from byline.derivation.hashing import keccak256
from byline.rpc.errors import InvalidParams

_SHOWN: Final = 40
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def shown(value: Any) -> str:
    """Return `value` short enough for an error message."""
    text = repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def as_hex(data: bytes) -> str:
    """Return data as lower-case hex."""
    return "0x" + data.hex()


def checksummed(address: bytes) -> str:
    """Return an address in mixed-case hex (EIP-55)."""
    digits = address.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False)
    )


def _digits(value: Any) -> str:
    """Return the digits after `0x`."""
    if not isinstance(value, str):
        raise InvalidParams(f"want a hex string, got {shown(value)}")
    if value[:2] not in ("0x", "0X"):
        raise InvalidParams(f"hex string without 0x prefix: {shown(value)}")
    return value[2:]


def quantity(value: Any, bits: int = 256) -> int:
    """Read a quantity below 2**`bits`."""
    digits = _digits(value)
    if not digits:
        raise InvalidParams('hex string "0x": want at least one digit, "0x0" for zero')
    if digits[0] == "0" and len(digits) > 1:
        raise InvalidParams(f"hex number with leading zero digits: {shown(value)}")
    if len(digits) > bits // 4:
        raise InvalidParams(f"hex number > {bits} bits: {shown(value)}")
    if not _HEX.issuperset(digits):
        raise InvalidParams(f"invalid hex string: {shown(value)}")
    return int(digits, 16)


def quantity64(value: Any) -> int:
    """Read a quantity below 2**64: gas, nonces, counts."""
    return quantity(value, 64)


def quantity_or_number(value: Any) -> int:
    """Read a count that some clients send as a JSON number or in decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < 2**64:
            return value
        raise InvalidParams(f"number {shown(value)}: want 0 to 2**64-1")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        return int(value)
    return quantity64(value)


def data(value: Any) -> bytes:
    """Read bytes of any length."""
    digits = _digits(value)
    if len(digits) % 2:
        raise InvalidParams(f"hex string of odd length: {shown(value)}")
    try:
        # `fromhex` would skip white space; a space is no digit.
        found = bytes.fromhex(digits)
    except ValueError:
        raise InvalidParams(f"invalid hex string: {shown(value)}") from None
    if len(found) * 2 != len(digits):
        raise InvalidParams(f"invalid hex string: {shown(value)}")
    return found


def _fixed(value: Any, width: int, what: str) -> bytes:
    found = data(value)
    if len(found) != width:
        raise InvalidParams(f"hex string has {len(found)} bytes, want {width} for {what}")
    return found


def address(value: Any) -> bytes:
    """Read 20 bytes."""
    return _fixed(value, 20, "an address")


def hash32(value: Any) -> bytes:
    """Read 32 bytes."""
    return _fixed(value, 32, "a hash")


def slot(value: Any) -> int:
    """Read a storage key: a short quantity or padded to at most 32 bytes."""
    digits = _digits(value)
    if len(digits) > 64:
        raise InvalidParams(f"storage key has {len(digits)} digits, want at most 64")
    if not _HEX.issuperset(digits):
        raise InvalidParams(f"invalid hex string: {shown(value)}")
    return int(digits or "0", 16)


def word(value: Any) -> int:
    """Read a 32-byte storage value given as data, as state overrides hold it."""
    return slot(value)


def boolean(value: Any) -> bool:
    """Read a JSON boolean."""
    if not isinstance(value, bool):
        raise InvalidParams(f"want true or false, got {shown(value)}")
    return value


def text(value: Any) -> str:
    """Read a JSON string."""
    if not isinstance(value, str):
        raise InvalidParams(f"want a string, got {shown(value)}")
    return value
