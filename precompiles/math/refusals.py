"""Why the attribution math refuses, and which reason wins.

The order is part of the function: reference, kernel and the contract twin
(`node/contracts/attribution/AttributionMath.vy`) give the same revert data for an input
with several faults.  The first line that applies wins.

    1   the call carries value                              ValueNotAccepted()
    2   fewer than 4 bytes                                  MalformedInput(size)
    3   no function of this selector                        UnknownSelector(selector)
    4   method:  word missing, or above uint8               MalformedInput(4)
    5   amount:  word missing, or above uint128             MalformedInput(36)
    6   weights: offset missing, or not 96                  MalformedInput(68)
    7   weights: length missing                             MalformedInput(100)
    8   length above 4096                                   TooManyRecipients(length)
    9   the input ends before the last weight               MalformedInput(first word not whole)
    10  the input goes on after the last weight             MalformedInput(end of the weights)
    11  method neither 0 nor 1                              UnknownMethod(method)
    12  a weight above uint64, the first in order           MalformedInput(its offset)
    13  the weights sum to 2**64 or more                    WeightOverflow(sum)
    14  the weights sum to 0, or there are none             ZeroWeight()

Lines 2 to 11 look at a bounded number of words, whatever the input's size: such a refusal
costs the minimum gas.  From line 12 on the declared size has been paid for.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.abi import WORD, malformed
from byline.precompiles.errors import (
    MALFORMED_INPUT,
    UNKNOWN_SELECTOR,
    VALUE_NOT_ACCEPTED,
    CustomError,
    InvalidInput,
)

MAX_RECIPIENTS: Final = 4096
"""Bound on the weights of one call; the largest valid input has 131,204 bytes."""

WEIGHTS_AT: Final = 132
"""Byte offset of the first weight: selector, method, amount, offset, length."""

TOO_MANY_RECIPIENTS: Final = CustomError("TooManyRecipients(uint256)")
UNKNOWN_METHOD: Final = CustomError("UnknownMethod(uint8)")
WEIGHT_OVERFLOW: Final = CustomError("WeightOverflow(uint256)")
ZERO_WEIGHT: Final = CustomError("ZeroWeight()")

ERRORS: Final = (
    VALUE_NOT_ACCEPTED,
    MALFORMED_INPUT,
    UNKNOWN_SELECTOR,
    TOO_MANY_RECIPIENTS,
    UNKNOWN_METHOD,
    WEIGHT_OVERFLOW,
    ZERO_WEIGHT,
)


def too_many_recipients(length: int) -> InvalidInput:
    """Line 8."""
    return TOO_MANY_RECIPIENTS.refuse(
        f"{length} weights, and one call takes {MAX_RECIPIENTS}: split the settlement", length
    )


def unknown_method(method: int) -> InvalidInput:
    """Line 11."""
    return UNKNOWN_METHOD.refuse(f"method {method}: 0 is cascade, 1 is hamilton", method)


def wide_weight(index: int) -> InvalidInput:
    """Line 12."""
    return malformed(WEIGHTS_AT + WORD * index, f"weight {index} exceeds uint64: scale it down")


def weight_overflow(total: int) -> InvalidInput:
    """Line 13."""
    return WEIGHT_OVERFLOW.refuse(
        f"the weights sum to {total}, above 2**64 - 1: scale them down", total
    )


def zero_weight() -> InvalidInput:
    """Line 14."""
    return ZERO_WEIGHT.refuse("the weights sum to 0: nobody to pay")
