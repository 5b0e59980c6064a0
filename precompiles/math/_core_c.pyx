# cython: language_level=3
"""The compiled core; `_core_py` says what it computes and why.

With A the amount and W the sum of the weights, A = quotient * W + rest.  Then

    floor(A * c / W) = quotient * c + floor(rest * c / W)        for any c up to W,

where the first product is at most A, so it fits 128 bits, and rest * c is below 2**128,
since rest < W < 2**64.  One division of 128 by 64 bits a recipient, and no wider number.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint16_t, uint64_t
from libc.string cimport memcpy, memset

from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    weight_overflow,
    wide_weight,
    zero_weight,
)

cdef extern from *:
    # GCC and Clang have it on every 64-bit target; elsewhere the build fails and the
    # reference is used.  Cython takes it for 64 bits wide, so whatever meets it in one
    # expression is cast to it first: a narrower temporary would lose its high half.
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef enum:
    WORD = 32
    # An index must fit uint16_t, and the bound of a call is below.
    MOST = 65536


def divide(int method, object amount, bytes words):
    """Divide `amount` by the weights in `words`; see `_core_py.divide`."""
    cdef Py_ssize_t count = len(words) // WORD
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef uint64_t total
    cdef uint128_t whole
    cdef bytes output
    cdef unsigned char *target
    if len(words) % WORD or count > MAX_RECIPIENTS or count > MOST:
        raise ValueError(f"{len(words)} bytes are not at most {MAX_RECIPIENTS} words")
    if method != 0 and method != 1:
        raise ValueError(f"method {method} is neither cascade (0) nor hamilton (1)")
    total = sum_of(source, count)
    # The conversions raise OverflowError for an amount outside 0..2**128-1.
    whole = (<uint128_t> <uint64_t> (amount >> 64)) << 64
    whole |= <uint64_t> (amount & 0xFFFFFFFFFFFFFFFF)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    if method == 0:
        cascade(whole, total, source, count, target)
    else:
        hamilton(whole, total, source, count, target)
    return output


cdef uint64_t sum_of(const unsigned char *source, Py_ssize_t count) except? 0:
    """Return the sum of the weights, between 1 and 2**64 - 1, or refuse."""
    cdef Py_ssize_t index
    cdef uint128_t total = 0
    for index in range(count):
        if high_bits(source + WORD * index):
            raise wide_weight(index)
        total += <uint128_t> weight_at(source + WORD * index)
    if total >> 64:
        raise weight_overflow((int(<uint64_t> (total >> 64)) << 64) + int(<uint64_t> total))
    if total == 0:
        raise zero_weight()
    return <uint64_t> total


cdef int cascade(
    uint128_t amount, uint64_t total, const unsigned char *source, Py_ssize_t count,
    unsigned char *target,
) except -1:
    cdef uint128_t divisor = total
    cdef uint128_t quotient = amount // divisor
    cdef uint128_t rest = amount % divisor
    cdef uint128_t due, paid = 0
    cdef uint64_t reached = 0
    cdef Py_ssize_t index
    for index in range(count):
        reached += weight_at(source + WORD * index)
        due = quotient * <uint128_t> reached + rest * <uint128_t> reached // divisor
        store(target + WORD * index, due - paid)
        paid = due
    return 0


cdef int hamilton(
    uint128_t amount, uint64_t total, const unsigned char *source, Py_ssize_t count,
    unsigned char *target,
) except -1:
    cdef uint128_t divisor = total
    cdef uint128_t quotient = amount // divisor
    cdef uint128_t rest = amount % divisor
    cdef uint128_t part, share, left = amount
    cdef uint64_t weight
    cdef Py_ssize_t index
    cdef const uint16_t *ranked
    # One block: the remainders, then two arrays of indices.
    cdef uint64_t *remainders = <uint64_t *> PyMem_Malloc(
        <size_t> count * (sizeof(uint64_t) + 2 * sizeof(uint16_t))
    )
    if remainders == NULL:
        raise MemoryError
    cdef uint16_t *order = <uint16_t *> (remainders + count)
    try:
        for index in range(count):
            weight = weight_at(source + WORD * index)
            part = rest * <uint128_t> weight
            share = quotient * <uint128_t> weight + part // divisor
            remainders[index] = <uint64_t> (part % divisor)
            left -= share
            store(target + WORD * index, share)
        if left:
            # Fewer are left than there are recipients: each floor is less than 1 short.
            ranked = rank(remainders, order, order + count, count)
            for index in range(<Py_ssize_t> left):
                add_one(target + WORD * ranked[index])
    finally:
        PyMem_Free(remainders)
    return 0


cdef const uint16_t *rank(
    const uint64_t *remainders, uint16_t *order, uint16_t *spare, Py_ssize_t count
) noexcept:
    """Return the indices by falling remainder, equal ones in place: a merge sort.

    n log n whatever the remainders are; callers choose them, and would choose the worst.
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
                    right >= end or remainders[order[left]] >= remainders[order[right]]
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


cdef inline bint high_bits(const unsigned char *word) noexcept:
    """Return whether the word exceeds 64 bits."""
    cdef uint64_t high[3]
    memcpy(high, word, sizeof(high))
    return (high[0] | high[1] | high[2]) != 0


cdef inline uint64_t weight_at(const unsigned char *word) noexcept:
    """Return the low 64 bits of a big-endian word."""
    return (
        <uint64_t> word[24] << 56 | <uint64_t> word[25] << 48
        | <uint64_t> word[26] << 40 | <uint64_t> word[27] << 32
        | <uint64_t> word[28] << 24 | <uint64_t> word[29] << 16
        | <uint64_t> word[30] << 8 | <uint64_t> word[31]
    )


cdef inline void store(unsigned char *word, uint128_t value) noexcept:
    """Write `value` as a big-endian word."""
    cdef int place
    memset(word, 0, 16)
    for place in range(31, 15, -1):
        word[place] = <unsigned char> (value & 0xFF)
        value >>= 8


cdef inline void add_one(unsigned char *word) noexcept:
    """Add 1 to a big-endian word; a share stays below 2**128, so this ends in the word."""
    cdef int place = 31
    while word[place] == 0xFF:
        word[place] = 0
        place -= 1
    word[place] += 1
