"""The reference: what apportionment means, written to be read.

An amount A is divided among recipients with the weights w_i, whose sum is W.  All of A is
paid, and a weight of 0 earns 0.  The methods differ in who gets the wei that rounding leaves
over.  By the first two no share is a wei or more away from A*w_i/W.

**cascade** pays recipient i the difference of two floors,

    floor(A * (w_1 + ... + w_i) / W) - floor(A * (w_1 + ... + w_(i-1)) / W)

so the sum telescopes to A.  Linear time.  Which recipient gets an odd wei depends on the
order, so callers fix one (contracts: ascending addresses).  An entry split into neighbours
earns exactly what it earned whole, and a list divided in chunks, each told what the ones
before have reached, earns exactly what it earns at once.

**hamilton** (largest remainders; Hamilton 1792, Hare-Niemeyer) pays everyone
floor(A*w_i/W), then one more to those with the largest remainders A*w_i mod W until A is
used up; equal remainders go by the lower index.  Independent of order up to such ties.
The wei left over are fewer than the non-zero remainders, so no zero weight is ever served.

The **divisor methods** (Balinski and Young, Fair Representation, 1982) give A wei one after
the other.  The next one goes to the largest w_i / d(s_i), where s_i is what recipient i has
by then, and equal ones go by the lower index:

    webster   d(s) = 2s + 1    favours neither heavy nor light (Sainte-Lague)
    dhondt    d(s) = s + 1     favours the heavy: no share is below floor(A*w_i/W) (Jefferson)
    adams     d(s) = s         favours the light: no share is above ceil(A*w_i/W)

With d(0) = 0 adams serves everyone of positive weight before anyone gets a second wei.  Where
there are fewer wei than such recipients, the heaviest get one each; equal weights go by the
lower index.  One wei more never takes one from anybody: all three are house-monotone.

Nobody counts to A, for the first wei are known.  Any bar b gives recipient i the wei whose
w_i / d(s) is at least b, in closed form, and whoever has the wei above a bar has what the
method gives first.  The bar is set where it gives A - reserve, were there no rounding.
Rounding moves each share by at most 1 (adams, up), 1/2 (webster, either way) or 1 (dhondt,
down), so a reserve of n, n/2 or 0 makes sure that no more than A is given, and that at most
n wei remain to be given one after the other.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from byline.precompiles.abi import WORD
from byline.precompiles.math.call import ADAMS, CASCADE, DHONDT, HAMILTON
from byline.precompiles.math.refusals import (
    WEIGHTS_AT,
    beyond_total,
    weight_overflow,
    wide_weight,
    zero_weight,
)


def divide(method: int, amount: int, words: bytes, start: int = WEIGHTS_AT) -> bytes:
    """Divide `amount` by the weights in `words`, both as 32-byte big-endian words.

    `method` is one of `call.METHODS`, `amount` below 2**128.  Raises refusals 12 to 14 of
    `refusals`, for an input that has the first weight at byte `start`.
    """
    weights = read_weights(words, start)
    return to_words(shares(method, amount, weights))


def divide_chunk(
    amount: int, total: int, reached: int, words: bytes, start: int
) -> tuple[bytes, int]:
    """Divide what a cascade of `amount` by `total` gives the weights in `words`.

    `reached` is the sum of the weights before them.  Returns the shares as words, and what
    is reached with them.  Raises refusals 12 and 13 of `refusals`.
    """
    weights = read_widths(words, start)
    end = reached + sum(weights)
    if end > total:
        raise beyond_total(end, total)
    return to_words(cascade(amount, weights, total, reached)), end


def read_weights(words: bytes, start: int = WEIGHTS_AT) -> list[int]:
    """Read the weights, and refuse those that cannot be summed or do not pay anyone."""
    weights = read_widths(words, start)
    total = sum(weights)
    if total >= 2**64:
        raise weight_overflow(total)
    if total == 0:
        raise zero_weight()
    return weights


def read_widths(words: bytes, start: int) -> list[int]:
    """Read the weights, and refuse one above uint64."""
    weights = [int.from_bytes(words[at : at + WORD], "big") for at in range(0, len(words), WORD)]
    for index, weight in enumerate(weights):
        if weight >= 2**64:
            raise wide_weight(index, start)
    return weights


def to_words(values: Sequence[int]) -> bytes:
    """Return `values` as 32-byte big-endian words."""
    return b"".join(value.to_bytes(WORD, "big") for value in values)


def shares(method: int, amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares by `method`, in the order of `weights`, whose sum is positive."""
    if method == CASCADE:
        return cascade(amount, weights, sum(weights))
    if method == HAMILTON:
        return hamilton(amount, weights)
    return by_divisor(method, amount, weights)


def cascade(amount: int, weights: Sequence[int], total: int, reached: int = 0) -> list[int]:
    """Return the shares of the cascade, in the order of `weights`.

    `reached` is the sum of weights before them, out of `total`.
    """
    found = []
    paid = amount * reached // total
    for weight in weights:
        reached += weight
        due = amount * reached // total
        found.append(due - paid)
        paid = due
    return found


def hamilton(amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares by largest remainders, in the order of `weights`."""
    total = sum(weights)
    found = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    left = amount - sum(found)
    ranked = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in ranked[:left]:
        found[index] += 1
    return found


class Turn(NamedTuple):
    """When a recipient's next wei is due; the smallest goes first."""

    divided: Fraction
    """d(s) / w: the smaller, the larger is w / d(s)."""
    lightness: int
    """Tells first wei of adams apart, which all have a divisor of 0; 0 elsewhere."""
    place: int


def by_divisor(method: int, amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares by a divisor method, in the order of `weights`."""
    found = first_shares(method, amount, weights)

    def turn(index: int) -> Turn:
        divisor = divisor_of(method, found[index])
        weight = weights[index]
        return Turn(Fraction(divisor, weight), -weight if divisor == 0 else 0, index)

    turns = [turn(index) for index, weight in enumerate(weights) if weight]
    heapq.heapify(turns)
    for _ in range(amount - sum(found)):
        index = turns[0].place
        found[index] += 1
        heapq.heapreplace(turns, turn(index))
    return found


def divisor_of(method: int, share: int) -> int:
    """Return d(share), by which a weight is divided for the next wei."""
    if method == ADAMS:
        return share
    return share + 1 if method == DHONDT else 2 * share + 1


def first_shares(method: int, amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares above the bar: at most `amount`, and less by at most their number."""
    total = sum(weights)
    count = len(weights)
    if method == DHONDT:
        return [amount * weight // total for weight in weights]
    if method == ADAMS:
        sure = max(0, amount - count)
        return [-(-sure * weight // total) for weight in weights]
    sure = max(0, amount - (count + 1) // 2)
    return [(2 * sure * weight + total) // (2 * total) for weight in weights]
