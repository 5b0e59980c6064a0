# pragma version 0.4.3
"""
@title _weights
@notice Weights from scores and ages for the twin of the attribution math, one at a time.
@dev The reference, with the reasons for each rounding, is precompiles/math/_weights_py.py.
"""

from lib import strict_abi

MAX_RECIPIENTS: constant(uint256) = 4096
MAX_INT64: constant(int256) = 2**63 - 1
MAX_UINT32: constant(uint256) = 2**32 - 1
# floor(log2(e) * 2**62)
LOG2E: constant(uint256) = 6653256548922161245


@internal
@view
def best_score(first: uint256, count: uint256) -> int256:
    """
    @notice Return the highest of `count` scores at byte `first`, and refuse one beyond int64.
    """
    best: int256 = min_value(int256)
    at: uint256 = first
    for _: uint256 in range(count, bound=MAX_RECIPIENTS):
        score: int256 = self.score_at(at)
        if score > MAX_INT64 or score < -MAX_INT64 - 1:
            strict_abi.malformed(at)
        best = max(best, score)
        at = unsafe_add(at, 32)
    return best


@internal
@view
def score_at(at: uint256) -> int256:
    return convert(slice(msg.data, at, 32), int256)


@internal
@view
def check_ages(first: uint256, count: uint256):
    """
    @notice Refuse an age above uint32 among `count` at byte `first`.
    """
    at: uint256 = first
    for _: uint256 in range(count, bound=MAX_RECIPIENTS):
        if convert(slice(msg.data, at, 32), uint256) > MAX_UINT32:
            strict_abi.malformed(at)
        at = unsafe_add(at, 32)


@internal
@pure
def softmax(gap: uint256, temperature: uint256) -> uint256:
    """
    @notice Return what a score weighs that is `gap` below the best.
    """
    whole: uint256 = 0
    root: uint256 = 0
    whole, root = self._power(unsafe_mul(gap, LOG2E), temperature << 30)
    return (root >> whole) >> 31


@internal
@pure
def decay(weight: uint256, age: uint256, half_life: uint256) -> uint256:
    """
    @notice Return what is left of `weight` after `age`.
    """
    whole: uint256 = 0
    root: uint256 = 0
    whole, root = self._power(age << 32, half_life)
    return (unsafe_mul(weight, root) >> whole) >> 63


@internal
@pure
def _power(dividend: uint256, divisor: uint256) -> (uint256, uint256):
    """
    @notice Return k and 2**g * 2**63 with 2**-x = 2**-k * 2**g, for x = ceil(dividend / divisor)
            in units of 2**-32.
    """
    x: uint256 = unsafe_div(unsafe_add(dividend, unsafe_sub(divisor, 1)), divisor)
    whole: uint256 = unsafe_add(x, 2**32 - 1) >> 32
    bits: uint256 = unsafe_sub(whole << 32, x)
    root: uint256 = 2**63
    if (bits >> 31) & 1 != 0:
        root = unsafe_mul(root, 13043817825332782212) >> 63
    if (bits >> 30) & 1 != 0:
        root = unsafe_mul(root, 10968499650544839023) >> 63
    if (bits >> 29) & 1 != 0:
        root = unsafe_mul(root, 10058158527438640870) >> 63
    if (bits >> 28) & 1 != 0:
        root = unsafe_mul(root, 9631725603661576980) >> 63
    if (bits >> 27) & 1 != 0:
        root = unsafe_mul(root, 9425337585438007767) >> 63
    if (bits >> 26) & 1 != 0:
        root = unsafe_mul(root, 9323807973325342579) >> 63
    if (bits >> 25) & 1 != 0:
        root = unsafe_mul(root, 9273454034941487980) >> 63
    if (bits >> 24) & 1 != 0:
        root = unsafe_mul(root, 9248379135337035440) >> 63
    if (bits >> 23) & 1 != 0:
        root = unsafe_mul(root, 9235867122425417552) >> 63
    if (bits >> 22) & 1 != 0:
        root = unsafe_mul(root, 9229617465154500136) >> 63
    if (bits >> 21) & 1 != 0:
        root = unsafe_mul(root, 9226494222562136016) >> 63
    if (bits >> 20) & 1 != 0:
        root = unsafe_mul(root, 9224932997620185949) >> 63
    if (bits >> 19) & 1 != 0:
        root = unsafe_mul(root, 9224152484218207414) >> 63
    if (bits >> 18) & 1 != 0:
        root = unsafe_mul(root, 9223762252282022472) >> 63
    if (bits >> 17) & 1 != 0:
        root = unsafe_mul(root, 9223567142504825507) >> 63
    if (bits >> 16) & 1 != 0:
        root = unsafe_mul(root, 9223469589163912706) >> 63
    if (bits >> 15) & 1 != 0:
        root = unsafe_mul(root, 9223420812880372951) >> 63
    if (bits >> 14) & 1 != 0:
        root = unsafe_mul(root, 9223396424835331638) >> 63
    if (bits >> 13) & 1 != 0:
        root = unsafe_mul(root, 9223384230836993048) >> 63
    if (bits >> 12) & 1 != 0:
        root = unsafe_mul(root, 9223378133843869260) >> 63
    if (bits >> 11) & 1 != 0:
        root = unsafe_mul(root, 9223375085348818742) >> 63
    if (bits >> 10) & 1 != 0:
        root = unsafe_mul(root, 9223373561101671327) >> 63
    if (bits >> 9) & 1 != 0:
        root = unsafe_mul(root, 9223372798978192080) >> 63
    if (bits >> 8) & 1 != 0:
        root = unsafe_mul(root, 9223372417916476072) >> 63
    if (bits >> 7) & 1 != 0:
        root = unsafe_mul(root, 9223372227385623972) >> 63
    if (bits >> 6) & 1 != 0:
        root = unsafe_mul(root, 9223372132120199398) >> 63
    if (bits >> 5) & 1 != 0:
        root = unsafe_mul(root, 9223372084487487480) >> 63
    if (bits >> 4) & 1 != 0:
        root = unsafe_mul(root, 9223372060671131613) >> 63
    if (bits >> 3) & 1 != 0:
        root = unsafe_mul(root, 9223372048762953702) >> 63
    if (bits >> 2) & 1 != 0:
        root = unsafe_mul(root, 9223372042808864753) >> 63
    if (bits >> 1) & 1 != 0:
        root = unsafe_mul(root, 9223372039831820280) >> 63
    if (bits >> 0) & 1 != 0:
        root = unsafe_mul(root, 9223372038343298044) >> 63
    return whole, root
