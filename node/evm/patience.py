"""How long a call may take: gas bounds what a block costs, but not what a question may.

50,000,000 gas of the cheapest opcodes take py-evm ten seconds, and of the dearest native
functions many minutes.  A block has to be executed whatever it takes; an `eth_call` has not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final


class OutOfTime(Exception):
    """A call was given up; nothing can be said about its outcome."""


class Patience:
    """Ends with a deadline, or at once when `stopping` says so.

    `seconds` count from the construction; 0 is without end.
    """

    def __init__(
        self,
        seconds: float,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds: Final = seconds
        self._stopping: Final = stopping
        self._clock: Final = clock
        self._deadline: Final = clock() + seconds if seconds else math.inf

    def check(self) -> None:
        """Raise `OutOfTime` when it has ended; called for every opcode."""
        if self._clock() > self._deadline:
            raise OutOfTime(
                f"execution aborted (timeout = {self._seconds:g}s): ask for less gas, or start "
                "the node with a longer --call-timeout"
            )
        if self._stopping():
            raise OutOfTime("execution aborted: the node is stopping")


ENDLESS: Final = Patience(0)
"""Never ends."""


class TooLong(Exception):
    """A call takes more than a moment: it belongs where nobody waits for it."""


class _Moment(Patience):
    """Ends at the first look at the clock, wherever that comes."""

    def check(self) -> None:
        """Raise `TooLong`."""
        raise TooLong


MOMENT: Final = _Moment(0)
"""For some 20,000 steps of the fast engine, and no step of the reference.

Native functions count by their price before they run, reads of state by some steps each.
"""
