"""Which functions a contract compiled by Solidity has, as far as its code tells.

Such code begins with a search for the selector: comparisons with each in turn, and for many
functions a tree of them.
"""

from __future__ import annotations

from typing import Final

from byline.node.contracts.assembler import INSTRUCTIONS

_PUSH0: Final = INSTRUCTIONS["PUSH0"]
_PUSH32: Final = _PUSH0 + 32
_ENDS: Final = {INSTRUCTIONS[name] for name in ("JUMP", "STOP", "RETURN", "REVERT", "INVALID")}
_SELECTOR_BYTES: Final = 4


def selectors(code: bytes) -> frozenset[str]:
    """Return the selectors that `code` compares calldata with, in hexadecimal."""
    found: set[str] = set()
    waiting, known = [0], set[int]()
    while waiting:
        start = waiting.pop()
        if start not in known:
            known.add(start)
            waiting += _branch(code, start, found)
    return frozenset(found)


def _branch(code: bytes, at: int, found: set[str]) -> list[int]:
    """Read from `at` to an end; return where else the search goes on."""
    elsewhere: list[int] = []
    pushed: list[bytes] = []
    compared = ""
    while at < len(code) and code[at] not in _ENDS:
        instruction = code[at]
        size = max(instruction - _PUSH0, 0) if instruction <= _PUSH32 else 0
        if _PUSH0 <= instruction <= _PUSH32:
            pushed = [*pushed[-1:], code[at + 1 : at + 1 + size]]
        elif instruction in (INSTRUCTIONS["EQ"], INSTRUCTIONS["GT"], INSTRUCTIONS["ISZERO"]):
            compared = next(name for name, byte in INSTRUCTIONS.items() if byte == instruction)
            if compared == "EQ" and pushed and len(pushed[-1]) <= _SELECTOR_BYTES:
                found.add(pushed[-1].rjust(_SELECTOR_BYTES, b"\0").hex())
        elif instruction == INSTRUCTIONS["JUMPI"]:
            if compared in ("GT", "ISZERO"):
                elsewhere.append(int.from_bytes(pushed[-1], "big"))
            compared = ""
        at += 1 + size
    return elsewhere
