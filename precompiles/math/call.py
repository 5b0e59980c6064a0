"""The input of `apportion`: read as far as its shape, before any loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.precompiles.abi import SELECTOR, WORD, array_length, end_of_array, uint
from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    WEIGHTS_AT,
    too_many_recipients,
    unknown_method,
)

CASCADE: Final = 0
HAMILTON: Final = 1
METHODS: Final = {"cascade": CASCADE, "hamilton": HAMILTON}
"""Methods by name, as models choose them."""


@dataclass(frozen=True, slots=True)
class ApportionCall:
    """What `apportion` was asked; the weights are still words, unread."""

    method: int
    """`CASCADE` or `HAMILTON`."""
    amount: int
    """What is divided, below 2**128 (wei)."""
    words: bytes
    """The weights, 32 bytes each, at most `MAX_RECIPIENTS`."""

    @property
    def count(self) -> int:
        """Number of recipients."""
        return len(self.words) // WORD


def read_call(data: bytes) -> ApportionCall:
    """Read the whole input of `apportion`; refusals 4 to 11 of `refusals`."""
    method = uint(data, SELECTOR, 8)
    amount = uint(data, SELECTOR + WORD, 128)
    start = WEIGHTS_AT - WORD
    count = array_length(data, SELECTOR + 2 * WORD, start)
    if count > MAX_RECIPIENTS:
        raise too_many_recipients(count)
    end_of_array(data, start, count)
    if method not in METHODS.values():
        raise unknown_method(method)
    return ApportionCall(method, amount, data[WEIGHTS_AT:])
