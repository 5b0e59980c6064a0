"""Contracts of a few opcodes that do what traces show: calls of all kinds, and their ends."""

from __future__ import annotations

from typing import Final

from eth_abi.abi import encode

from byline.derivation.hashing import keccak256

IDENTITY: Final = (4).to_bytes(20, "big")
PAIRING: Final = (8).to_bytes(20, "big")
STOP: Final = b"\x00"
INVALID: Final = b"\xfe"
ADD: Final = b"\x01"
CREATE: Final = b"\xf0"
CREATE2: Final = b"\xf5"
CALL, CALLCODE, DELEGATECALL, STATICCALL = 0xF1, 0xF2, 0xF4, 0xFA
POP: Final = b"\x50"


def push(value: int | bytes) -> bytes:
    """Push a number, or bytes as they are."""
    data = value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8)
    return bytes([0x5F + len(data)]) + data


def store(data: bytes, at: int = 0) -> bytes:
    """Put bytes into memory."""
    code = b""
    for offset in range(0, len(data), 32):
        word = data[offset : offset + 32].ljust(32, b"\0")
        code += push(word) + push(at + offset) + b"\x52"
    return code


def call(
    op: int, to: bytes, *, value: int = 0, data: bytes = b"", gas: int | None = None, out: int = 0
) -> bytes:
    """Call, and drop the result."""
    valued = push(value) if op in (CALL, CALLCODE) else b""
    given = b"\x5a" if gas is None else push(gas)
    sizes = push(out) + push(0) + push(len(data)) + push(0)
    return store(data) + sizes + valued + push(to) + given + bytes([op]) + POP


def create(init: bytes, *, value: int = 0, salt: int | None = None) -> bytes:
    """Create a contract, and drop its address."""
    head = b"" if salt is None else push(salt)
    op = CREATE if salt is None else CREATE2
    return store(init) + head + push(len(init)) + push(0) + push(value) + op + POP


def log(topics: int, data: bytes = b"") -> bytes:
    """Log bytes with topics that count down from their number."""
    tops = b"".join(push(number) for number in range(1, topics + 1))
    return store(data) + tops + push(len(data)) + push(0) + bytes([0xA0 + topics])


def sstore(slot: int, value: int) -> bytes:
    """Write a slot."""
    return push(value) + push(slot) + b"\x55"


def sload(slot: int) -> bytes:
    """Read a slot, and drop it."""
    return push(slot) + b"\x54" + POP


def returns(data: bytes) -> bytes:
    """Return bytes."""
    return store(data) + push(len(data)) + push(0) + b"\xf3"


def reverts(data: bytes = b"") -> bytes:
    """Revert with bytes."""
    return store(data) + push(len(data)) + push(0) + b"\xfd"


def destroys(heir: bytes) -> bytes:
    """Self-destruct."""
    return push(heir) + b"\xff"


def deploys(code: bytes) -> bytes:
    """Return init code that deploys `code`, of any length."""
    size = push(len(code).to_bytes(2))
    start = 3 + 2 + 1 + 1 + 3 + 1 + 1
    copy = size + push(bytes([start])) + b"\x5f\x39" + size + b"\x5f\xf3"
    return copy + code


def reason(words: str) -> bytes:
    """Return what Solidity reverts with."""
    return keccak256(b"Error(string)")[:4] + encode(["string"], [words])


def panic(code: int) -> bytes:
    """Return what Solidity panics with."""
    return keccak256(b"Panic(uint256)")[:4] + encode(["uint256"], [code])
