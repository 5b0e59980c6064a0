"""What py-evm's exceptional halts are called."""

from __future__ import annotations

from typing import Final

from eth.exceptions import OutOfGas, VMError

_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("InvalidInstruction", "invalid opcode"),
    ("InvalidJumpDestination", "invalid jump destination"),
    ("InsufficientStack", "stack underflow"),
    ("FullStack", "stack limit reached 1024"),
    ("WriteProtection", "write protection"),
    ("InsufficientFunds", "insufficient balance for transfer"),
    ("StackDepthLimit", "max call depth exceeded"),
    ("OutOfBoundsRead", "return data out of bounds"),
)


def words_of(error: VMError) -> str:
    """Name an exceptional halt as geth does; clients match on these words."""
    if isinstance(error, OutOfGas):
        return "out of gas"
    for name, words in _NAMES:
        if type(error).__name__ == name:
            return words
    return str(error) or type(error).__name__
