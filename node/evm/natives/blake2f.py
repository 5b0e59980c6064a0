"""BLAKE2F (address 9): rounds of the compression function of BLAKE2b, a gas each.

Source: EIP-152.  213 bytes in: rounds (4, big-endian), state (64), block (128), counter (16)
and whether the block is the last (1).  The new state comes out.
"""

from __future__ import annotations

from typing import Final

from blake2b import decode_and_compress

from byline.node.evm.natives.native import Failed, Native

_LENGTH: Final = 213
_ROUNDS: Final = 4


def gas(data: bytes) -> int:
    """Return the number of rounds; 0 for an input of another length, which fails later."""
    return int.from_bytes(data[:_ROUNDS], "big") if len(data) == _LENGTH else 0


def run(data: bytes) -> bytes:
    """Return the 64 bytes of the new state; raises `Failed` for what EIP-152 forbids."""
    if len(data) != _LENGTH:
        raise Failed(f"BLAKE2F: input of {len(data)} bytes, want {_LENGTH}")
    if data[-1] > 1:
        raise Failed(f"BLAKE2F: the last byte is {data[-1]}, want 0 or 1")
    state: bytes = decode_and_compress(data)
    return state


BLAKE2F: Final = Native("BLAKE2F", gas, run)
