# cython: language_level=3
"""The compiled payments with a floor and a cap; `_bounds_py` says what they are and why."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint16_t, uint64_t
from libc.string cimport memset

from byline.precompiles.math._words cimport (
    MOST, WORD, amount_of, compared, high_bits, product, rank, store, uint128_t, weight_at,
)

from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    MOST_BPS,
    weight_overflow,
    wide_weight,
    zero_weight,
)


def cap_floor(object amount, bytes words, object min_pay, object max_bps, Py_ssize_t start):
    """Divide `amount` with a floor and a cap; see `_bounds_py.cap_floor`."""
    cdef Py_ssize_t count = len(words) // WORD
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef uint128_t whole, least, cap, left
    cdef uint64_t total
    cdef bytes output
    cdef unsigned char *target
    cdef uint64_t *weights
    cdef uint16_t *order
    if len(words) % WORD or count > MAX_RECIPIENTS or count > MOST:
        raise ValueError(f"{len(words)} bytes are not at most {MAX_RECIPIENTS} words")
    if not 0 <= max_bps <= MOST_BPS:
        raise ValueError(f"{max_bps} basis points are not within 0..{MOST_BPS}")
    whole = amount_of(amount)
    least = amount_of(min_pay)
    total = sum_of(source, count, start)
    cap = amount_of(amount * max_bps // MOST_BPS)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    memset(target, 0, <size_t> (count * WORD))
    if cap < least:
        return output, amount
    # One block: the weights, then two arrays of indices.
    weights = <uint64_t *> PyMem_Malloc(
        <size_t> count * (sizeof(uint64_t) + 2 * sizeof(uint16_t))
    )
    if weights == NULL:
        raise MemoryError
    order = <uint16_t *> (weights + count)
    try:
        load(source, weights, count)
        left = pay(whole, least, cap, total, weights, order, count, target)
    finally:
        PyMem_Free(weights)
    return output, (int(<uint64_t> (left >> 64)) << 64) + int(<uint64_t> left)


cdef uint64_t sum_of(const unsigned char *source, Py_ssize_t count, Py_ssize_t start) except? 0:
    """Return the sum of the weights, between 1 and 2**64 - 1, or refuse."""
    cdef Py_ssize_t index
    cdef uint128_t total = 0
    for index in range(count):
        if high_bits(source + WORD * index):
            raise wide_weight(index, start)
        total += <uint128_t> weight_at(source + WORD * index)
    if total >> 64:
        raise weight_overflow((int(<uint64_t> (total >> 64)) << 64) + int(<uint64_t> total))
    if total == 0:
        raise zero_weight()
    return <uint64_t> total


cdef void load(const unsigned char *source, uint64_t *weights, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t index
    for index in range(count):
        weights[index] = weight_at(source + WORD * index)


cdef uint128_t pay(
    uint128_t amount, uint128_t least, uint128_t cap, uint64_t total,
    uint64_t *weights, uint16_t *order, Py_ssize_t count, unsigned char *target,
) noexcept nogil:
    """Write the amounts into `target`, which is all zeros, and return the carry.

    A weight that is left out or capped is set to 0, and has no part in the cascade.
    """
    cdef const uint16_t *ranked = rank(weights, order, order + count, count)
    cdef uint64_t together = total
    cdef uint128_t left = amount, quotient, rest, due, paid = 0
    cdef uint64_t reached = 0
    cdef Py_ssize_t last = count, first = 0, index
    while last:
        index = ranked[last - 1]
        if compared(product(amount, weights[index]), product(least, together)) >= 0:
            break
        together -= weights[index]
        weights[index] = 0
        last -= 1
    while first < last:
        index = ranked[first]
        if compared(product(left, weights[index]), product(cap, together)) <= 0:
            break
        together -= weights[index]
        left -= cap
        store(target + WORD * index, cap)
        weights[index] = 0
        first += 1
    if together == 0:
        return left
    quotient = left // <uint128_t> together
    rest = left % <uint128_t> together
    for index in range(count):
        if weights[index]:
            reached += weights[index]
            due = quotient * <uint128_t> reached + (
                rest * <uint128_t> reached // <uint128_t> together
            )
            store(target + WORD * index, due - paid)
            paid = due
    return 0
