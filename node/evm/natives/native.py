"""What an engine needs to know of a contract that the node itself runs.

Every engine calls it alike: the gas first, from the input alone, then the function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byline.precompiles.state.frame import Frame


class Failed(Exception):
    """The call fails as an exceptional halt does: all of its gas is used up."""


class OutOfGas(Failed):
    """The gas left does not pay for a word of storage."""


class Reverted(Exception):
    """The call ends as REVERT does: with data, and only the gas charged so far is used."""

    data: bytes

    def __init__(self, data: bytes) -> None:
        super().__init__(f"reverted with {len(data)} bytes")
        self.data = data


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A function of the chain: bytes in, bytes out, priced by its input."""

    name: str
    gas: Callable[[bytes], int]
    """Gas for an input; charged before `run`.  Raises `Failed` for an input that no gas
    would be enough for."""
    run: Callable[[bytes], bytes]
    """The output for an input.  Raises `Failed` or `Reverted`; nothing else may escape."""
    value_refused: bytes | None = None
    """Revert data for a call that sends value along; `None` where the value is taken."""
    change: Callable[[Frame], bytes] | None = None
    """Called in place of `run` by a function that works on its caller's storage: words cost
    what SLOAD and SSTORE do, and are undone with the call.  Raises what `run` may, and lets
    through what the frame raises."""
