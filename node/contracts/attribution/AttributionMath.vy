# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title AttributionMath
@notice The twin of the attribution precompile at 0x...A770, for chains without it: the same
        calls, the same output, and the same revert data for every input.
        apportion(uint8 method,uint128 amount,uint64[] weights) returns (uint128[] amounts)
@dev The reference is precompiles/math/_core_py.py, and the order of refusals is in
     precompiles/math/refusals.py; both must be kept in step with this file.

     Everything happens in __default__, because Vyper's own reading of arguments is laxer
     (it skips bytes after the end) and reverts without data.  No storage, no constructor.

     Memory is laid out for 4096 recipients, so each call pays about 160,000 gas to reach
     its buffers (measured on one recipient); a cascade costs about 700 more for each, and
     hamilton 1,100 to 2,000, or at most 10,000 for remainders made to be hard to tell apart.
"""

# function apportion(uint8 method, uint128 amount, uint64[] weights) pure returns (uint128[] amounts)
# error ValueNotAccepted()
# error MalformedInput(uint256)
# error UnknownSelector(bytes4)
# error TooManyRecipients(uint256)
# error UnknownMethod(uint8)
# error WeightOverflow(uint256)
# error ZeroWeight()

MAX_RECIPIENTS: constant(uint256) = 4096
MAX_OUTPUT: constant(uint256) = 131_136  # offset, length, 4096 words

CASCADE: constant(uint256) = 0
HAMILTON: constant(uint256) = 1

MAX_UINT8: constant(uint256) = 2**8 - 1
MAX_UINT64: constant(uint256) = 2**64 - 1
MAX_UINT128: constant(uint256) = 2**128 - 1

# Byte offsets of the input.
METHOD_AT: constant(uint256) = 4
AMOUNT_AT: constant(uint256) = 36
OFFSET_AT: constant(uint256) = 68
LENGTH_AT: constant(uint256) = 100
WEIGHTS_AT: constant(uint256) = 132

# A share in the making: remainder (64 bits), 4095 - index (12 bits), floor (128 bits).
INDEX_BITS: constant(uint256) = 12
FLOOR_BITS: constant(uint256) = 128


@external
@payable
@raw_return
def __default__() -> Bytes[MAX_OUTPUT]:
    if msg.value != 0:
        raw_revert(method_id("ValueNotAccepted()"))
    count: uint256 = self._shape()
    weights: DynArray[uint256, MAX_RECIPIENTS] = []
    total: uint256 = 0
    for i: uint256 in range(count, bound=MAX_RECIPIENTS):
        at: uint256 = WEIGHTS_AT + 32 * i
        weight: uint256 = convert(slice(msg.data, at, 32), uint256)
        if weight > MAX_UINT64:
            self._malformed(at)
        total = unsafe_add(total, weight)
        weights.append(weight)
    if total > MAX_UINT64:
        raw_revert(abi_encode(total, method_id=method_id("WeightOverflow(uint256)")))
    if total == 0:
        raw_revert(method_id("ZeroWeight()"))
    amount: uint256 = convert(slice(msg.data, AMOUNT_AT, 32), uint256)
    # From here on a weight makes way for its share.
    if convert(slice(msg.data, METHOD_AT, 32), uint256) == CASCADE:
        reached: uint256 = 0
        paid: uint256 = 0
        for i: uint256 in range(count, bound=MAX_RECIPIENTS):
            reached = unsafe_add(reached, weights[i])
            # At most 2**192: an amount of 128 bits times a sum of 64.
            due: uint256 = unsafe_div(unsafe_mul(amount, reached), total)
            weights[i] = unsafe_sub(due, paid)
            paid = due
        return abi_encode(weights)
    left: uint256 = amount
    for i: uint256 in range(count, bound=MAX_RECIPIENTS):
        product: uint256 = unsafe_mul(amount, weights[i])
        floor_: uint256 = unsafe_div(product, total)
        remainder: uint256 = unsafe_sub(product, unsafe_mul(floor_, total))
        left = unsafe_sub(left, floor_)
        rank: uint256 = (remainder << INDEX_BITS) | unsafe_sub(4095, i)
        weights[i] = (rank << FLOOR_BITS) | floor_
    # Ranks are distinct, so some bar lets exactly `left` of them pass.  Halving finds it in
    # at most 76 rounds whatever the remainders are: `low` lets too many pass, `high` too few.
    bar: uint256 = max_value(uint256)
    if left != 0:
        low: uint256 = 0
        high: uint256 = total << INDEX_BITS
        for _: uint256 in range(77):
            middle: uint256 = (low + high) >> 1
            bar = middle << FLOOR_BITS
            passing: uint256 = 0
            for share: uint256 in weights:
                if share >= bar:
                    passing = unsafe_add(passing, 1)
            if passing == left:
                break
            if passing > left:
                low = middle
            else:
                high = middle
    for i: uint256 in range(count, bound=MAX_RECIPIENTS):
        share: uint256 = weights[i]
        if share >= bar:
            share = unsafe_add(share, 1)
        weights[i] = share & MAX_UINT128
    return abi_encode(weights)


@internal
@view
def _shape() -> uint256:
    """
    @notice Check all of the input but the weights; refusals 2 to 11.
    @return The number of weights, all of which are there.
    """
    size: uint256 = len(msg.data)
    if size < 4:
        self._malformed(size)
    selector: bytes4 = convert(slice(msg.data, 0, 4), bytes4)
    if selector != method_id("apportion(uint8,uint128,uint64[])", output_type=bytes4):
        raw_revert(abi_encode(selector, method_id=method_id("UnknownSelector(bytes4)")))
    method: uint256 = self._word(METHOD_AT, MAX_UINT8)
    self._word(AMOUNT_AT, MAX_UINT128)
    if self._word(OFFSET_AT, max_value(uint256)) != LENGTH_AT - 4:
        self._malformed(OFFSET_AT)
    count: uint256 = self._word(LENGTH_AT, max_value(uint256))
    if count > MAX_RECIPIENTS:
        raw_revert(abi_encode(count, method_id=method_id("TooManyRecipients(uint256)")))
    end: uint256 = WEIGHTS_AT + 32 * count
    if size < end:
        # The first word that is not whole.
        self._malformed(size - (size - WEIGHTS_AT) % 32)
    if size > end:
        self._malformed(end)
    if method > HAMILTON:
        raw_revert(abi_encode(convert(method, uint8), method_id=method_id("UnknownMethod(uint8)")))
    return count


@internal
@view
def _word(at: uint256, most: uint256) -> uint256:
    """
    @notice Read the word at byte `at`, which may be `most`.
    """
    if at + 32 > len(msg.data):
        self._malformed(at)
    value: uint256 = convert(slice(msg.data, at, 32), uint256)
    if value > most:
        self._malformed(at)
    return value


@internal
@pure
def _malformed(at: uint256):
    raw_revert(abi_encode(at, method_id=method_id("MalformedInput(uint256)")))
