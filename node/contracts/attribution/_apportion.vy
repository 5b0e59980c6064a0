# pragma version 0.4.3
"""
@title _apportion
@notice Apportionment for the twin of the attribution math, one share at a time: plan() looks
        at all weights and keeps a few numbers, and share() then gives each recipient's share.
@dev The reference is precompiles/math/_core_py.py.  Nothing is kept for each recipient: the
     weights stay in msg.data, and are read again in every pass.  What decides the last wei is a
     bar, found by halving, so that the search is bounded whatever the weights are; after each
     step both ends move to values that do occur, so few steps are the rule.

     hamilton: the bar is a remainder A * w mod W, with 64 bits.
     divisors: the wei number d of a recipient has the key floor(d * S / w), d counted as the
     divisor counts (webster 1, 3, 5 .., dhondt 1, 2, 3 .., adams 0, 1, 2 ..), and the smallest
     keys are served.  Fractions d / w of two recipients that differ do so by 1 / (w * w') at
     least, and w * w' is at most W**2 / 4; with S = floor(W**2 / 4) + W their keys differ too,
     and so do those of one recipient.  All products stay below 2**256.
"""

from lib import strict_abi

# error WeightOverflow(uint256)
# error ZeroWeight()

CASCADE: constant(uint256) = 0
HAMILTON: constant(uint256) = 1
WEBSTER: constant(uint256) = 2
DHONDT: constant(uint256) = 3
ADAMS: constant(uint256) = 4
# adams with fewer wei than recipients: one each to the heaviest.
HEAVIEST: constant(uint256) = 5

MAX_RECIPIENTS: constant(uint256) = 4096
MAX_UINT64: constant(uint256) = 2**64 - 1


struct Weights:
    # Weight i is the 8 bytes of msg.data at `at + stride * i`.
    at: uint256
    stride: uint256
    count: uint256
    total: uint256


struct Plan:
    method: uint256
    amount: uint256
    total: uint256
    # What is above the bar (hamilton, heaviest), or below it (divisors), is served.
    bar: uint256
    # S of the divisors.
    scale: uint256
    # How many of those on the bar are served, the first in order.
    ties: uint256


@internal
@view
def weight_at(at: uint256) -> uint256:
    return convert(slice(msg.data, at, 8), uint256)


@internal
@view
def words(first: uint256, count: uint256) -> Weights:
    """
    @notice Look at `count` words at byte `first`, refuse one above uint64, and sum them.
    """
    total: uint256 = 0
    at: uint256 = first
    for _: uint256 in range(count, bound=MAX_RECIPIENTS):
        value: uint256 = convert(slice(msg.data, at, 32), uint256)
        if value > MAX_UINT64:
            strict_abi.malformed(at)
        total = unsafe_add(total, value)
        at = unsafe_add(at, 32)
    return Weights(at=unsafe_add(first, 24), stride=32, count=count, total=total)


@internal
@pure
def check_total(total: uint256):
    """
    @notice Refuse a sum of weights that does not fit, or that pays nobody.
    """
    if total > MAX_UINT64:
        raw_revert(abi_encode(total, method_id=method_id("WeightOverflow(uint256)")))
    if total == 0:
        raw_revert(method_id("ZeroWeight()"))


@internal
@view
def plan(method: uint256, amount: uint256, weights: Weights) -> Plan:
    """
    @notice Prepare the division of `amount`, below 2**128, by weights whose total is checked.
    """
    found: Plan = Plan(
        method=method,
        amount=amount,
        total=weights.total,
        bar=max_value(uint256),
        scale=0,
        ties=0,
    )
    if method == CASCADE:
        return found
    if method == HAMILTON:
        left: uint256 = amount
        at: uint256 = weights.at
        for _: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
            share: uint256 = unsafe_div(unsafe_mul(amount, convert(slice(msg.data, at, 8), uint256)), weights.total)
            left = unsafe_sub(left, share)
            at = unsafe_add(at, weights.stride)
        return self._ranked(found, weights, left, weights.total)
    positive: uint256 = 0
    at: uint256 = weights.at
    for _: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
        if convert(slice(msg.data, at, 8), uint256) != 0:
            positive = unsafe_add(positive, 1)
        at = unsafe_add(at, weights.stride)
    if method == ADAMS and amount < positive:
        found.method = HEAVIEST
        return self._ranked(found, weights, amount, MAX_UINT64 + 1)
    return self._divisor(found, weights, positive)


@internal
@view
def share(plan: Plan, weight: uint256, reached: uint256, ties: uint256) -> (uint256, uint256):
    """
    @notice Return the share of the next recipient, and how many ties are left to be served.
    @param reached The sum of the weights before it (cascade).
    @param ties What the call before has returned; plan.ties at first.
    """
    if plan.method == CASCADE:
        # At most 2**192: an amount of 128 bits times a sum of 64.
        due: uint256 = unsafe_div(
            unsafe_mul(plan.amount, unsafe_add(reached, weight)), plan.total
        )
        return unsafe_sub(due, unsafe_div(unsafe_mul(plan.amount, reached), plan.total)), 0
    found: uint256 = 0
    tied: bool = False
    if plan.method == HAMILTON or plan.method == HEAVIEST:
        rank: uint256 = weight
        if plan.method == HAMILTON:
            found = unsafe_div(unsafe_mul(plan.amount, weight), plan.total)
            rank = uint256_mulmod(plan.amount, weight, plan.total)
        if plan.bar != max_value(uint256):
            if rank > plan.bar:
                found = unsafe_add(found, 1)
            tied = rank == plan.bar
    elif weight != 0:
        reach: uint256 = self._ceiling(plan.bar, weight, plan.scale)
        found = self._served(plan.method, reach)
        tied = self._next_key(plan.method, reach, weight, plan.scale) == plan.bar
    if tied and ties != 0:
        return unsafe_add(found, 1), unsafe_sub(ties, 1)
    return found, ties


@internal
@view
def _ranked(plan: Plan, weights: Weights, left: uint256, above: uint256) -> Plan:
    """
    @notice Find the bar that `left` ranks pass, all of which are below `above`.
    @dev At least `left` ranks are `low` or more, and fewer are `high` or more.
    """
    found: Plan = plan
    if left == 0:
        return found
    low: uint256 = 0
    high: uint256 = above
    passing_high: uint256 = 0
    for _: uint256 in range(66):
        if unsafe_sub(high, low) == 1:
            break
        middle: uint256 = unsafe_add(low, high) >> 1
        passing: uint256 = 0
        least: uint256 = max_value(uint256)
        most: uint256 = 0
        at: uint256 = weights.at
        for _i: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
            rank: uint256 = convert(slice(msg.data, at, 8), uint256)
            if plan.method == HAMILTON:
                rank = uint256_mulmod(plan.amount, rank, plan.total)
            if rank >= middle:
                passing = unsafe_add(passing, 1)
                if rank < least:
                    least = rank
            elif rank > most:
                most = rank
            at = unsafe_add(at, weights.stride)
        if passing == left:
            found.bar = unsafe_sub(middle, 1)
            return found
        if passing > left:
            low = least
        else:
            high = unsafe_add(most, 1)
            passing_high = passing
    found.bar = low
    found.ties = unsafe_sub(left, passing_high)
    return found


@internal
@view
def _divisor(plan: Plan, weights: Weights, positive: uint256) -> Plan:
    """
    @notice Find the bar below which `amount` keys lie.
    @dev Fewer than `amount` keys are below `low`, and at least `amount` are below `high`.  The
         first two are where that is sure: each of the `positive` recipients is off by 1 at most
         from amount * w / W, or by 1/2 (webster).
    """
    found: Plan = plan
    if plan.amount == 0:
        found.method = HEAVIEST
        return found
    found.scale = unsafe_add(unsafe_mul(plan.total, plan.total) >> 2, plan.total)
    from_: uint256 = plan.amount
    to: uint256 = plan.amount
    if plan.method == WEBSTER:
        doubled: uint256 = unsafe_mul(2, plan.amount)
        from_ = unsafe_sub(doubled, min(doubled, positive))
        to = unsafe_add(doubled, positive)
    elif plan.method == DHONDT:
        to = unsafe_add(to, positive)
    else:
        from_ = unsafe_sub(from_, positive)
    low: uint256 = unsafe_div(unsafe_mul(from_, found.scale), plan.total)
    high: uint256 = self._ceiling(to, found.scale, plan.total)
    given_low: uint256 = max_value(uint256)
    for _: uint256 in range(80):
        if unsafe_sub(high, low) <= 1:
            break
        middle: uint256 = unsafe_add(low, high) >> 1
        given: uint256 = 0
        least: uint256 = max_value(uint256)
        most: uint256 = 0
        at: uint256 = weights.at
        for _i: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
            weight: uint256 = convert(slice(msg.data, at, 8), uint256)
            at = unsafe_add(at, weights.stride)
            if weight == 0:
                continue
            reach: uint256 = self._ceiling(middle, weight, found.scale)
            served: uint256 = self._served(plan.method, reach)
            given = unsafe_add(given, served)
            least = min(least, self._next_key(plan.method, reach, weight, found.scale))
            if served != 0:
                most = max(
                    most, self._last_key(plan.method, served, weight, found.scale)
                )
        if given == plan.amount:
            found.bar = middle
            return found
        if given < plan.amount:
            low = least
            given_low = given
        else:
            high = unsafe_add(most, 1)
    if given_low == max_value(uint256):
        given_low = 0
        at: uint256 = weights.at
        for _i: uint256 in range(weights.count, bound=MAX_RECIPIENTS):
            weight: uint256 = convert(slice(msg.data, at, 8), uint256)
            at = unsafe_add(at, weights.stride)
            if weight != 0:
                given_low = unsafe_add(
                    given_low,
                    self._served(plan.method, self._ceiling(low, weight, found.scale)),
                )
    found.bar = low
    found.ties = unsafe_sub(plan.amount, given_low)
    return found


@internal
@pure
def _ceiling(a: uint256, b: uint256, divisor: uint256) -> uint256:
    """
    @notice Return ceil(a * b / divisor), for a product below 2**256 - divisor.
    """
    return unsafe_div(
        unsafe_add(unsafe_mul(a, b), unsafe_sub(divisor, 1)), divisor
    )


@internal
@pure
def _served(method: uint256, reach: uint256) -> uint256:
    """
    @notice Return how many d are below `reach`.
    """
    if method == WEBSTER:
        return reach >> 1
    if method == DHONDT and reach != 0:
        return unsafe_sub(reach, 1)
    return reach


@internal
@pure
def _next_key(method: uint256, reach: uint256, weight: uint256, scale: uint256) -> uint256:
    """
    @notice Return the key of the first d that is not below `reach`.
    """
    d: uint256 = reach
    if method == WEBSTER:
        d = reach | 1
    elif method == DHONDT and reach == 0:
        d = 1
    return unsafe_div(unsafe_mul(d, scale), weight)


@internal
@pure
def _last_key(method: uint256, served: uint256, weight: uint256, scale: uint256) -> uint256:
    """
    @notice Return the key of d number `served`, which is at least 1.
    """
    d: uint256 = served
    if method == WEBSTER:
        d = unsafe_sub(unsafe_mul(2, served), 1)
    elif method == ADAMS:
        d = unsafe_sub(served, 1)
    return unsafe_div(unsafe_mul(d, scale), weight)
