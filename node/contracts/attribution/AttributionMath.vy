# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title AttributionMath
@notice The twin of the attribution precompile at 0x...A770, for chains without it: the same
        calls, the same output, and the same revert data for every input.
@dev The references are in precompiles/math, and the order of refusals is in its refusals.py;
     both must be kept in step with this file and the modules that it imports.

     Everything happens in __default__, because Vyper's own reading of arguments is laxer
     (it skips bytes after the end) and reverts without data.  No storage, no constructor.

     Memory is paid for up to the highest byte that is touched, and Vyper lays the variables of
     this function above those of all it calls.  So no module keeps anything for each
     recipient: each finds a few numbers first, then gives one element after the other, and
     only the output has a buffer here, one of three sizes.

     Gas in thousands, beside that of a transaction, for random weights of 50 bits and for equal
     ones (=), and scores of 18 bits at a temperature of 1:

         recipients             1      10     100     1000
         cascade, a chunk       7      14      82      891
         hamilton               9      29     371    5,558
         hamilton =             9      32     261    2,670
         webster               11      38     701    9,979
         webster =             11      48     408    4,140
         dhondt                11      40     863   14,000
         adams                 11      70     733    9,445
         capFloor              11      54     578    8,996
         relu                   7      15     105    1,125
         softmax                8      33     286    2,948
         decay                 11      38     301    3,074
         settleRoot, cascade    9      27     207    2,011
         verifyLeaf             7      11      14       17

     Weights made to be hard cost hamilton 65 passes at most, the divisor methods 79, and
     capFloor 130; a pass takes 250 to 500 gas a recipient.
"""

from lib import strict_abi
from . import _apportion
from . import _bounds
from . import _payout_tree
from . import _sum_tree
from . import _weights

# function apportion(uint8 method, uint128 amount, uint64[] weights) pure returns (uint128[] amounts)
# function apportionChunk(uint128 amount, uint64 totalW, uint64 startC, uint64[] weights) pure returns (uint128[] amounts, uint64 endC)
# function capFloor(uint128 amount, uint64[] weights, uint128 minPay, uint16 maxBps) pure returns (uint128[] amounts, uint128 carry)
# function relu(int64[] scores) pure returns (uint64[] weights)
# function softmax(int64[] scores, uint32 temperature) pure returns (uint64[] weights)
# function decay(uint64[] weights, uint32[] ages, uint32 halfLife) pure returns (uint64[] decayed)
# function settleRoot(uint8 method, uint128 amount, bytes packed) pure returns (bytes32 root, uint128 total, uint32 n)
# function settleRootChunk(uint128 amount, uint64 totalW, uint64 startC, uint32 startIndex, bytes packed) pure returns (bytes32 top, uint128 sum, uint64 endC)
# function verifyLeaf(bytes32 root, uint128 total, uint32 index, address who, uint128 amt, bytes proof) pure returns (bool)
# function payoutTree(uint128 amount, bytes nodes, bytes edges) pure returns (uint128[])
# error ValueNotAccepted()
# error MalformedInput(uint256)
# error UnknownSelector(bytes4)
# error TooManyRecipients(uint256)
# error UnknownMethod(uint8)
# error WeightOverflow(uint256)
# error ZeroWeight()
# error BadBps(uint256)
# error ZeroTemperature()
# error ZeroHalfLife()
# error LengthMismatch(uint256,uint256)

FEW: constant(uint256) = 64
MORE: constant(uint256) = 512
MAX_RECIPIENTS: constant(uint256) = 4096
MAX_OUTPUT: constant(uint256) = 131_168  # two words, the length, 4096 words
MOST_BPS: constant(uint256) = 10_000


flag Rule:
    CASCADE
    RANKED
    BOUNDS
    SCORES
    DECAY


struct Task:
    # How the elements of the output are found, one from each element of the input.
    rule: Rule
    # Where the first element lies, as weights do: its low 8 bytes; or the first score.
    at: uint256
    count: uint256
    plan: _apportion.Plan
    bounds: _bounds.Bounds
    best: int256
    # The temperature (0 for relu), or the half-life.
    unit: uint256
    # From a weight to its age.
    to_age: uint256
    # The sum of the weights before the first, what was due to them, and the ties to be served.
    reached: uint256
    paid: uint256
    ties: uint256
    # Whether the output has a second value, and which.
    pair: bool
    second: uint256


@external
@payable
@raw_return
def __default__() -> Bytes[MAX_OUTPUT]:
    if msg.value != 0:
        raw_revert(method_id("ValueNotAccepted()"))
    if len(msg.data) < 4:
        strict_abi.malformed(len(msg.data))
    selector: bytes4 = convert(slice(msg.data, 0, 4), bytes4)
    if selector == method_id("settleRoot(uint8,uint128,bytes)", output_type=bytes4):
        return abi_encode(_sum_tree._settle_root())
    if selector == method_id(
        "settleRootChunk(uint128,uint64,uint64,uint32,bytes)", output_type=bytes4
    ):
        return abi_encode(_sum_tree._settle_root_chunk())
    if selector == method_id(
        "verifyLeaf(bytes32,uint128,uint32,address,uint128,bytes)", output_type=bytes4
    ):
        return abi_encode(_sum_tree._verify_leaf())
    if selector == method_id("payoutTree(uint128,bytes,bytes)", output_type=bytes4):
        kept: DynArray[uint256, _payout_tree.MAX_PAIRS] = []
        nodes: uint256 = 0
        kept, nodes = _payout_tree._payout_tree()
        if nodes <= FEW:
            few: DynArray[uint256, FEW] = []
            for node: uint256 in range(nodes, bound=FEW):
                few.append(_payout_tree._half(kept[node >> 1], node))
            return abi_encode(few)
        all: DynArray[uint256, _payout_tree.MAX_NODES] = []
        for node: uint256 in range(nodes, bound=_payout_tree.MAX_NODES):
            all.append(_payout_tree._half(kept[node >> 1], node))
        return abi_encode(all)
    task: Task = self._task(selector)
    at: uint256 = task.at
    reached: uint256 = task.reached
    paid: uint256 = task.paid
    ties: uint256 = task.ties
    element: uint256 = 0
    # One loop for each rule and size: what is passed to a function is copied.
    if task.count <= FEW:
        values: DynArray[uint256, FEW] = []
        if task.rule == Rule.CASCADE:
            for _: uint256 in range(task.count, bound=FEW):
                reached = unsafe_add(reached, _apportion.weight_at(at))
                # At most 2**192: an amount of 128 bits times a sum of 64.
                due: uint256 = unsafe_div(unsafe_mul(task.plan.amount, reached), task.plan.total)
                values.append(unsafe_sub(due, paid))
                paid = due
                at = unsafe_add(at, 32)
        elif task.rule == Rule.SCORES:
            for _: uint256 in range(task.count, bound=FEW):
                values.append(self._weight_of_score(_weights.score_at(at), task.best, task.unit))
                at = unsafe_add(at, 32)
        elif task.rule == Rule.DECAY:
            for _: uint256 in range(task.count, bound=FEW):
                age: uint256 = _apportion.weight_at(unsafe_add(at, task.to_age))
                values.append(_weights.decay(_apportion.weight_at(at), age, task.unit))
                at = unsafe_add(at, 32)
        else:
            for _: uint256 in range(task.count, bound=FEW):
                element, reached, ties = self._share(task, _apportion.weight_at(at), reached, ties)
                values.append(element)
                at = unsafe_add(at, 32)
        if task.pair:
            return abi_encode(values, task.second)
        return abi_encode(values)
    if task.count <= MORE:
        values: DynArray[uint256, MORE] = []
        if task.rule == Rule.CASCADE:
            for _: uint256 in range(task.count, bound=MORE):
                reached = unsafe_add(reached, _apportion.weight_at(at))
                # At most 2**192: an amount of 128 bits times a sum of 64.
                due: uint256 = unsafe_div(unsafe_mul(task.plan.amount, reached), task.plan.total)
                values.append(unsafe_sub(due, paid))
                paid = due
                at = unsafe_add(at, 32)
        elif task.rule == Rule.SCORES:
            for _: uint256 in range(task.count, bound=MORE):
                values.append(self._weight_of_score(_weights.score_at(at), task.best, task.unit))
                at = unsafe_add(at, 32)
        elif task.rule == Rule.DECAY:
            for _: uint256 in range(task.count, bound=MORE):
                age: uint256 = _apportion.weight_at(unsafe_add(at, task.to_age))
                values.append(_weights.decay(_apportion.weight_at(at), age, task.unit))
                at = unsafe_add(at, 32)
        else:
            for _: uint256 in range(task.count, bound=MORE):
                element, reached, ties = self._share(task, _apportion.weight_at(at), reached, ties)
                values.append(element)
                at = unsafe_add(at, 32)
        if task.pair:
            return abi_encode(values, task.second)
        return abi_encode(values)
    values: DynArray[uint256, MAX_RECIPIENTS] = []
    if task.rule == Rule.CASCADE:
        for _: uint256 in range(task.count, bound=MAX_RECIPIENTS):
            reached = unsafe_add(reached, _apportion.weight_at(at))
            # At most 2**192: an amount of 128 bits times a sum of 64.
            due: uint256 = unsafe_div(unsafe_mul(task.plan.amount, reached), task.plan.total)
            values.append(unsafe_sub(due, paid))
            paid = due
            at = unsafe_add(at, 32)
    elif task.rule == Rule.SCORES:
        for _: uint256 in range(task.count, bound=MAX_RECIPIENTS):
            values.append(self._weight_of_score(_weights.score_at(at), task.best, task.unit))
            at = unsafe_add(at, 32)
    elif task.rule == Rule.DECAY:
        for _: uint256 in range(task.count, bound=MAX_RECIPIENTS):
            age: uint256 = _apportion.weight_at(unsafe_add(at, task.to_age))
            values.append(_weights.decay(_apportion.weight_at(at), age, task.unit))
            at = unsafe_add(at, 32)
    else:
        for _: uint256 in range(task.count, bound=MAX_RECIPIENTS):
            element, reached, ties = self._share(task, _apportion.weight_at(at), reached, ties)
            values.append(element)
            at = unsafe_add(at, 32)
    if task.pair:
        return abi_encode(values, task.second)
    return abi_encode(values)


@internal
@view
def _share(
    task: Task, weight: uint256, reached: uint256, ties: uint256
) -> (uint256, uint256, uint256):
    """
    @notice Return the share of the next recipient, what is reached, and the ties left.
    """
    if task.rule == Rule.BOUNDS:
        return _bounds.share(task.bounds, weight, reached, ties)
    share: uint256 = 0
    left: uint256 = 0
    share, left = _apportion.share(task.plan, weight, reached, ties)
    return share, reached, left


@internal
@pure
def _weight_of_score(score: int256, best: int256, temperature: uint256) -> uint256:
    """
    @notice Return the softmax of `score`, or its positive part where the temperature is 0.
    """
    if temperature == 0:
        return convert(max(score, 0), uint256)
    return _weights.softmax(convert(unsafe_sub(best, score), uint256), temperature)


@internal
@view
def _task(selector: bytes4) -> Task:
    """
    @notice Read all of the input, and look at all elements.
    """
    if selector == method_id("apportion(uint8,uint128,uint64[])", output_type=bytes4):
        return self._apportion_task()
    if selector == method_id(
        "apportionChunk(uint128,uint64,uint64,uint64[])", output_type=bytes4
    ):
        return self._chunk_task()
    if selector == method_id("capFloor(uint128,uint64[],uint128,uint16)", output_type=bytes4):
        return self._bounds_task()
    if selector == method_id("relu(int64[])", output_type=bytes4):
        return self._relu_task()
    if selector == method_id("softmax(int64[],uint32)", output_type=bytes4):
        return self._softmax_task()
    if selector == method_id("decay(uint64[],uint32[],uint32)", output_type=bytes4):
        return self._decay_task()
    raw_revert(abi_encode(selector, method_id=method_id("UnknownSelector(bytes4)")))


@internal
@view
def _apportion_task() -> Task:
    method: uint256 = strict_abi.word(4, strict_abi.MAX_UINT8)
    amount: uint256 = strict_abi.word(36, strict_abi.MAX_UINT128)
    count: uint256 = self._array(68, 100)
    strict_abi.nothing_follows(132 + 32 * count)
    if method > _apportion.ADAMS:
        raw_revert(abi_encode(convert(method, uint8), method_id=method_id("UnknownMethod(uint8)")))
    weights: _apportion.Weights = _apportion.words(132, count)
    _apportion.check_total(weights.total)
    task: Task = empty(Task)
    task.rule = Rule.RANKED
    if method == _apportion.CASCADE:
        task.rule = Rule.CASCADE
    task.at = weights.at
    task.count = count
    task.plan = _apportion.plan(method, amount, weights)
    task.ties = task.plan.ties
    return task


@internal
@view
def _chunk_task() -> Task:
    amount: uint256 = strict_abi.word(4, strict_abi.MAX_UINT128)
    total: uint256 = strict_abi.word(36, strict_abi.MAX_UINT64)
    reached: uint256 = strict_abi.word(68, strict_abi.MAX_UINT64)
    count: uint256 = self._array(100, 132)
    strict_abi.nothing_follows(164 + 32 * count)
    if total == 0:
        raw_revert(method_id("ZeroWeight()"))
    weights: _apportion.Weights = _apportion.words(164, count)
    end: uint256 = reached + weights.total
    if end > total:
        raw_revert(abi_encode(end, method_id=method_id("WeightOverflow(uint256)")))
    weights.total = total
    task: Task = empty(Task)
    task.rule = Rule.CASCADE
    task.at = weights.at
    task.count = count
    task.plan = _apportion.plan(_apportion.CASCADE, amount, weights)
    task.reached = reached
    task.paid = unsafe_div(unsafe_mul(amount, reached), total)
    task.pair = True
    task.second = end
    return task


@internal
@view
def _bounds_task() -> Task:
    amount: uint256 = strict_abi.word(4, strict_abi.MAX_UINT128)
    count: uint256 = self._array(36, 132)
    min_pay: uint256 = strict_abi.word(68, strict_abi.MAX_UINT128)
    max_bps: uint256 = strict_abi.word(100, strict_abi.MAX_UINT16)
    strict_abi.nothing_follows(164 + 32 * count)
    if max_bps > MOST_BPS:
        raw_revert(abi_encode(max_bps, method_id=method_id("BadBps(uint256)")))
    weights: _apportion.Weights = _apportion.words(164, count)
    _apportion.check_total(weights.total)
    task: Task = empty(Task)
    task.rule = Rule.BOUNDS
    task.at = weights.at
    task.count = count
    task.bounds = _bounds.bounds(amount, weights, min_pay, max_bps)
    task.ties = task.bounds.ties
    task.pair = True
    task.second = task.bounds.carry
    return task


@internal
@view
def _relu_task() -> Task:
    task: Task = empty(Task)
    task.rule = Rule.SCORES
    task.at = 68
    task.count = self._array(4, 36)
    strict_abi.nothing_follows(68 + 32 * task.count)
    task.best = _weights.best_score(task.at, task.count)
    return task


@internal
@view
def _softmax_task() -> Task:
    task: Task = empty(Task)
    task.rule = Rule.SCORES
    task.at = 100
    task.count = self._array(4, 68)
    task.unit = strict_abi.word(36, strict_abi.MAX_UINT32)
    strict_abi.nothing_follows(100 + 32 * task.count)
    if task.unit == 0:
        raw_revert(method_id("ZeroTemperature()"))
    task.best = _weights.best_score(task.at, task.count)
    return task


@internal
@view
def _decay_task() -> Task:
    task: Task = empty(Task)
    task.rule = Rule.DECAY
    task.count = self._array(4, 100)
    behind: uint256 = 132 + 32 * task.count
    ages: uint256 = self._array(36, behind)
    task.unit = strict_abi.word(68, strict_abi.MAX_UINT32)
    strict_abi.nothing_follows(behind + 32 + 32 * ages)
    if task.unit == 0:
        raw_revert(method_id("ZeroHalfLife()"))
    if task.count != ages:
        raw_revert(
            abi_encode(task.count, ages, method_id=method_id("LengthMismatch(uint256,uint256)"))
        )
    weights: _apportion.Weights = _apportion.words(132, task.count)
    task.at = weights.at
    task.to_age = 32 * task.count + 32
    _weights.check_ages(behind + 32, ages)
    return task


@internal
@view
def _array(head: uint256, start: uint256) -> uint256:
    """
    @notice Read the length of the array whose offset is at `head` and which must lie at
            `start`, and see that all of it is there.
    """
    count: uint256 = strict_abi.length_of(head, start)
    if count > MAX_RECIPIENTS:
        raw_revert(abi_encode(count, method_id=method_id("TooManyRecipients(uint256)")))
    strict_abi.end_of_words(start, count)
    return count
