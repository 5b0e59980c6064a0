"""The reference of payments with a floor and a cap: nobody gets less than pays a transfer.

An amount A is divided by weights among those who remain; each gets nothing, or at least
`min_pay` and at most cap = floor(A * max_bps / 10000).  What nobody may have is the carry,
for the next division, so the amounts and the carry sum to A.  One rule, in two steps:

1.  The floor.  While the lightest who remains (of equal ones the last) would get less than
    min_pay, A * w < min_pay * (sum of the weights that remain), it is left out, and what it
    would have got is divided among the others.  Its weight is for the caller to keep: whoever
    splits up below the floor is left out, and gains nothing.
2.  The cap.  While the heaviest not yet capped would get more than cap of what is left, left *
    w > cap * (sum of the weights not yet capped), it gets cap and no more.  Equal weights are
    capped together: capping one leaves the others with no less.

The others share what is left by cascade, in the order of the weights.  Their shares are not
below the floor, since step 2 only gives them more, nor above the cap, since it has stopped;
both bounds are whole numbers, so rounding passes neither.  Where all are capped the rest is
carried; where the cap is below the floor, all of it.
"""

from __future__ import annotations

from byline.precompiles.math._core_py import cascade, read_weights, to_words
from byline.precompiles.math.refusals import MOST_BPS


def cap_floor(
    amount: int, words: bytes, min_pay: int, max_bps: int, start: int
) -> tuple[bytes, int]:
    """Divide `amount` by the weights in `words`, with a floor and a cap.

    Returns the amounts as words, and the carry.  `amount` and `min_pay` are below 2**128,
    `max_bps` at most 10000.  Raises refusals 12 to 14 of `refusals`, for an input that has
    the first weight at byte `start`.
    """
    weights = read_weights(words, start)
    cap = amount * max_bps // MOST_BPS
    found = [0] * len(weights)
    if cap < min_pay:
        return to_words(found), amount
    lightest_first = remaining(amount, weights, min_pay)
    together = sum(weights[index] for index in lightest_first)
    left = amount
    while lightest_first and left * weights[lightest_first[-1]] > cap * together:
        index = lightest_first.pop()
        together -= weights[index]
        left -= cap
        found[index] = cap
    if together:
        uncapped = sorted(lightest_first)
        shared = cascade(left, [weights[index] for index in uncapped], together)
        for index, share in zip(uncapped, shared, strict=True):
            found[index] = share
        left = 0
    return to_words(found), left


def remaining(amount: int, weights: list[int], min_pay: int) -> list[int]:
    """Return who gets at least `min_pay`, the lightest first, of equal ones the last."""
    lightest_first = sorted(range(len(weights)), key=lambda index: (weights[index], -index))
    together = sum(weights)
    for place, index in enumerate(lightest_first):
        if amount * weights[index] >= min_pay * together:
            return lightest_first[place:]
        together -= weights[index]
    return []
