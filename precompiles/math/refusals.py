"""Why the attribution math refuses, and which reason wins.

The order is part of the functions: reference, kernel and the contract twin
(`node/contracts/attribution/AttributionMath.vy`) give the same revert data for an input
with several faults.  The first line that applies wins; each section is done with before
the next begins.  (Functions on trees have their own order: `tree_refusals`.)

The call

    1   it carries value                                    ValueNotAccepted()
    2   fewer than 4 bytes                                  MalformedInput(size)
    3   no function of this selector                        UnknownSelector(selector)

The arguments in their order, by `precompiles.abi`

    4   a word missing, or beyond the type                  MalformedInput(its offset)
    5   an array: its offset missing, or not where the      MalformedInput(where the offset is)
        part before it ends
    6   its length missing                                  MalformedInput(where the length is)
    7   its length above 4096                               TooManyRecipients(length)
    8   the input ends inside it                            MalformedInput(first word not whole)
    9   the input goes on after the last argument           MalformedInput(end of it)

What a function demands of single arguments

    10  apportion: a method that is none                    UnknownMethod(method)
        apportionChunk: totalW of 0                         ZeroWeight()
        capFloor: maxBps above 10000                        BadBps(maxBps)
        softmax: a temperature of 0                         ZeroTemperature()
        decay: a half-life of 0                             ZeroHalfLife()
    11  decay: other many ages than weights                 LengthMismatch(weights, ages)

The elements

    12  an element beyond its type, the first in order      MalformedInput(its offset)
    13  apportion, capFloor: a sum of 2**64 or more         WeightOverflow(sum)
        apportionChunk: startC and the weights above        WeightOverflow(their sum)
        totalW
    14  apportion, capFloor: a sum of 0, or no weights      ZeroWeight()

Lines 2 to 11 look at a bounded number of words, whatever the input's size: such a refusal
costs the minimum gas.  From line 12 on the declared size has been paid for.

A DELEGATECALL sends no value, so the precompile takes it from a frame that was paid, too; the
twin, which is code of that frame then, sees what the frame got, and refuses by line 1.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.abi import WORD, malformed
from byline.precompiles.errors import COMMON_ERRORS, CustomError, InvalidInput

MAX_RECIPIENTS: Final = 4096
"""Bound on the weights of one call; the largest valid input of `apportion` has 131,204
bytes."""

MOST_BPS: Final = 10_000
"""All of it, in basis points."""

WEIGHTS_AT: Final = 132
"""Byte offset of the first weight of `apportion`: selector, method, amount, offset, length."""

TOO_MANY_RECIPIENTS: Final = CustomError("TooManyRecipients(uint256)")
UNKNOWN_METHOD: Final = CustomError("UnknownMethod(uint8)")
WEIGHT_OVERFLOW: Final = CustomError("WeightOverflow(uint256)")
ZERO_WEIGHT: Final = CustomError("ZeroWeight()")
BAD_BPS: Final = CustomError("BadBps(uint256)")
ZERO_TEMPERATURE: Final = CustomError("ZeroTemperature()")
ZERO_HALF_LIFE: Final = CustomError("ZeroHalfLife()")
LENGTH_MISMATCH: Final = CustomError("LengthMismatch(uint256,uint256)")

ERRORS: Final = (
    *COMMON_ERRORS,
    TOO_MANY_RECIPIENTS,
    UNKNOWN_METHOD,
    WEIGHT_OVERFLOW,
    ZERO_WEIGHT,
    BAD_BPS,
    ZERO_TEMPERATURE,
    ZERO_HALF_LIFE,
    LENGTH_MISMATCH,
)


def too_many_recipients(length: int) -> InvalidInput:
    """Line 7."""
    return TOO_MANY_RECIPIENTS.refuse(
        f"{length} elements, and one call takes {MAX_RECIPIENTS}: split the settlement", length
    )


def unknown_method(method: int) -> InvalidInput:
    """Line 10."""
    return UNKNOWN_METHOD.refuse(
        f"method {method}: 0 is cascade, 1 hamilton, 2 webster, 3 dhondt, 4 adams", method
    )


def bad_bps(bps: int) -> InvalidInput:
    """Line 10."""
    return BAD_BPS.refuse(f"{bps} basis points are more than {MOST_BPS}: give a part", bps)


def zero_temperature() -> InvalidInput:
    """Line 10."""
    return ZERO_TEMPERATURE.refuse("a temperature of 0 divides by nothing: give 65536 for 1.0")


def zero_half_life() -> InvalidInput:
    """Line 10."""
    return ZERO_HALF_LIFE.refuse("a half-life of 0 divides by nothing: give at least 1")


def length_mismatch(weights: int, ages: int) -> InvalidInput:
    """Line 11."""
    return LENGTH_MISMATCH.refuse(
        f"{weights} weights and {ages} ages: give each weight its age", weights, ages
    )


def wide_weight(index: int, start: int = WEIGHTS_AT) -> InvalidInput:
    """Line 12, of weights whose first is at byte `start`."""
    return malformed(start + WORD * index, f"weight {index} exceeds uint64: scale it down")


def wide_age(index: int, start: int) -> InvalidInput:
    """Line 12, of ages whose first is at byte `start`."""
    return malformed(start + WORD * index, f"age {index} exceeds uint32: count in longer epochs")


def wide_score(index: int, start: int) -> InvalidInput:
    """Line 12, of scores whose first is at byte `start`."""
    return malformed(start + WORD * index, f"score {index} exceeds int64: scale it down")


def weight_overflow(total: int) -> InvalidInput:
    """Line 13."""
    return WEIGHT_OVERFLOW.refuse(
        f"the weights sum to {total}, above 2**64 - 1: scale them down", total
    )


def beyond_total(reached: int, total: int) -> InvalidInput:
    """Line 13 of a chunk."""
    return WEIGHT_OVERFLOW.refuse(
        f"the chunk reaches {reached}, above the total {total}: give the total of all chunks",
        reached,
    )


def zero_weight() -> InvalidInput:
    """Line 14."""
    return ZERO_WEIGHT.refuse("the weights sum to 0: nobody to pay")
