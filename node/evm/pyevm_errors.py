"""What py-evm's exceptional halts are called."""

from __future__ import annotations

from typing import Final

from eth.exceptions import InvalidInstruction, OutOfGas, VMError

_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("InvalidInstruction", "invalid opcode"),
    ("InvalidJumpDestination", "invalid jump destination"),
    ("InsufficientStack", "stack underflow"),
    ("FullStack", "stack limit reached 1024"),
    ("WriteProtection", "write protection"),
    ("InsufficientFunds", "insufficient balance for transfer"),
    ("StackDepthLimit", "max call depth exceeded"),
    ("OutOfBoundsRead", "return data out of bounds"),
    ("ReservedBytesInCode", "invalid code: must not begin with 0xef"),
)

_INTO_DATA: Final = "Jump resulted in invalid instruction"
"""py-evm's text for a jump to a JUMPDEST that is data of a PUSH."""


def words_of(error: VMError) -> str:
    """Name an exceptional halt as geth does; clients match on these words."""
    if isinstance(error, OutOfGas):
        return "out of gas"
    if isinstance(error, InvalidInstruction) and _INTO_DATA in str(error):
        return "invalid jump destination"
    for name, words in _NAMES:
        if type(error).__name__ == name:
            return words
    return str(error) or type(error).__name__
