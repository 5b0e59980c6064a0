"""The reference: what apportionment means, written to be read.

An amount A is divided among recipients with the weights w_i, whose sum is W.  All of A is
paid, no share is a wei or more away from A*w_i/W, and a weight of 0 earns 0.  The two
methods differ in who gets the wei that rounding leaves over.

**cascade** pays recipient i the difference of two floors,

    floor(A * (w_1 + ... + w_i) / W) - floor(A * (w_1 + ... + w_(i-1)) / W)

so the sum telescopes to A.  Linear time.  Which recipient gets an odd wei depends on the
order, so callers fix one (contracts: ascending addresses).  An entry split into neighbours
earns exactly what it earned whole.

**hamilton** (largest remainders; Hamilton 1792, Hare-Niemeyer) pays everyone
floor(A*w_i/W), then one more to those with the largest remainders A*w_i mod W until A is
used up; equal remainders go by the lower index.  Independent of order up to such ties.
The wei left over are fewer than the non-zero remainders, so no zero weight is ever served.
"""

from __future__ import annotations

from collections.abc import Sequence

from byline.precompiles.abi import WORD
from byline.precompiles.math.call import CASCADE
from byline.precompiles.math.refusals import weight_overflow, wide_weight, zero_weight


def divide(method: int, amount: int, words: bytes) -> bytes:
    """Divide `amount` by the weights in `words`, both as 32-byte big-endian words.

    `method` is 0 (cascade) or 1 (hamilton), `amount` below 2**128.  Raises refusals
    12 to 14 of `refusals`.
    """
    weights = read_weights(words)
    shares = cascade(amount, weights) if method == CASCADE else hamilton(amount, weights)
    return b"".join(share.to_bytes(WORD, "big") for share in shares)


def read_weights(words: bytes) -> list[int]:
    """Read the weights, and refuse those that cannot be summed or do not pay anyone."""
    weights = [int.from_bytes(words[at : at + WORD], "big") for at in range(0, len(words), WORD)]
    for index, weight in enumerate(weights):
        if weight >= 2**64:
            raise wide_weight(index)
    total = sum(weights)
    if total >= 2**64:
        raise weight_overflow(total)
    if total == 0:
        raise zero_weight()
    return weights


def cascade(amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares of the cascade, in the order of `weights`."""
    total = sum(weights)
    shares = []
    reached = 0
    paid = 0
    for weight in weights:
        reached += weight
        due = amount * reached // total
        shares.append(due - paid)
        paid = due
    return shares


def hamilton(amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares by largest remainders, in the order of `weights`."""
    total = sum(weights)
    shares = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    left = amount - sum(shares)
    ranked = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in ranked[:left]:
        shares[index] += 1
    return shares
