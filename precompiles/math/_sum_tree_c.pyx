# cython: language_level=3
"""The compiled sum tree; `_sum_tree_py` says what it is, function by function.

A level is one block of nodes, and the level above is written over it: node k of a level is
made of the nodes 2k and 2k + 1 below, which nobody reads again.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memmove, memset

from byline.derivation.kernels._keccak_c cimport keccak256_into

from byline.precompiles.math.tree_refusals import not_ascending

cdef enum:
    WORD = 32
    ADDRESS = 20
    HASH = 32
    SUM = 16
    ENTRY = 36
    NODE = 48
    PACKED = 28
    # Tag, index and entry; tag and two nodes; tag, count, total and hash.
    LEAF_SIZE = 41
    JOIN_SIZE = 97
    ROOT_SIZE = 53


def levels(bytes entries not None, first):
    cdef Py_ssize_t count = checked_count(entries, first)
    cdef uint8_t *nodes = leaves(entries, <uint32_t> first, count)
    cdef list found = []
    try:
        found.append(PyBytes_FromStringAndSize(<const char *> nodes, count * NODE))
        while count > 1:
            count = fold(nodes, count)
            found.append(PyBytes_FromStringAndSize(<const char *> nodes, count * NODE))
    finally:
        PyMem_Free(nodes)
    return found


def top(bytes entries not None, first):
    cdef Py_ssize_t count = checked_count(entries, first)
    cdef uint8_t *nodes = leaves(entries, <uint32_t> first, count)
    try:
        while count > 1:
            count = fold(nodes, count)
        return PyBytes_FromStringAndSize(<const char *> nodes, NODE)
    finally:
        PyMem_Free(nodes)


def weights_of(bytes packed not None):
    cdef Py_ssize_t index, count = whole(packed, PACKED, "packed")
    cdef const uint8_t *source = <const uint8_t *> PyBytes_AS_STRING(packed)
    cdef bytes output = PyBytes_FromStringAndSize(NULL, count * WORD)
    cdef uint8_t *target = <uint8_t *> PyBytes_AS_STRING(output)
    for index in range(count):
        if index and memcmp(source, source - PACKED, ADDRESS) <= 0:
            raise not_ascending(index)
        memset(target, 0, WORD - 8)
        memcpy(target + WORD - 8, source + ADDRESS, 8)
        source += PACKED
        target += WORD
    return output


def entries_of(bytes packed not None, bytes words not None):
    cdef Py_ssize_t index, count = whole(packed, PACKED, "packed")
    cdef const uint8_t *source = <const uint8_t *> PyBytes_AS_STRING(packed)
    cdef const uint8_t *amount = <const uint8_t *> PyBytes_AS_STRING(words)
    if whole(words, WORD, "words") != count:
        raise ValueError(f"{len(words)} bytes of amounts for {count} recipients")
    cdef bytes output = PyBytes_FromStringAndSize(NULL, count * ENTRY)
    cdef uint8_t *target = <uint8_t *> PyBytes_AS_STRING(output)
    for index in range(count):
        memcpy(target, source, ADDRESS)
        memcpy(target + ADDRESS, amount + WORD - SUM, SUM)
        source += PACKED
        amount += WORD
        target += ENTRY
    return output


def proves(bytes root not None, total, index, bytes entry not None, bytes proof not None):
    # The conversions raise OverflowError for an index outside u32, a total outside u128.
    cdef uint32_t position = index
    cdef uint8_t wanted[SUM]
    cdef uint8_t node[NODE]
    cdef uint64_t width, place
    cdef Py_ssize_t left = len(proof) - 4
    cdef const uint8_t *neighbour = <const uint8_t *> PyBytes_AS_STRING(proof)
    if len(root) != HASH or len(entry) != ENTRY:
        raise ValueError(f"a root of {len(root)} and an entry of {len(entry)} bytes")
    store(wanted, <uint64_t> (total >> 64), <uint64_t> (total & 0xFFFFFFFFFFFFFFFF))
    if left < 0 or left % NODE:
        return False
    width = load32(neighbour)
    cdef uint32_t count = <uint32_t> width
    neighbour += 4
    if position >= count or left != depth(position, count) * NODE:
        return False
    leaf(<const uint8_t *> PyBytes_AS_STRING(entry), position, node)
    place = position
    while width > 1:
        if place ^ 1 < width:
            if place & 1:
                if not join(neighbour, node, node):
                    return False
            elif not join(node, neighbour, node):
                return False
            neighbour += NODE
        place >>= 1
        width = (width + 1) >> 1
    return (
        memcmp(node + HASH, wanted, SUM) == 0
        and is_root(node, count, <const uint8_t *> PyBytes_AS_STRING(root))
    )


cdef Py_ssize_t whole(bytes data, Py_ssize_t size, str name) except -1:
    """Return how many entries of `size` bytes `data` is."""
    if len(data) % size:
        raise ValueError(f"{name}: {len(data)} bytes are not whole entries of {size}")
    return len(data) // size


cdef Py_ssize_t checked_count(bytes entries, first) except -1:
    """Return the number of entries, with one at least and every index below 2**32."""
    cdef Py_ssize_t count = len(entries) // ENTRY
    if not count or len(entries) % ENTRY or first < 0 or first + count > 0x100000000:
        raise ValueError(
            f"{len(entries)} bytes from index {first}: want whole entries of {ENTRY} bytes, "
            "one at least, with indices below 2**32"
        )
    return count


cdef uint8_t *leaves(bytes entries, uint32_t first, Py_ssize_t count) except NULL:
    """Return the leaves of `count` entries; the caller frees them."""
    cdef const uint8_t *source = <const uint8_t *> PyBytes_AS_STRING(entries)
    cdef Py_ssize_t index
    # More than the entries take already, so the product fits.
    cdef uint8_t *nodes = <uint8_t *> PyMem_Malloc(<size_t> count * NODE)
    if nodes == NULL:
        raise MemoryError
    for index in range(count):
        leaf(source + ENTRY * index, first + <uint32_t> index, nodes + NODE * index)
    return nodes


cdef Py_ssize_t fold(uint8_t *nodes, Py_ssize_t count) except -1:
    """Write the level above `count` nodes over them, and return its length."""
    cdef Py_ssize_t pair
    for pair in range(count // 2):
        if not join(nodes + 2 * NODE * pair, nodes + 2 * NODE * pair + NODE, nodes + NODE * pair):
            raise ValueError(sums_too_high(nodes + 2 * NODE * pair))
    if count & 1:
        memmove(nodes + NODE * (count // 2), nodes + NODE * (count - 1), NODE)
    return (count + 1) // 2


cdef str sums_too_high(const uint8_t *pair):
    left = int.from_bytes(pair[HASH:NODE], "big")
    right = int.from_bytes(pair[NODE + HASH:2 * NODE], "big")
    return f"the amounts sum to {left + right} or more, above 2**128 - 1: split the list"


cdef Py_ssize_t depth(uint64_t index, uint64_t count) noexcept:
    """Return how many neighbours the leaf at `index` of `count` has on its way up."""
    cdef Py_ssize_t found = 0
    while count > 1:
        found += index ^ 1 < count
        index >>= 1
        count = (count + 1) >> 1
    return found


cdef void leaf(const uint8_t *entry, uint32_t index, uint8_t *node) noexcept:
    """Write the node of `entry`."""
    cdef uint8_t data[LEAF_SIZE]
    data[0] = 0
    store32(data + 1, index)
    memcpy(data + 5, entry, ENTRY)
    keccak256_into(data, LEAF_SIZE, node)
    memcpy(node + HASH, entry + ADDRESS, SUM)


cdef bint join(const uint8_t *left, const uint8_t *right, uint8_t *node) noexcept:
    """Write the node above two, which it may overlap; false where the sum overflows."""
    cdef uint8_t data[JOIN_SIZE]
    cdef uint64_t low = load64(left + HASH + 8) + load64(right + HASH + 8)
    cdef uint64_t carry = low < load64(left + HASH + 8)
    cdef uint64_t high = load64(left + HASH) + load64(right + HASH)
    cdef bint over = high < load64(left + HASH)
    high += carry
    if over or (carry and high == 0):
        return False
    data[0] = 1
    memcpy(data + 1, left, NODE)
    memcpy(data + 1 + NODE, right, NODE)
    keccak256_into(data, JOIN_SIZE, node)
    store(node + HASH, high, low)
    return True


cdef bint is_root(const uint8_t *node, uint32_t count, const uint8_t *root) noexcept:
    """Return whether `root` is that of a tree of `count` leaves with this top."""
    cdef uint8_t data[ROOT_SIZE]
    cdef uint8_t found[HASH]
    data[0] = 2
    store32(data + 1, count)
    memcpy(data + 5, node + HASH, SUM)
    memcpy(data + 5 + SUM, node, HASH)
    keccak256_into(data, ROOT_SIZE, found)
    return memcmp(found, root, HASH) == 0


cdef inline uint64_t load64(const uint8_t *data) noexcept:
    return <uint64_t> load32(data) << 32 | load32(data + 4)


cdef inline uint32_t load32(const uint8_t *data) noexcept:
    return (
        <uint32_t> data[0] << 24 | <uint32_t> data[1] << 16
        | <uint32_t> data[2] << 8 | <uint32_t> data[3]
    )


cdef inline void store(uint8_t *target, uint64_t high, uint64_t low) noexcept:
    """Write 16 bytes, big-endian."""
    store32(target, <uint32_t> (high >> 32))
    store32(target + 4, <uint32_t> high)
    store32(target + 8, <uint32_t> (low >> 32))
    store32(target + 12, <uint32_t> low)


cdef inline void store32(uint8_t *target, uint32_t value) noexcept:
    target[0] = <uint8_t> (value >> 24)
    target[1] = <uint8_t> (value >> 16)
    target[2] = <uint8_t> (value >> 8)
    target[3] = <uint8_t> value
