# pragma version 0.4.3
"""
@title _bounds
@notice Payments with a floor and a cap for the twin of the attribution math, one at a time.
@dev The reference is precompiles/math/_bounds_py.py: it leaves out the lightest one by one, and
     caps the heaviest one by one.  Whether it gets as far as a weight only depends on the sum
     of the heavier ones, and the answer changes once between light and heavy; so both ends are
     found by halving, among the weights that do occur.
"""

from . import _apportion as apportion

MAX_RECIPIENTS: constant(uint256) = 4096
MOST_BPS: constant(uint256) = 10_000


struct Bounds:
    # Who is lighter than `floor_` is left out, and of those who weigh the same the first
    # `ties` remain.
    floor_: uint256
    ties: uint256
    # Who weighs `ceiling` or more, and remains, gets `cap`.
    ceiling: uint256
    cap: uint256
    # The others divide `left` by the sum of their weights.
    left: uint256
    total: uint256
    carry: uint256


struct Heavier:
    # The lightest weight not below a bound, how many weigh as much, and the heavier ones.
    weight: uint256
    alike: uint256
    heavier: uint256
    heavier_sum: uint256
    # What the heaviest below the bound weighs, and 1 more.
    below: uint256


@internal
@view
def bounds(
    amount: uint256, weights: apportion.Weights, min_pay: uint256, max_bps: uint256
) -> Bounds:
    """
    @notice Find who remains and who is capped, for weights whose total is checked.
    """
    found: Bounds = Bounds(
        floor_=max_value(uint256),
        ties=0,
        ceiling=max_value(uint256),
        cap=unsafe_div(unsafe_mul(amount, max_bps), MOST_BPS),
        left=amount,
        total=weights.total,
        carry=amount,
    )
    if found.cap < min_pay:
        return found
    if min_pay == 0:
        found.floor_ = 0
        found.ties = weights.count
        found.carry = 0
    else:
        found = self._floor(found, weights, min_pay)
    if found.carry == 0 and found.cap < amount:
        found = self._ceiling(found, weights)
    return found


@internal
@pure
def share(
    found: Bounds, weight: uint256, reached: uint256, ties: uint256
) -> (uint256, uint256, uint256):
    """
    @notice Return the amount of the next recipient, the weights reached, and the ties left.
    """
    left: uint256 = ties
    if weight < found.floor_:
        return 0, reached, left
    if weight == found.floor_:
        if left == 0:
            return 0, reached, left
        left = unsafe_sub(left, 1)
    if weight >= found.ceiling:
        return found.cap, reached, left
    if weight == 0:
        return 0, reached, left
    next_: uint256 = unsafe_add(reached, weight)
    due: uint256 = unsafe_div(unsafe_mul(found.left, next_), found.total)
    paid: uint256 = unsafe_div(unsafe_mul(found.left, reached), found.total)
    return unsafe_sub(due, paid), next_, left


@internal
@view
def _floor(bounds: Bounds, weights: apportion.Weights, min_pay: uint256) -> Bounds:
    """
    @notice Find who remains: a weight w of which one would get `min_pay` beside the heavier.
    @dev All up to `low` are left out, and all from `high` on remain.
    """
    found: Bounds = bounds
    low: uint256 = 0
    high: uint256 = 2**64
    for _: uint256 in range(66):
        if unsafe_sub(high, low) <= 1:
            break
        middle: uint256 = unsafe_add(low, high) >> 1
        seen: Heavier = self._heavier(weights, middle)
        if seen.weight < high:
            earned: uint256 = unsafe_mul(found.left, seen.weight)
            if earned < unsafe_mul(min_pay, unsafe_add(seen.heavier_sum, seen.weight)):
                low = seen.weight
                continue
            room: uint256 = unsafe_sub(earned, unsafe_mul(min_pay, seen.heavier_sum))
            found.floor_ = seen.weight
            found.ties = min(seen.alike, unsafe_div(room, unsafe_mul(min_pay, seen.weight)))
            found.total = unsafe_add(
                seen.heavier_sum, unsafe_mul(found.ties, seen.weight)
            )
            found.carry = 0
        high = seen.below
    return found


@internal
@view
def _ceiling(bounds: Bounds, weights: apportion.Weights) -> Bounds:
    """
    @notice Find who is capped, of those who remain: a weight that would get more than the cap
            of what the heavier, at their cap, leave.
    @dev None up to `low` is capped, and all from `high` on are.
    """
    found: Bounds = bounds
    amount: uint256 = bounds.left
    total: uint256 = bounds.total
    low: uint256 = 0
    if bounds.floor_ != 0:
        low = unsafe_sub(bounds.floor_, 1)
    high: uint256 = 2**64
    for _: uint256 in range(66):
        if unsafe_sub(high, low) <= 1:
            break
        middle: uint256 = unsafe_add(low, high) >> 1
        seen: Heavier = self._heavier(weights, middle)
        if seen.weight < high:
            paid: uint256 = unsafe_mul(found.cap, seen.heavier)
            lighter: uint256 = unsafe_sub(total, seen.heavier_sum)
            capped: bool = False
            if paid < amount:
                capped = unsafe_mul(unsafe_sub(amount, paid), seen.weight) > unsafe_mul(
                    found.cap, lighter
                )
            if not capped:
                low = seen.weight
                continue
            alike: uint256 = seen.alike
            if seen.weight == bounds.floor_:
                alike = bounds.ties
            found.ceiling = seen.weight
            found.left = unsafe_sub(
                amount, unsafe_mul(found.cap, unsafe_add(seen.heavier, alike))
            )
            found.total = unsafe_sub(lighter, unsafe_mul(alike, seen.weight))
        high = max(seen.below, unsafe_add(low, 1))
    if found.total == 0:
        found.carry = found.left
    return found


@internal
@view
def _heavier(weights: apportion.Weights, bound: uint256) -> Heavier:
    """
    @notice Look at who weighs `bound` or more.
    """
    seen: Heavier = Heavier(
        weight=max_value(uint256), alike=0, heavier=0, heavier_sum=0, below=1
    )
    at: uint256 = weights.at
    for _: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
        weight: uint256 = apportion.weight_at(at)
        at = unsafe_add(at, weights.stride)
        if weight < bound:
            seen.below = max(seen.below, unsafe_add(weight, 1))
            continue
        if weight < seen.weight:
            seen.heavier = unsafe_add(seen.heavier, seen.alike)
            if seen.alike != 0:
                seen.heavier_sum = unsafe_add(
                    seen.heavier_sum, unsafe_mul(seen.alike, seen.weight)
                )
            seen.weight = weight
            seen.alike = 1
        elif weight == seen.weight:
            seen.alike = unsafe_add(seen.alike, 1)
        else:
            seen.heavier = unsafe_add(seen.heavier, 1)
            seen.heavier_sum = unsafe_add(seen.heavier_sum, weight)
    return seen
