# cython: language_level=3
"""The compiled payout tree; `_payout_tree_py` says what it computes.

With a flow of q * d + r the floor of flow * part / d is q * part + floor(r * part / d), and no
product exceeds 128 bits: part is at most d, and d below 2**45.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from byline.precompiles.math.tree_refusals import (
    MAX_EDGES,
    MAX_NODES,
    bad_bps,
    bad_tree,
    not_ascending,
)

cdef extern from *:
    # As in `_core_c`: Cython takes it for 64 bits wide, so operands are cast to it first.
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef enum:
    WORD = 32
    NODE = 2
    EDGE = 8
    WHOLE = 10_000
    # Sums of weights stay below 2**45.
    MOST = 8192


def flow(amount, bytes nodes not None, bytes edges not None):
    cdef Py_ssize_t count = len(nodes) // NODE
    cdef Py_ssize_t links = len(edges) // EDGE
    cdef const uint8_t *shares = <const uint8_t *> PyBytes_AS_STRING(nodes)
    cdef const uint8_t *links_at = <const uint8_t *> PyBytes_AS_STRING(edges)
    cdef uint128_t *reaching
    cdef uint128_t whole
    cdef Py_ssize_t node
    cdef bytes output
    if len(nodes) % NODE or len(edges) % EDGE or not count or count > MAX_NODES \
            or links > MAX_EDGES or links > MOST:
        raise ValueError(f"{len(nodes)} bytes of nodes and {len(edges)} of edges")
    # The conversions raise OverflowError for an amount outside 0..2**128-1.
    whole = (<uint128_t> <uint64_t> (amount >> 64)) << 64
    whole |= <uint128_t> <uint64_t> (amount & 0xFFFFFFFFFFFFFFFF)
    check_shares(shares, count)
    check_edges(links_at, links, count)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    reaching = <uint128_t *> PyMem_Calloc(count, sizeof(uint128_t))
    if reaching == NULL:
        raise MemoryError
    reaching[count - 1] = whole
    distribute(shares, links_at, links, reaching, count)
    for node in range(count):
        store(<uint8_t *> PyBytes_AS_STRING(output) + WORD * node, reaching[node])
    PyMem_Free(reaching)
    return output


cdef int check_shares(const uint8_t *shares, Py_ssize_t count) except -1:
    cdef Py_ssize_t node
    for node in range(count):
        if load16(shares + NODE * node) > WHOLE:
            raise bad_bps(load16(shares + NODE * node))
    return 0


cdef int check_edges(const uint8_t *edge, Py_ssize_t links, Py_ssize_t count) except -1:
    cdef Py_ssize_t index
    for index in range(links):
        if index and load32(edge) <= load32(edge - EDGE):
            raise not_ascending(index)
        if load16(edge + 2) >= load16(edge) or load16(edge) >= count or load32(edge + 4) == 0:
            raise bad_tree(index)
        edge += EDGE
    return 0


cdef void distribute(
    const uint8_t *shares, const uint8_t *edges, Py_ssize_t links,
    uint128_t *reaching, Py_ssize_t count,
) noexcept:
    """Let the flow of each node go on to its parents, the last node first."""
    cdef Py_ssize_t node, first, at, end = links
    cdef uint128_t whole, kept
    for node in range(count - 1, -1, -1):
        # Edges ascend by child, so those of this node are the last that are left.
        first = end
        while first > 0 and load16(edges + EDGE * (first - 1)) == node:
            first -= 1
        if first == end:
            continue
        whole = reaching[node]
        kept = part_of(whole, load16(shares + NODE * node), WHOLE)
        reaching[node] = kept
        pass_on(whole - kept, edges, first, end, reaching)
        end = first


cdef void pass_on(
    uint128_t rest, const uint8_t *edges, Py_ssize_t first, Py_ssize_t end, uint128_t *reaching
) noexcept:
    """Divide `rest` among the parents of the edges by cascade."""
    cdef uint64_t total = 0, reached = 0
    cdef uint128_t due, paid = 0
    cdef Py_ssize_t at
    for at in range(first, end):
        total += load32(edges + EDGE * at + 4)
    for at in range(first, end):
        reached += load32(edges + EDGE * at + 4)
        due = part_of(rest, reached, total)
        reaching[load16(edges + EDGE * at + 2)] += due - paid
        paid = due


cdef inline uint128_t part_of(uint128_t flow, uint64_t part, uint64_t whole) noexcept:
    """Return floor(flow * part / whole)."""
    cdef uint128_t divisor = whole
    cdef uint128_t factor = part
    return flow // divisor * factor + flow % divisor * factor // divisor


cdef inline uint32_t load32(const uint8_t *data) noexcept:
    return (
        <uint32_t> data[0] << 24 | <uint32_t> data[1] << 16
        | <uint32_t> data[2] << 8 | <uint32_t> data[3]
    )


cdef inline uint32_t load16(const uint8_t *data) noexcept:
    return <uint32_t> data[0] << 8 | <uint32_t> data[1]


cdef inline void store(uint8_t *word, uint128_t value) noexcept:
    """Write `value` as a big-endian word."""
    cdef int place
    memset(word, 0, 16)
    for place in range(31, 15, -1):
        word[place] = <uint8_t> (value & 0xFF)
        value >>= 8
