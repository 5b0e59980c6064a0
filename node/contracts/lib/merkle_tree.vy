# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title The plain Merkle tree
@notice Roots and proofs of the tree that datasets, evidence and records are committed by.
@dev The rule is in precompiles/evidence/merkle.py.  With H = keccak256 and numbers as u64:
         leaf i  H(0x00 || i || chunk)
         node    H(0x01 || left || right); a node without neighbour moves up as it is
         root    H(0x02 || n || top); of nothing H(0x02 || 0)
     Numbers that these functions are given must be below 2**64.
"""

MAX_LEAVES: constant(uint256) = 256
MAX_CHUNK: constant(uint256) = 1024
MAX_DEPTH: constant(uint256) = 64
# The number, and a sibling for each level.
MAX_PROOF: constant(uint256) = 2056

# Bytes of the leaves that evidence and batches are made of, and 256 of them.
EVIDENCE_LEAF: constant(uint256) = 56
RECORD_LEAF: constant(uint256) = 180
MAX_EVIDENCE: constant(uint256) = 14_336
MAX_RECORDS: constant(uint256) = 46_080


@internal
@pure
def _leaf(index: uint256, chunk: Bytes[MAX_CHUNK]) -> bytes32:
    """
    @notice The hash of the chunk at `index`.
    """
    return keccak256(concat(x"00", convert(convert(index, uint64), bytes8), chunk))


@internal
@pure
def _root(count: uint256, top: bytes32) -> bytes32:
    """
    @notice The root over `count` chunks whose tree ends in `top`.
    """
    number: bytes8 = convert(convert(count, uint64), bytes8)
    if count == 0:
        return keccak256(concat(x"02", number))
    return keccak256(concat(x"02", number, top))


@internal
@pure
def _root_of(leaves: DynArray[bytes32, MAX_LEAVES]) -> bytes32:
    """
    @notice The root over leaves that are hashed already (`_leaf`).
    """
    count: uint256 = len(leaves)
    level: DynArray[bytes32, MAX_LEAVES] = leaves
    width: uint256 = count
    for _: uint256 in range(8):
        if width < 2:
            break
        pairs: uint256 = width // 2
        for i: uint256 in range(pairs, bound=128):
            level[i] = keccak256(concat(x"01", level[2 * i], level[2 * i + 1]))
        if width % 2 == 1:
            level[pairs] = level[width - 1]
        width = pairs + width % 2
    if count == 0:
        return self._root(0, empty(bytes32))
    return self._root(count, level[0])


@internal
@pure
def _evidence_root(leaves: Bytes[MAX_EVIDENCE]) -> bytes32:
    """
    @notice The root over evidence leaves, 56 bytes each, one after the other.
    @dev Bytes after the last whole leaf are not looked at: check the length.
    """
    hashes: DynArray[bytes32, MAX_LEAVES] = []
    for i: uint256 in range(len(leaves) // EVIDENCE_LEAF, bound=MAX_LEAVES):
        hashes.append(self._leaf(i, slice(leaves, i * EVIDENCE_LEAF, EVIDENCE_LEAF)))
    return self._root_of(hashes)


@internal
@pure
def _records_root(records: Bytes[MAX_RECORDS]) -> bytes32:
    """
    @notice The root over record leaves, 180 bytes each, one after the other.
    @dev Bytes after the last whole record are not looked at: check the length.
    """
    hashes: DynArray[bytes32, MAX_LEAVES] = []
    for i: uint256 in range(len(records) // RECORD_LEAF, bound=MAX_LEAVES):
        hashes.append(self._leaf(i, slice(records, i * RECORD_LEAF, RECORD_LEAF)))
    return self._root_of(hashes)


@internal
@pure
def _proves(
    root: bytes32, index: uint256, chunk: Bytes[MAX_CHUNK], proof: Bytes[MAX_PROOF]
) -> bool:
    """
    @notice Whether `proof` shows that `chunk` stands at `index` below `root`.
    @dev What does not fit (an index beyond the number, siblings missing or left over) is a no.
    """
    if index >= 2**64:
        return False
    return self._proves_leaf(root, index, self._leaf(index, chunk), proof)


@internal
@pure
def _proves_leaf(
    root: bytes32, index: uint256, leaf: bytes32, proof: Bytes[MAX_PROOF]
) -> bool:
    """
    @notice The same of a chunk of any size, of which `leaf` is the hash with that index.
    """
    if len(proof) < 8:
        return False
    count: uint256 = convert(slice(proof, 0, 8), uint256)
    if index >= count:
        return False
    top: bytes32 = leaf
    place: uint256 = index
    last: uint256 = count - 1
    at: uint256 = 8
    for _: uint256 in range(MAX_DEPTH):
        if last == 0:
            break
        if place % 2 == 1 or place < last:
            if at + 32 > len(proof):
                return False
            sibling: bytes32 = extract32(proof, at)
            at += 32
            if place % 2 == 1:
                top = keccak256(concat(x"01", sibling, top))
            else:
                top = keccak256(concat(x"01", top, sibling))
        place //= 2
        last //= 2
    return at == len(proof) and self._root(count, top) == root
