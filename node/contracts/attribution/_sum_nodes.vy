# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Nodes of sum trees
@notice A sum tree commits to amounts and to what they sum to:
            node  H(0x01 || hash L || u128 sum L || hash R || u128 sum R), sum L + sum R
            root  H(0x02 || u32 n || u128 total || hash of the top)
        and the last node of an odd row moves up as it is.
"""

struct Node:
    digest: bytes32
    sum: uint256

MAX_PROOF: constant(uint256) = 4 + 48 * 32
MAX_LEVELS: constant(uint256) = 32
MAX_SUM: constant(uint256) = 2**128 - 1


@internal
@pure
def _join(_left: bytes32, _left_sum: uint256, _right: bytes32, _right_sum: uint256) -> bytes32:
    """
    @notice The hash of the node above two, whose sums are below 2**128.
    """
    return keccak256(
        concat(
            x"01",
            _left,
            convert(convert(_left_sum, uint128), bytes16),
            _right,
            convert(convert(_right_sum, uint128), bytes16),
        )
    )


@internal
@pure
def _root(_count: uint256, _top: Node) -> bytes32:
    """
    @notice The root of the tree of `_count` leaves whose top is `_top`.
    """
    return keccak256(
        concat(
            x"02",
            convert(convert(_count, uint32), bytes4),
            convert(convert(_top.sum, uint128), bytes16),
            _top.digest,
        )
    )


@internal
@pure
def _climb(
    _node: Node, _start: uint256, _size: uint256, _count: uint256, _proof: Bytes[MAX_PROOF]
) -> Node:
    """
    @notice The top of a tree of `_count` leaves, from the node above the `_size` leaves that
            begin at `_start` and its siblings.
    @param _size A power of two that divides `_start`.
    @param _proof u32 n || (hash || u128 sum) of each sibling upwards.
    @return The top; an empty node where the proof is not of this size or sums overflow.
    """
    node: Node = _node
    index: uint256 = _start // _size
    row: uint256 = (_count + _size - 1) // _size
    at: uint256 = 4
    if len(_proof) < 4 or convert(slice(_proof, 0, 4), uint256) != _count:
        return empty(Node)
    for _: uint256 in range(MAX_LEVELS):
        if row == 1:
            break
        # The last node of an odd row has no sibling.
        if index ^ 1 < row:
            if at + 48 > len(_proof):
                return empty(Node)
            sibling: Node = Node(
                digest=extract32(_proof, at),
                sum=convert(slice(_proof, at + 32, 16), uint256),
            )
            if node.sum + sibling.sum > MAX_SUM:
                return empty(Node)
            if index & 1 == 1:
                node.digest = self._join(sibling.digest, sibling.sum, node.digest, node.sum)
            else:
                node.digest = self._join(node.digest, node.sum, sibling.digest, sibling.sum)
            node.sum += sibling.sum
            at += 48
        index = index >> 1
        row = (row + 1) >> 1
    if at != len(_proof):
        return empty(Node)
    return node
