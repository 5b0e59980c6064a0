# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Merkle-Patricia proofs
@notice Shows that a key of 32 bytes has a value in a trie of which only the root is known.
@dev Rules: Ethereum Yellow Paper, appendix D.  Keys are paths of exactly 64 nibbles: whoever
     asks has hashed them already, as the state and storage tries of Ethereum do.
     A proof lists the nodes from the root down, each in RLP.  A node of less than 32 bytes,
     which lies within its parent, is listed too (specs, protocol/withdrawals.md), although
     eth_getProof leaves it out.  Everything after the node with the value is refused.
     Nodes are as large as they can be under such keys: 16 hashes and no value make 532 bytes.
     The words of a refusal are those of the OP Stack's library.
"""

MAX_NODE: constant(uint256) = 544
MAX_DEPTH: constant(uint256) = 65
MAX_VALUE: constant(uint256) = 33

NIBBLES: constant(uint256) = 64
BRANCH_ITEMS: constant(uint256) = 17
PATH_ITEMS: constant(uint256) = 2
# Room to read a word at any byte of a node.
PADDING: constant(Bytes[32]) = (
    x"0000000000000000000000000000000000000000000000000000000000000000"
)


@internal
@pure
def _includes(
    key: bytes32,
    expected: Bytes[MAX_VALUE],
    proof: DynArray[Bytes[MAX_NODE], MAX_DEPTH],
    root: bytes32,
) -> bool:
    """
    @notice Whether the trie with that root holds exactly that value, in RLP, under the key.
    @dev Reverts for a proof that does not lead to a value.
    """
    assert len(proof) != 0, "MerkleTrie: ran out of proof elements"
    path: uint256 = convert(key, uint256)
    walked: uint256 = 0
    child_hash: bytes32 = root
    # Whether the child lies within its parent, which only nodes below 32 bytes do.
    is_inline: bool = False
    depth: uint256 = 0
    for node: Bytes[MAX_NODE] in proof:
        depth += 1
        if depth == 1:
            assert keccak256(node) == root, "MerkleTrie: invalid root hash"
        elif len(node) >= 32:
            assert keccak256(node) == child_hash, "MerkleTrie: invalid large internal hash"
        else:
            assert is_inline, "MerkleTrie: invalid internal node hash"
            assert keccak256(node) == child_hash, "MerkleTrie: invalid internal node hash"
        padded: Bytes[MAX_NODE + 32] = concat(node, PADDING)
        starts: uint256[BRANCH_ITEMS + 1] = empty(uint256[BRANCH_ITEMS + 1])
        count: uint256 = 0
        starts, count = self._items(padded)
        index: uint256 = 0
        if count == BRANCH_ITEMS:
            if walked == NIBBLES:
                return self._is_value(padded, starts[16], expected, depth == len(proof))
            index = (path >> (252 - 4 * walked)) & 15
            walked += 1
        else:
            assert count == PATH_ITEMS, "MerkleTrie: received an unparseable node"
            is_leaf: bool = False
            shared: uint256 = 0
            is_leaf, shared = self._follow(padded, starts[0], path, walked)
            walked += shared
            if is_leaf:
                assert walked == NIBBLES, (
                    "MerkleTrie: key remainder must be identical to path remainder"
                )
                return self._is_value(padded, starts[1], expected, depth == len(proof))
            index = 1
        size: uint256 = starts[index + 1] - starts[index]
        is_inline = size < 32
        if is_inline:
            child_hash = keccak256(slice(padded, starts[index], size))
        else:
            # 33 bytes: the header of a string of 32, and a hash.
            assert size == 33, "MerkleTrie: invalid large internal hash"
            child_hash = extract32(padded, starts[index] + 1)
    raise "MerkleTrie: ran out of proof elements"


@internal
@pure
def _is_value(
    padded: Bytes[MAX_NODE + 32], start: uint256, expected: Bytes[MAX_VALUE], is_last: bool
) -> bool:
    head: uint256 = 0
    size: uint256 = 0
    is_list: bool = False
    head, size, is_list = self._header(convert(extract32(padded, start), uint256))
    assert not is_list, "MerkleTrie: received an unparseable node"
    assert size != 0, "MerkleTrie: value length must be greater than zero"
    assert is_last, "MerkleTrie: value node must be last node in proof"
    if size > MAX_VALUE:
        return False
    return keccak256(slice(padded, start + head, size)) == keccak256(expected)


@internal
@pure
def _follow(
    padded: Bytes[MAX_NODE + 32], start: uint256, path: uint256, walked: uint256
) -> (bool, uint256):
    """
    @notice Compare the path in a leaf or an extension with what is left of the key.
    @return Whether the node is a leaf, and how many nibbles its path has.
    """
    head: uint256 = 0
    size: uint256 = 0
    is_list: bool = False
    head, size, is_list = self._header(convert(extract32(padded, start), uint256))
    assert not is_list and size != 0 and size <= 33, "MerkleTrie: received an unparseable node"
    begin: uint256 = start + head
    first: uint256 = convert(extract32(padded, begin), uint256) >> 248
    flag: uint256 = first >> 4
    assert flag < 4, "MerkleTrie: received a node with an unknown prefix"
    is_odd: bool = flag & 1 == 1
    # Hex prefix encoding: an even path is preceded by a nibble of zero.
    assert is_odd or first & 15 == 0, "MerkleTrie: received a node with an unknown prefix"
    nibbles: uint256 = (size - 1) * 2 + (flag & 1)
    assert nibbles <= NIBBLES - walked, (
        "MerkleTrie: path remainder must share all nibbles with key"
    )
    if nibbles != 0:
        # Both left-aligned in a word.
        stated: uint256 = 0
        if size > 1:
            stated = convert(extract32(padded, begin + 1), uint256)
        if is_odd:
            stated = (stated >> 4) | ((first & 15) << 252)
        unused: uint256 = 256 - 4 * nibbles
        assert stated >> unused == (path << (4 * walked)) >> unused, (
            "MerkleTrie: path remainder must share all nibbles with key"
        )
    return flag >= 2, nibbles


@internal
@pure
def _items(padded: Bytes[MAX_NODE + 32]) -> (uint256[BRANCH_ITEMS + 1], uint256):
    """
    @notice Split a list.
    @return Where each item begins, closed by where the last one ends; how many there are.
    """
    starts: uint256[BRANCH_ITEMS + 1] = empty(uint256[BRANCH_ITEMS + 1])
    end: uint256 = len(padded) - 32
    head: uint256 = 0
    size: uint256 = 0
    is_list: bool = False
    head, size, is_list = self._header(convert(extract32(padded, 0), uint256))
    assert is_list and head + size == end, "MerkleTrie: received an unparseable node"
    count: uint256 = 0
    position: uint256 = head
    starts[0] = position
    for i: uint256 in range(BRANCH_ITEMS):
        if position == end:
            break
        head, size, is_list = self._header(convert(extract32(padded, position), uint256))
        position += head + size
        assert position <= end, "MerkleTrie: received an unparseable node"
        count += 1
        starts[count] = position
    assert position == end, "MerkleTrie: received an unparseable node"
    return starts, count


@internal
@pure
def _header(word: uint256) -> (uint256, uint256, bool):
    """
    @notice Read how an RLP item begins.
    @param word Its first 32 bytes.
    @return Bytes of its header, bytes of its payload, whether it is a list.
    """
    first: uint256 = word >> 248
    if first < 128:
        return 0, 1, False
    if first < 184:
        # A single byte below 128 stands for itself.
        assert first != 129 or (word >> 240) & 255 >= 128, (
            "MerkleTrie: received an unparseable node"
        )
        return 1, first - 128, False
    if first < 192:
        return first - 182, self._long_size(word, first - 183), False
    if first < 248:
        return 1, first - 192, True
    return first - 246, self._long_size(word, first - 247), True


@internal
@pure
def _long_size(word: uint256, width: uint256) -> uint256:
    # What a node can hold fits in two bytes, which also keeps sums of sizes from overflowing.
    assert width <= 2, "MerkleTrie: received an unparseable node"
    size: uint256 = (word << 8) >> (256 - 8 * width)
    assert size >= 56 and (width == 1 or size > 255), "MerkleTrie: received an unparseable node"
    return size
