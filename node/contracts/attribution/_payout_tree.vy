# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Payout trees
@notice payoutTree(uint128 amount,bytes nodes,bytes edges) of the attribution math: how an
        amount that enters at the last node flows to its ancestors.
@dev The rule is in precompiles/math/_payout_tree_py.py, and the order of refusals in
     precompiles/math/tree_refusals.py; both must be kept in step with this file.

     Nodes and edges are read where they lie in the input, and two nodes share a word, because
     every call of a contract pays for the memory of each function that it might have called:
     16 KB here, 2,000 gas.  Measured: 15,000 gas for one node, about 1,000 for each more and
     1,800 for each edge.
"""

from lib import strict_abi

# error RaggedEntries(uint256)
# error TooManyNodes(uint256)
# error TooManyEdges(uint256)
# error NoRecipients()
# error BadBps(uint256)
# error NotAscending(uint256)
# error BadTree(uint256)

MAX_NODES: constant(uint256) = 1024
MAX_PAIRS: constant(uint256) = 512
MAX_EDGES: constant(uint256) = 4096
NODE: constant(uint256) = 2
EDGE: constant(uint256) = 8
WHOLE: constant(uint256) = 10_000

AMOUNT_AT: constant(uint256) = 4
NODES_AT: constant(uint256) = 36
EDGES_AT: constant(uint256) = 68
TAIL_AT: constant(uint256) = 100


@internal
@view
def _payout_tree() -> (DynArray[uint256, MAX_PAIRS], uint256):
    """
    @notice What each node keeps of the amount, and how many nodes there are; reads all of the
            input.
    @dev Node v is the upper half of word v / 2 where v is even, else the lower half.
    """
    amount: uint256 = strict_abi.word(AMOUNT_AT, strict_abi.MAX_UINT128)
    size: uint256 = strict_abi.length_of(NODES_AT, TAIL_AT)
    if size % NODE != 0:
        raw_revert(abi_encode(size, method_id=method_id("RaggedEntries(uint256)")))
    count: uint256 = size // NODE
    if count > MAX_NODES:
        raw_revert(abi_encode(count, method_id=method_id("TooManyNodes(uint256)")))
    start: uint256 = strict_abi.end_of_bytes(TAIL_AT, size)
    size = strict_abi.length_of(EDGES_AT, start)
    if size % EDGE != 0:
        raw_revert(abi_encode(size, method_id=method_id("RaggedEntries(uint256)")))
    links: uint256 = size // EDGE
    if links > MAX_EDGES:
        raw_revert(abi_encode(links, method_id=method_id("TooManyEdges(uint256)")))
    strict_abi.nothing_follows(strict_abi.end_of_bytes(start, size))
    if count == 0:
        raw_revert(method_id("NoRecipients()"))
    kept: DynArray[uint256, MAX_PAIRS] = []
    for node: uint256 in range(count, bound=MAX_NODES):
        share: uint256 = self._share(node)
        if share > WHOLE:
            raw_revert(abi_encode(share, method_id=method_id("BadBps(uint256)")))
        if node & 1 == 0:
            kept.append(0)
    first_edge: uint256 = start + 32
    self._check_edges(first_edge, links, count)
    last: uint256 = unsafe_sub(count, 1)
    kept[last >> 1] = amount << self._shift(last)
    # Edges ascend by child, so those of a node are the last that are left.
    end: uint256 = links
    for back: uint256 in range(count, bound=MAX_NODES):
        node: uint256 = count - 1 - back
        first: uint256 = end
        total: uint256 = 0
        for _: uint256 in range(MAX_EDGES):
            if first == 0:
                break
            edge: uint256 = self._edge(first_edge, unsafe_sub(first, 1))
            if edge >> 48 != node:
                break
            total = unsafe_add(total, edge & strict_abi.MAX_UINT32)
            first = unsafe_sub(first, 1)
        if first == end:
            continue
        pair: uint256 = kept[node >> 1]
        up: uint256 = self._shift(node)
        flow: uint256 = self._half(pair, node)
        rest: uint256 = unsafe_sub(flow, unsafe_div(unsafe_mul(flow, self._share(node)), WHOLE))
        kept[node >> 1] = unsafe_sub(pair, rest << up)
        reached: uint256 = 0
        paid: uint256 = 0
        for at: uint256 in range(first, end, bound=MAX_EDGES):
            edge: uint256 = self._edge(first_edge, at)
            reached = unsafe_add(reached, edge & strict_abi.MAX_UINT32)
            # At most 2**172: an amount of 128 bits times 4096 weights of 32.
            due: uint256 = unsafe_div(unsafe_mul(rest, reached), total)
            parent: uint256 = (edge >> 32) & strict_abi.MAX_UINT16
            # All that is kept sums to the amount, so no half overflows.
            part: uint256 = unsafe_sub(due, paid) << self._shift(parent)
            kept[parent >> 1] = unsafe_add(kept[parent >> 1], part)
            paid = due
        end = first
    return kept, count


@internal
@view
def _check_edges(first_edge: uint256, links: uint256, count: uint256):
    """
    @notice Refuse the first edge that does not ascend, or breaks the tree's shape.
    """
    before: uint256 = 0
    for at: uint256 in range(links, bound=MAX_EDGES):
        edge: uint256 = self._edge(first_edge, at)
        ends: uint256 = edge >> 32
        if at != 0 and ends <= before:
            raw_revert(abi_encode(at, method_id=method_id("NotAscending(uint256)")))
        child: uint256 = ends >> 16
        if (
            ends & strict_abi.MAX_UINT16 >= child
            or child >= count
            or edge & strict_abi.MAX_UINT32 == 0
        ):
            raw_revert(abi_encode(at, method_id=method_id("BadTree(uint256)")))
        before = ends


@internal
@view
def _share(node: uint256) -> uint256:
    """
    @notice The basis points that a node keeps: the end of a word that ends with them.
    """
    at: uint256 = unsafe_add(TAIL_AT + 2, unsafe_mul(NODE, node))
    return convert(slice(msg.data, at, 32), uint256) & strict_abi.MAX_UINT16


@internal
@view
def _edge(first_edge: uint256, at: uint256) -> uint256:
    """
    @notice u16 child || u16 parent || u32 weight: the end of a word that ends with them.
    """
    place: uint256 = unsafe_add(first_edge - 24, unsafe_mul(EDGE, at))
    return convert(slice(msg.data, place, 32), uint256) & strict_abi.MAX_UINT64


@internal
@pure
def _shift(node: uint256) -> uint256:
    """
    @notice How far the half of `node` is from the end of its word.
    """
    return (unsafe_sub(1, node & 1)) << 7


@internal
@pure
def _half(pair: uint256, node: uint256) -> uint256:
    """
    @notice What `node` keeps, out of the word that it shares with a neighbour.
    """
    return (pair >> self._shift(node)) & strict_abi.MAX_UINT128
