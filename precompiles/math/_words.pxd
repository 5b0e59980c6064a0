# cython: language_level=3
"""Words of 256 bits, of which the kernels use the low 64 or 128; and ranking by weight."""

from libc.stdint cimport uint16_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    # GCC and Clang have it on every 64-bit target; elsewhere the build fails and the
    # reference is used.  Cython takes it for 64 bits wide, so whatever meets it in one
    # expression is cast to it first: a narrower temporary would lose its high half.
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef enum:
    WORD = 32
    # An index must fit uint16_t, and the bound of a call is below.
    MOST = 65536

cdef struct Wide:
    # high * 2**64 + low
    uint128_t high
    uint64_t low


cdef inline uint128_t amount_of(object amount) except? 0:
    """Return `amount`; raises OverflowError outside 0..2**128-1."""
    return (<uint128_t> <uint64_t> (amount >> 64)) << 64 | (
        <uint128_t> <uint64_t> (amount & 0xFFFFFFFFFFFFFFFF)
    )


cdef inline bint high_bits(const unsigned char *word) noexcept nogil:
    """Return whether the word exceeds 64 bits."""
    cdef uint64_t high[3]
    memcpy(high, word, sizeof(high))
    return (high[0] | high[1] | high[2]) != 0


cdef inline uint64_t weight_at(const unsigned char *word) noexcept nogil:
    """Return the low 64 bits of a big-endian word."""
    return (
        <uint64_t> word[24] << 56 | <uint64_t> word[25] << 48
        | <uint64_t> word[26] << 40 | <uint64_t> word[27] << 32
        | <uint64_t> word[28] << 24 | <uint64_t> word[29] << 16
        | <uint64_t> word[30] << 8 | <uint64_t> word[31]
    )


cdef inline void store(unsigned char *word, uint128_t value) noexcept nogil:
    """Write `value` as a big-endian word."""
    cdef int place
    memset(word, 0, 16)
    for place in range(31, 15, -1):
        word[place] = <unsigned char> (value & 0xFF)
        value >>= 8


cdef inline Wide product(uint128_t value, uint64_t weight) noexcept nogil:
    """Return `value` times `weight`, up to 192 bits."""
    cdef Wide wide
    cdef uint128_t low = (<uint128_t> <uint64_t> value) * <uint128_t> weight
    wide.high = (value >> 64) * <uint128_t> weight + (low >> 64)
    wide.low = <uint64_t> low
    return wide


cdef inline int compared(Wide a, Wide b) noexcept nogil:
    """Return -1, 0 or 1 where a is below, equal to or above b."""
    if a.high != b.high:
        return -1 if a.high < b.high else 1
    if a.low != b.low:
        return -1 if a.low < b.low else 1
    return 0


cdef inline const uint16_t *rank(
    const uint64_t *values, uint16_t *order, uint16_t *spare, Py_ssize_t count
) noexcept nogil:
    """Return the indices by falling value, equal ones in place: a merge sort.

    n log n whatever the values are; callers choose them, and would choose the worst.
    The result is one of the two arrays given.
    """
    cdef Py_ssize_t width = 1, start, middle, end, left, right, at
    cdef uint16_t *swap
    for at in range(count):
        order[at] = <uint16_t> at
    while width < count:
        start = 0
        while start < count:
            middle = min(start + width, count)
            end = min(start + 2 * width, count)
            left = start
            right = middle
            for at in range(start, end):
                if left < middle and (
                    right >= end or values[order[left]] >= values[order[right]]
                ):
                    spare[at] = order[left]
                    left += 1
                else:
                    spare[at] = order[right]
                    right += 1
            start = end
        swap = order
        order = spare
        spare = swap
        width *= 2
    return order
