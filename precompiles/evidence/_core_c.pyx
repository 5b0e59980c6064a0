# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled core; `_core_py` and `merkle` say what it computes and why."""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from byline.derivation.kernels._keccak_c cimport keccak256_into

from byline.precompiles.evidence.refusals import (
    offset_out_of_range,
    too_many_labels,
    zero_neighbours,
)

cdef extern from *:
    # Cython takes it for 64 bits wide: whatever meets it in one expression is cast to it first.
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef enum:
    SUFFIX = 256
    HASH = 32
    U64 = 8
    # Tag, index; then the chunk.
    LEAF_HEAD = 9
    # Tag, two hashes.
    NODE = 65
    # Tag, number, hash.
    ROOT = 41
    MAX_DEPTH = 64


def match_len(bytes a, object off_a, bytes b, object off_b, object most):
    """Count equal bytes; see `_core_py.match_len`."""
    cdef Py_ssize_t reach, first, second, length = 0
    cdef const uint8_t* left
    cdef const uint8_t* right
    cdef uint64_t x, y
    if off_a > len(a):
        raise offset_out_of_range(off_a, len(a))
    if off_b > len(b):
        raise offset_out_of_range(off_b, len(b))
    if off_a < 0 or off_b < 0 or most < 0:
        raise ValueError(f"offsets {off_a}, {off_b} and bound {most} must not be negative")
    first = off_a
    second = off_b
    reach = min(len(a) - first, len(b) - second)
    if most < reach:
        reach = most
    left = <const uint8_t*> PyBytes_AS_STRING(a) + first
    right = <const uint8_t*> PyBytes_AS_STRING(b) + second
    while length + 8 <= reach:
        memcpy(&x, left + length, 8)
        memcpy(&y, right + length, 8)
        if x != y:
            break
        length += 8
    while length < reach and left[length] == right[length]:
        length += 1
    return length


def compare_suffix(bytes x, bytes y):
    """Compare the first 256 bytes; see `_core_py.compare_suffix`."""
    cdef Py_ssize_t first = min(len(x), <Py_ssize_t> SUFFIX)
    cdef Py_ssize_t second = min(len(y), <Py_ssize_t> SUFFIX)
    cdef int found = memcmp(
        PyBytes_AS_STRING(x), PyBytes_AS_STRING(y), <size_t> min(first, second)
    )
    if found == 0:
        return (first > second) - (first < second)
    return 1 if found > 0 else -1


def verify_chunk(bytes root, object index, bytes chunk, bytes proof):
    """Follow a proof to the root; see `merkle.verify_chunk`."""
    cdef const uint8_t* given = <const uint8_t*> PyBytes_AS_STRING(proof)
    cdef Py_ssize_t size = len(proof), at = U64
    cdef uint64_t count, place, last
    cdef uint8_t top[HASH]
    cdef uint8_t node[NODE]
    cdef uint8_t whole[ROOT]
    if len(root) != HASH or size < U64 or index < 0:
        return False
    count = read_u64(given)
    if index >= count:
        return False
    place = index
    last = count - 1
    if not fits(place, last, size):
        return False
    hash_leaf(given, place, chunk, top)
    node[0] = 1
    while last:
        if place & 1:
            memcpy(node + 1, given + at, HASH)
            memcpy(node + 1 + HASH, top, HASH)
        elif place < last:
            memcpy(node + 1, top, HASH)
            memcpy(node + 1 + HASH, given + at, HASH)
        if place & 1 or place < last:
            keccak256_into(node, NODE, top)
            at += HASH
        place >>= 1
        last >>= 1
    whole[0] = 2
    memcpy(whole + 1, given, U64)
    memcpy(whole + 1 + U64, top, HASH)
    keccak256_into(whole, ROOT, top)
    return memcmp(top, PyBytes_AS_STRING(root), HASH) == 0


cdef bint fits(uint64_t place, uint64_t last, Py_ssize_t size) noexcept:
    """Return whether a proof of that size has exactly the siblings of that place."""
    cdef Py_ssize_t wanted = U64
    while last:
        if place & 1 or place < last:
            wanted += HASH
        place >>= 1
        last >>= 1
    return wanted == size


cdef int hash_leaf(const uint8_t* number, uint64_t index, bytes chunk, uint8_t* out) except -1:
    cdef Py_ssize_t size = len(chunk)
    cdef uint8_t* leaf = <uint8_t*> PyMem_Malloc(<size_t> (LEAF_HEAD + size))
    cdef int byte
    if leaf == NULL:
        raise MemoryError
    leaf[0] = 0
    for byte in range(8):
        leaf[1 + byte] = <uint8_t> (index >> (56 - 8 * byte))
    memcpy(leaf + LEAF_HEAD, PyBytes_AS_STRING(chunk), <size_t> size)
    keccak256_into(leaf, <size_t> (LEAF_HEAD + size), out)
    PyMem_Free(leaf)
    return 0


cdef uint64_t read_u64(const uint8_t* data) noexcept:
    cdef uint64_t value = 0
    cdef int byte
    for byte in range(8):
        value = value << 8 | data[byte]
    return value


def knn_shapley(int k, int label, bytes labels):
    """Value the neighbours of one vote; see `_core_py.knn_shapley`."""
    cdef Py_ssize_t count = len(labels), rank
    cdef const uint8_t* given = <const uint8_t*> PyBytes_AS_STRING(labels)
    cdef uint64_t denominator
    cdef int64_t value = 0
    cdef int match, after = 0
    if k == 0:
        raise zero_neighbours()
    if k < 0 or k > 255:
        raise ValueError(f"k is {k}, and must fit uint8")
    denominator = common_multiple(k, count)
    if denominator == 0:
        raise too_many_labels(count)
    values = [0] * count
    for rank in range(count, 0, -1):
        match = given[rank - 1] == label
        # A match is worth at most 1, so no value leaves -denominator..denominator.
        value += (match - after) * <int64_t> (denominator // <uint64_t> max(k, rank))
        values[rank - 1] = value
        after = match
    return tuple(values), denominator


cdef uint64_t common_multiple(int k, Py_ssize_t count) noexcept:
    """Return the least common multiple of k and k+1 .. count, or 0 from 2**63 on."""
    cdef uint64_t multiple = <uint64_t> k, a, b, rest
    cdef uint128_t wider
    cdef Py_ssize_t rank
    for rank in range(k + 1, count + 1):
        a = multiple
        b = <uint64_t> rank
        while b:
            rest = a % b
            a = b
            b = rest
        wider = <uint128_t> multiple * <uint128_t> (<uint64_t> rank // a)
        if wider >> 63:
            return 0
        multiple = <uint64_t> wider
    return multiple
