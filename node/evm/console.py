"""What contracts write for their developer: calls to an address that holds no code.

Solidity's `console.log` (Hardhat's `console.sol`, forge-std's) is a call whose data name a
function by its selector.  To the chain such a call is one to an empty account, so engines
remember its data beside what they do, also for frames that fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONSOLE: Final = bytes.fromhex("000000000000000000636f6e736f6c652e6c6f67")
"""Where they call: "console.log" in ASCII."""
MOST_CALLS: Final = 1_000
"""Calls of one run that are remembered; a call costs 100 gas, whatever its data."""
MOST_BYTES: Final = 1_000_000
"""Bytes of their data together."""


@dataclass(frozen=True, slots=True)
class ConsoleCalls:
    """What a run wrote, in order."""

    data: tuple[bytes, ...]
    """Call data, selectors included."""
    dropped: int
    """Calls beyond the bounds."""


class ConsoleRecorder:
    """Remembers the console calls of one run, within bounds."""

    __slots__ = ("_data", "_dropped", "_room")

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._dropped = 0
        self._room = MOST_BYTES

    def note(self, data: bytes) -> None:
        """Remember a call."""
        if len(self._data) >= MOST_CALLS or len(data) > self._room:
            self._dropped += 1
            return
        self._data.append(data)
        self._room -= len(data)

    def taken(self) -> ConsoleCalls:
        """Return what was remembered."""
        return ConsoleCalls(tuple(self._data), self._dropped)
