"""What a precompile may raise, and the revert data that callers on chain see.

A precompile refuses input the way a contract does: with a Solidity custom error.  The
errors that any precompile may give are here; those of one precompile are beside it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak


@functools.cache
def selector(signature: str) -> bytes:
    """Return the first four bytes of the hash of a signature; a refusal is not to wait for it."""
    return keccak(signature.encode())[:4]


@dataclass(frozen=True, slots=True)
class CustomError:
    """A Solidity custom error, as `Name(type,...)` without spaces or names."""

    signature: str

    @property
    def selector(self) -> bytes:
        """The first four bytes of the hash of the signature."""
        return selector(self.signature)

    def revert_data(self, *arguments: int | bytes) -> bytes:
        """Encode the error: integers as left-padded words, bytes as right-padded ones."""
        words = (
            argument.to_bytes(32, "big")
            if isinstance(argument, int)
            else argument.ljust(32, b"\0")
            for argument in arguments
        )
        return self.selector + b"".join(words)

    def refuse(self, message: str, *arguments: int | bytes) -> InvalidInput:
        """Return the exception to raise: `message` for people, the error for contracts."""
        return InvalidInput(f"{message} [{self.signature}]", self.revert_data(*arguments))


class InvalidInput(ValueError):
    """The caller's bytes are refused: the call reverts with `revert_data`.

    Only the gas charged so far is used, as for a REVERT of a contract.
    """

    revert_data: bytes
    """The selector of a custom error and its arguments, ABI-encoded."""

    def __init__(self, message: str, revert_data: bytes) -> None:
        super().__init__(message)
        self.revert_data = revert_data


VALUE_NOT_ACCEPTED: Final = CustomError("ValueNotAccepted()")
"""The call carries value, and nothing behind the address could ever pay it out again."""

UNKNOWN_SELECTOR: Final = CustomError("UnknownSelector(bytes4)")
"""No function of the precompile has this selector."""

MALFORMED_INPUT: Final = CustomError("MalformedInput(uint256)")
"""The input is not the canonical ABI encoding; the argument is the byte offset of the
first word at fault, counted from the start of the input, selector included."""

COMMON_ERRORS: Final = (VALUE_NOT_ACCEPTED, MALFORMED_INPUT, UNKNOWN_SELECTOR)
"""What every precompile with functions may refuse with."""
