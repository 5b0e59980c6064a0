# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Sum trees
@notice settleRoot, settleRootChunk and verifyLeaf of the attribution math: trees that commit
        to payouts and to what they sum to.
@dev The rule is in precompiles/math/_sum_tree_py.py, and the order of refusals in
     precompiles/math/tree_refusals.py; both must be kept in step with this file.

     Recipients are read where they lie in the input, and of the tree only the tops are kept
     that wait for a neighbour: one for each bit of the number of leaves.
"""

from . import _apportion
from . import _sum_nodes
from lib import strict_abi

# error RaggedEntries(uint256)
# error TooManyRecipients(uint256)
# error UnknownMethod(uint8)
# error NoRecipients()
# error IndexOverflow(uint256)
# error NotAscending(uint256)
# error WeightOverflow(uint256)
# error ZeroWeight()

MAX_RECIPIENTS: constant(uint256) = 4096
# A peak for each bit of a number up to 4096.
MAX_PEAKS: constant(uint256) = 13
PACKED: constant(uint256) = 28
NODE: constant(uint256) = 48
MAX_UINT160: constant(uint256) = 2**160 - 1
MAX_UINT72: constant(uint256) = 2**72 - 1


@internal
@view
def _settle_root_chunk() -> (bytes32, uint256, uint256):
    """
    @notice Top and sum of the sub-tree of a chunk, and the weights reached at its end.
    """
    amount: uint256 = strict_abi.word(4, strict_abi.MAX_UINT128)
    total: uint256 = strict_abi.word(36, strict_abi.MAX_UINT64)
    start: uint256 = strict_abi.word(68, strict_abi.MAX_UINT64)
    index: uint256 = strict_abi.word(100, strict_abi.MAX_UINT32)
    count: uint256 = self._packed(132, 164)
    if count == 0:
        raw_revert(method_id("NoRecipients()"))
    if index + count > 2**32:
        raw_revert(abi_encode(index + count, method_id=method_id("IndexOverflow(uint256)")))
    if total == 0:
        raw_revert(method_id("ZeroWeight()"))
    end: uint256 = unsafe_add(start, self._sum(196, count))
    if end > total:
        raw_revert(abi_encode(end, method_id=method_id("WeightOverflow(uint256)")))
    top: bytes32 = empty(bytes32)
    sum: uint256 = 0
    plan: _apportion.Plan = empty(_apportion.Plan)
    plan.method = _apportion.CASCADE
    plan.amount = amount
    plan.total = total
    top, sum = self._top(plan, start, index, 196, count)
    return top, sum, end


@internal
@view
def _settle_root() -> (bytes32, uint256, uint256):
    """
    @notice Root, total and number of leaves of the tree that a division gives.
    """
    method: uint256 = strict_abi.word(4, strict_abi.MAX_UINT8)
    amount: uint256 = strict_abi.word(36, strict_abi.MAX_UINT128)
    count: uint256 = self._packed(68, 100)
    if method > _apportion.ADAMS:
        raw_revert(abi_encode(convert(method, uint8), method_id=method_id("UnknownMethod(uint8)")))
    total: uint256 = self._sum(132, count)
    _apportion.check_total(total)
    plan: _apportion.Plan = _apportion.plan(
        method,
        amount,
        _apportion.Weights(at=132 + 20, stride=PACKED, count=count, total=total),
    )
    top: _sum_nodes.Node = empty(_sum_nodes.Node)
    top.digest, top.sum = self._top(plan, 0, 0, 132, count)
    return _sum_nodes._root(count, top), top.sum, count


@internal
@view
def _top(
    plan: _apportion.Plan, start: uint256, index: uint256, place: uint256, count: uint256
) -> (bytes32, uint256):
    """
    @notice Top and sum of the leaves that `plan` gives to the recipients at `place`.
    @param start The sum of the weights before them.
    @param index Of the first leaf.
    """
    hashes: bytes32[MAX_PEAKS] = empty(bytes32[MAX_PEAKS])
    sums: uint256[MAX_PEAKS] = empty(uint256[MAX_PEAKS])
    reached: uint256 = start
    # At most 2**192: an amount of 128 bits times a sum of 64.
    paid: uint256 = unsafe_div(unsafe_mul(plan.amount, start), plan.total)
    ties: uint256 = plan.ties
    for i: uint256 in range(count, bound=MAX_RECIPIENTS):
        entry: uint256 = self._entry(place, i)
        weight: uint256 = entry & strict_abi.MAX_UINT64
        sum: uint256 = 0
        if plan.method == _apportion.CASCADE:
            # Half the work of share(), which does not know what was due before.
            reached = unsafe_add(reached, weight)
            due: uint256 = unsafe_div(unsafe_mul(plan.amount, reached), plan.total)
            sum = unsafe_sub(due, paid)
            paid = due
        else:
            sum, ties = _apportion.share(plan, weight, 0, ties)
        node: bytes32 = self._leaf(unsafe_add(index, i), (entry >> 64) & MAX_UINT160, sum)
        level: uint256 = 0
        for _: uint256 in range(MAX_PEAKS):
            if (i >> level) & 1 == 0:
                break
            node = _sum_nodes._join(hashes[level], sums[level], node, sum)
            sum = unsafe_add(sum, sums[level])
            level = unsafe_add(level, 1)
        hashes[level] = node
        sums[level] = sum
    node: bytes32 = empty(bytes32)
    sum: uint256 = 0
    found: bool = False
    for level: uint256 in range(MAX_PEAKS):
        if (count >> level) & 1 == 1:
            if found:
                node = _sum_nodes._join(hashes[level], sums[level], node, sum)
                sum = unsafe_add(sum, sums[level])
            else:
                node = hashes[level]
                sum = sums[level]
                found = True
    return node, sum


@internal
@view
def _verify_leaf() -> bool:
    """
    @notice Whether the proof shows the entry; whatever does not fit is a no.
    """
    root: bytes32 = convert(strict_abi.word(4, max_value(uint256)), bytes32)
    total: uint256 = strict_abi.word(36, strict_abi.MAX_UINT128)
    index: uint256 = strict_abi.word(68, strict_abi.MAX_UINT32)
    who: uint256 = strict_abi.word(100, MAX_UINT160)
    sum: uint256 = strict_abi.word(132, strict_abi.MAX_UINT128)
    size: uint256 = strict_abi.length_of(164, 196)
    strict_abi.nothing_follows(strict_abi.end_of_bytes(196, size))
    if size < 4:
        return False
    count: uint256 = convert(slice(msg.data, 228, 4), uint256)
    if index >= count:
        return False
    at: uint256 = 232
    end: uint256 = unsafe_add(228, size)
    node: _sum_nodes.Node = _sum_nodes.Node(digest=self._leaf(index, who, sum), sum=sum)
    place: uint256 = index
    width: uint256 = count
    for _: uint256 in range(_sum_nodes.MAX_LEVELS):
        if width == 1:
            break
        # The last node of an odd number has no neighbour.
        if place ^ 1 < width:
            if unsafe_add(at, NODE) > end:
                return False
            other: bytes32 = convert(slice(msg.data, at, 32), bytes32)
            others: uint256 = convert(slice(msg.data, unsafe_add(at, 32), 16), uint256)
            if place & 1 == 1:
                node.digest = _sum_nodes._join(other, others, node.digest, node.sum)
            else:
                node.digest = _sum_nodes._join(node.digest, node.sum, other, others)
            node.sum = unsafe_add(node.sum, others)
            if node.sum > strict_abi.MAX_UINT128:
                return False
            at = unsafe_add(at, NODE)
        place = place >> 1
        width = unsafe_add(width, 1) >> 1
    return at == end and node.sum == total and _sum_nodes._root(count, node) == root


@internal
@view
def _packed(head: uint256, start: uint256) -> uint256:
    """
    @notice Read the last argument, packed recipients, as far as its shape.
    @return The number of recipients.
    """
    size: uint256 = strict_abi.length_of(head, start)
    if size % PACKED != 0:
        raw_revert(abi_encode(size, method_id=method_id("RaggedEntries(uint256)")))
    count: uint256 = size // PACKED
    if count > MAX_RECIPIENTS:
        raw_revert(abi_encode(count, method_id=method_id("TooManyRecipients(uint256)")))
    strict_abi.nothing_follows(strict_abi.end_of_bytes(start, size))
    return count


@internal
@view
def _sum(place: uint256, count: uint256) -> uint256:
    """
    @notice The sum of the weights at `place`, below 2**77; refuses addresses out of order.
    """
    total: uint256 = 0
    before: uint256 = 0
    for i: uint256 in range(count, bound=MAX_RECIPIENTS):
        entry: uint256 = self._entry(place, i)
        who: uint256 = (entry >> 64) & MAX_UINT160
        if i != 0 and who <= before:
            raw_revert(abi_encode(i, method_id=method_id("NotAscending(uint256)")))
        before = who
        total = unsafe_add(total, entry & strict_abi.MAX_UINT64)
    return total


@internal
@view
def _entry(place: uint256, i: uint256) -> uint256:
    """
    @notice Four other bytes || address || u64 weight: the word that ends with recipient `i`.
    """
    at: uint256 = unsafe_add(unsafe_sub(place, 4), unsafe_mul(PACKED, i))
    return convert(slice(msg.data, at, 32), uint256)


@internal
@pure
def _leaf(index: uint256, who: uint256, amount: uint256) -> bytes32:
    """
    @notice The hash of a leaf: 0x00 || u32 index || address || u128 amount, in two words.
    """
    return keccak256(
        concat(
            convert((index << 216) | (who << 56) | (amount >> 72), bytes32),
            convert(convert(amount & MAX_UINT72, uint72), bytes9),
        )
    )
