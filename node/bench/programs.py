"""The contracts that the bench runs: the same bytes on every engine and every peer.

Each program takes a word n, goes n times round its loop, and returns a word that depends on
all of them, so that two who agree on it have done the same work.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from byline.node.contracts.assembler import assemble
from byline.node.contracts.calls import Interface

_FRAME: Final = """
        {start}
        0 CALLDATALOAD
loop:   DUP1 ISZERO @done JUMPI
        {body}
        1 SWAP1 SUB @loop JUMP
done:   {end}
        0 MSTORE 32 0 RETURN
"""
"""The count stands on top of the stack wherever the body begins and ends."""


def _program(body: str, *, start: str = "", end: str = "") -> bytes:
    return assemble(_FRAME.format(body=body, start=start, end=end)).code


_KEEP_SUM: Final = "SWAP1 SWAP2 ADD SWAP1"
"""Adds the top of the stack, above the count, to the sum below it."""

PROGRAMS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "arithmetic": _program(
            "SWAP1 1103515245 MUL 12345 ADD DUP1 DUP4 XOR SWAP3 POP SWAP1",
            start="7 1",
            end="POP POP",
        ),
        "keccak": _program("32 0 KECCAK256 0 MSTORE", end="POP 0 MLOAD"),
        "memory": _program(
            "DUP1 5 SHL 0xffe0 AND DUP1 MLOAD DUP3 ADD SWAP1 MSTORE",
            # Touches the last word first, so that every round costs the same.
            start="0 0xffe0 MSTORE",
            end="POP 0x10000 0 KECCAK256",
        ),
        "storage": _program(
            "DUP1 DUP1 SSTORE DUP1 SLOAD "
            f"DUP2 0x100000000000000000000000000000000 ADD SLOAD ADD {_KEEP_SUM}",
            start="0",
            end="POP",
        ),
        "calls": _program(f"0 0 0 0 ADDRESS GAS STATICCALL {_KEEP_SUM}", start="0", end="POP"),
    }
)
"""Runtime codes by name.  `storage` writes a new slot a round and reads it and an empty one;
`calls` calls itself with no input."""

_LOGGING: Final = "DUP1 0 MSTORE DUP1 32 0 LOG1"


def logging_code() -> bytes:
    """Return runtime code that emits a log a round, of one topic and one word."""
    return _program(_LOGGING, end="POP 0")


TOKEN: Final = Interface.of("WETH")
"""An ERC-20 whose tokens come from `deposit`."""


def rounds_input(rounds: int) -> bytes:
    """Return the calldata of a program."""
    return rounds.to_bytes(32, "big")
