# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title AttributionEvidence
@notice The twin of the evidence precompile at 0x...A771, for chains without it: the same
        calls, the same output, and the same revert data for every input.
@dev The references are in precompiles/evidence, and the order of refusals is in its
     refusals.py; both must be kept in step with this file.

     Everything begins in __default__, because Vyper's own reading of arguments is laxer (it
     skips bytes after the end) and reverts without data.  No storage, no constructor.

     Gas, measured: compareSuffix of 256 bytes 10,900; matchLen of 256 bytes 11,900, of 16,384
     bytes 240,000; verifyChunk with 8 siblings 16,400 for 56 bytes, 16,900 for 1024, and from
     there on more, for memory (5000 bytes, no sibling: 75,000); knnShapley of 42 labels
     149,000; spans of 100 tokens in a document of 1000 21,000,000.
"""

from attribution import _evidence_input as reading
from attribution import _spans as search
from lib import merkle_tree

# function matchLen(bytes a, uint32 offA, bytes b, uint32 offB, uint32 max) pure returns (uint32 length)
# function verifyChunk(bytes32 root, uint64 index, bytes chunk, bytes proof) pure returns (bool proven)
# function spans(bytes output, bytes[] docs, uint16 minLen) pure returns (bytes entries)
# function compareSuffix(bytes x, bytes y) pure returns (int8 order)
# function knnShapley(uint8 k, uint8 yq, uint8[] labelsSorted) pure returns (int64[] num, uint64 den)
# error ValueNotAccepted()
# error UnknownSelector(bytes4)
# error InputTooLong(uint256)
# error OffsetOutOfRange(uint256, uint256)
# error ZeroNeighbours()
# error TooManyLabels(uint256)

MAX_INPUT: constant(uint256) = 65_536
MAX_UINT8: constant(uint256) = 2**8 - 1
MAX_UINT32: constant(uint256) = 2**32 - 1
MAX_UINT64: constant(uint256) = 2**64 - 1
MAX_DENOMINATOR: constant(uint256) = 2**63 - 1
# No k takes more labels below that denominator.
MAX_LABELS: constant(uint256) = 263
# Words of the longest input.
MAX_WORDS: constant(uint256) = 2048
MAX_DEPTH: constant(uint256) = 64
MAX_SUFFIX: constant(uint256) = 256
# Offset of the labels, denominator, number of labels, 263 values.
MAX_OUTPUT: constant(uint256) = 8512

IDENTITY: constant(address) = 0x0000000000000000000000000000000000000004
# Where a chunk's content is, and that of one with 1024 bytes ends.
CHUNK_AT: constant(uint256) = 164
SMALL_CHUNK: constant(uint256) = 1024
SMALL_INPUT: constant(uint256) = 1188


@external
@payable
@raw_return
def __default__() -> Bytes[MAX_OUTPUT]:
    if msg.value != 0:
        raw_revert(method_id("ValueNotAccepted()"))
    size: uint256 = len(msg.data)
    if size < 4:
        reading._malformed(size)
    selector: bytes4 = convert(slice(msg.data, 0, 4), bytes4)
    if selector == method_id(
        "matchLen(bytes,uint32,bytes,uint32,uint32)", output_type=bytes4
    ):
        return abi_encode(self._match_len())
    if selector == method_id("compareSuffix(bytes,bytes)", output_type=bytes4):
        return abi_encode(self._compare_suffix())
    if selector == method_id("knnShapley(uint8,uint8,uint8[])", output_type=bytes4):
        values: DynArray[int256, MAX_LABELS] = []
        denominator: uint256 = 0
        values, denominator = self._knn_shapley()
        return abi_encode(values, denominator)
    if selector == method_id("spans(bytes,bytes[],uint16)", output_type=bytes4):
        self._bound()
        words: DynArray[uint256, 108] = search._spans()
        # Without the offset and the number of words, which are not those of `bytes`.
        return slice(abi_encode(words), 64, 32 * len(words))
    if selector != method_id("verifyChunk(bytes32,uint64,bytes,bytes)", output_type=bytes4):
        raw_revert(abi_encode(selector, method_id=method_id("UnknownSelector(bytes4)")))
    index: uint256 = 0
    length: uint256 = 0
    proof: uint256 = 0
    index, length, proof = self._chunk_shape()
    number: bytes8 = convert(convert(index, uint64), bytes8)
    if length <= SMALL_CHUNK:
        return abi_encode(self._follow(index, self._small_leaf(number, length), proof))
    # Last in this function, so that only a large chunk pays for memory as large.
    input: Bytes[MAX_INPUT] = raw_call(
        IDENTITY, msg.data, max_outsize=MAX_INPUT, is_static_call=True
    )
    leaf: bytes32 = keccak256(concat(x"00", number, slice(input, CHUNK_AT, length)))
    return abi_encode(self._follow(index, leaf, proof))


@internal
@view
def _bound():
    if len(msg.data) > MAX_INPUT:
        raw_revert(abi_encode(len(msg.data), method_id=method_id("InputTooLong(uint256)")))


@internal
@view
def _match_len() -> uint256:
    """
    @notice matchLen(bytes a,uint32 offA,bytes b,uint32 offB,uint32 max)
    """
    self._bound()
    a_length: uint256 = 0
    b_length: uint256 = 0
    b_start: uint256 = 0
    end: uint256 = 0
    a_length, b_start = reading._bytes(4, 164, reading.SELECTOR)
    a_offset: uint256 = reading._word(36, MAX_UINT32)
    b_length, end = reading._bytes(68, b_start, reading.SELECTOR)
    b_offset: uint256 = reading._word(100, MAX_UINT32)
    most: uint256 = reading._word(132, MAX_UINT32)
    reading._nothing_follows(end)
    self._within(a_offset, a_length)
    self._within(b_offset, b_length)
    reach: uint256 = min(most, min(a_length - a_offset, b_length - b_offset))
    return reading._equal(196 + a_offset, b_start + 32 + b_offset, reach)


@internal
@pure
def _within(offset: uint256, length: uint256):
    if offset > length:
        raw_revert(
            abi_encode(offset, length, method_id=method_id("OffsetOutOfRange(uint256,uint256)"))
        )


@internal
@view
def _compare_suffix() -> int256:
    """
    @notice compareSuffix(bytes x,bytes y)
    """
    self._bound()
    x_length: uint256 = 0
    y_length: uint256 = 0
    y_start: uint256 = 0
    end: uint256 = 0
    x_length, y_start = reading._bytes(4, 68, reading.SELECTOR)
    y_length, end = reading._bytes(36, y_start, reading.SELECTOR)
    reading._nothing_follows(end)
    x_length = min(x_length, MAX_SUFFIX)
    y_length = min(y_length, MAX_SUFFIX)
    reach: uint256 = min(x_length, y_length)
    found: uint256 = reading._equal(100, y_start + 32, reach)
    x: uint256 = x_length
    y: uint256 = y_length
    if found < reach:
        x = convert(slice(msg.data, 100 + found, 1), uint256)
        y = convert(slice(msg.data, y_start + 32 + found, 1), uint256)
    if x == y:
        return 0
    if x < y:
        return -1
    return 1


@internal
@view
def _knn_shapley() -> (DynArray[int256, MAX_LABELS], uint256):
    """
    @notice knnShapley(uint8 k,uint8 yq,uint8[] labelsSorted)
    @return The numerators and the denominator.
    """
    self._bound()
    k: uint256 = reading._word(4, MAX_UINT8)
    label: uint256 = reading._word(36, MAX_UINT8)
    count: uint256 = reading._length(68, 100, reading.SELECTOR)
    end: uint256 = reading._end_of_words(100, count)
    for i: uint256 in range(count, bound=MAX_WORDS):
        reading._word(132 + 32 * i, MAX_UINT8)
    reading._nothing_follows(end)
    if k == 0:
        raw_revert(method_id("ZeroNeighbours()"))
    denominator: uint256 = self._common_multiple(k, count)
    value: int256 = 0
    values: DynArray[int256, MAX_LABELS] = []
    # The first value is the sum of all steps; each next one has one step less.
    for rank: uint256 in range(1, count + 1, bound=MAX_LABELS):
        value += self._step(k, label, rank, count, denominator)
    for rank: uint256 in range(1, count + 1, bound=MAX_LABELS):
        values.append(value)
        value -= self._step(k, label, rank, count, denominator)
    return values, denominator


@internal
@view
def _step(
    k: uint256, label: uint256, rank: uint256, count: uint256, denominator: uint256
) -> int256:
    """
    @notice What the label of that rank is worth more than the next one, over the denominator.
    """
    at: uint256 = 100 + 32 * rank
    step: int256 = convert(denominator // max(k, rank), int256)
    match: bool = reading._at(at) == label
    after: bool = rank < count and reading._at(min(at + 32, 100 + 32 * count)) == label
    if match == after:
        return 0
    if match:
        return step
    return -step


@internal
@pure
def _common_multiple(k: uint256, count: uint256) -> uint256:
    """
    @notice The least common multiple of k and k+1 .. count, below 2**63 or refused.
    """
    multiple: uint256 = k
    for i: uint256 in range(MAX_WORDS):
        rank: uint256 = k + 1 + i
        if rank > count:
            break
        a: uint256 = multiple
        b: uint256 = rank
        # Euclid on a number below 2048 takes at most 17 steps.
        for _: uint256 in range(32):
            if b == 0:
                break
            rest: uint256 = a % b
            a = b
            b = rest
        multiple *= rank // a
        if multiple > MAX_DENOMINATOR:
            raw_revert(abi_encode(count, method_id=method_id("TooManyLabels(uint256)")))
    return multiple


@internal
@view
def _chunk_shape() -> (uint256, uint256, uint256):
    """
    @notice Read the input of verifyChunk(bytes32 root,uint64 index,bytes chunk,bytes proof).
    @return The index, the length of the chunk, and where the proof is.
    """
    self._bound()
    reading._word(4, max_value(uint256))
    index: uint256 = reading._word(36, MAX_UINT64)
    length: uint256 = 0
    proof: uint256 = 0
    proof_length: uint256 = 0
    end: uint256 = 0
    length, proof = reading._bytes(68, 132, reading.SELECTOR)
    proof_length, end = reading._bytes(100, proof, reading.SELECTOR)
    reading._nothing_follows(end)
    return index, length, proof


@internal
@view
def _small_leaf(number: bytes8, length: uint256) -> bytes32:
    """
    @notice The hash of a chunk of at most 1024 bytes.
    """
    input: Bytes[SMALL_INPUT] = raw_call(
        IDENTITY, msg.data, max_outsize=SMALL_INPUT, is_static_call=True
    )
    return keccak256(concat(x"00", number, slice(input, CHUNK_AT, length)))


@internal
@view
def _follow(index: uint256, leaf: bytes32, proof: uint256) -> bool:
    """
    @notice Whether the proof whose length is at byte `proof` leads from the leaf to the root.
    """
    length: uint256 = reading._at(proof)
    if length < 8:
        return False
    at: uint256 = proof + 32
    end: uint256 = at + length
    count: uint256 = convert(slice(msg.data, at, 8), uint256)
    if index >= count:
        return False
    at += 8
    top: bytes32 = leaf
    place: uint256 = index
    last: uint256 = count - 1
    for _: uint256 in range(MAX_DEPTH):
        if last == 0:
            break
        if place % 2 == 1 or place < last:
            if at + 32 > end:
                return False
            sibling: bytes32 = convert(reading._at(at), bytes32)
            at += 32
            if place % 2 == 1:
                top = keccak256(concat(x"01", sibling, top))
            else:
                top = keccak256(concat(x"01", top, sibling))
        place //= 2
        last //= 2
    if at != end:
        return False
    return merkle_tree._root(count, top) == convert(reading._at(4), bytes32)
