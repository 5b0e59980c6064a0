# cython: language_level=3, cdivision=True
"""The length that FastLZ makes of bytes, compiled; `_fastlz_py` says how it is counted."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

cdef enum:
    TABLE = 0x2000
    MAX_DISTANCE = 0x1FFF
    TAIL = 13
    MATCH_TAIL = 4
    MAX_MATCH = 262
    MAX_LITERALS = 32
    # Places are kept in 32 bits.
    MOST_BYTES = 0x7FFFFFFF


cdef inline uint32_t triple(const uint8_t* data, Py_ssize_t at) noexcept nogil:
    return data[at] | <uint32_t> data[at + 1] << 8 | <uint32_t> data[at + 2] << 16


cdef inline uint32_t slot(uint32_t triple) noexcept nogil:
    return (triple * <uint32_t> 2654435769) >> 19


cdef inline Py_ssize_t literals_cost(Py_ssize_t count) noexcept nogil:
    return count + (count + MAX_LITERALS - 1) // MAX_LITERALS


cdef inline Py_ssize_t match_cost(Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t runs = (size - 1) // MAX_MATCH
    cdef Py_ssize_t rest = (size - 1) % MAX_MATCH
    return 3 * runs + (3 if rest >= 6 else 2)


cdef inline Py_ssize_t match_size(
    const uint8_t* data, Py_ssize_t size, Py_ssize_t at, Py_ssize_t before
) noexcept nogil:
    cdef Py_ssize_t bound = size - MATCH_TAIL - at - 3
    cdef Py_ssize_t found = 0
    while found < bound:
        found += 1
        if data[before + 2 + found] != data[at + 2 + found]:
            break
    return found


cdef Py_ssize_t packed_length(const uint8_t* data, Py_ssize_t size) noexcept nogil:
    cdef uint32_t[TABLE] table
    cdef uint32_t here, index
    cdef Py_ssize_t at = 2
    cdef Py_ssize_t before, found
    cdef Py_ssize_t written = 0
    cdef Py_ssize_t length = 0
    memset(table, 0, sizeof(table))
    while at < size - TAIL - 1:
        here = triple(data, at)
        index = slot(here)
        before = table[index]
        table[index] = <uint32_t> at
        if at - before > MAX_DISTANCE or triple(data, before) != here:
            at += 1
            continue
        found = match_size(data, size, at, before)
        length += literals_cost(at - written) + match_cost(found)
        # The match ends MATCH_TAIL before the end at the latest, so a triple starts at each.
        written = at + found
        table[slot(triple(data, written))] = <uint32_t> written
        table[slot(triple(data, written + 1))] = <uint32_t> (written + 1)
        written += 2
        at = written
    return length + literals_cost(size - written)


def fastlz_length(bytes data):
    cdef Py_ssize_t size
    if data is None:
        raise TypeError("FastLZ: want bytes, got None")
    size = PyBytes_GET_SIZE(data)
    if size > MOST_BYTES:
        raise ValueError(f"FastLZ: {size} bytes, want at most {MOST_BYTES}")
    return packed_length(<const uint8_t*> PyBytes_AS_STRING(data), size)
