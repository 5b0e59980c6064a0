"""What a function that changes the state is given: its caller, and the caller's storage.

The engine that runs the call makes one.  No other account can be reached through it.
"""

from __future__ import annotations

from typing import Protocol


class Frame(Protocol):
    """One call of such a function, good for as long as that lasts."""

    @property
    def data(self) -> bytes:
        """The input."""

    @property
    def caller(self) -> bytes:
        """The 20-byte address whose storage `load` and `store` work on."""

    @property
    def is_static(self) -> bool:
        """Whether the call may not change anything (EIP-214)."""

    @property
    def is_delegated(self) -> bool:
        """Whether it came by DELEGATECALL or CALLCODE, so that the code is borrowed."""

    def load(self, slot: bytes) -> int:
        """Return the word at the 32-byte `slot` for the price of SLOAD (EIP-2929).

        What it raises for want of gas must not be caught.
        """

    def store(self, slot: bytes, value: int) -> None:
        """Write `value`, below 2**256, for the price of SSTORE (EIP-2200, 2929, 3529).

        What it raises for want of gas must not be caught.
        """
