# cython: language_level=3
"""The compiled core; `_core_py` says what it computes and why.

With A the amount and W the sum of the weights, A = quotient * W + rest.  Then

    floor(A * c / W) = quotient * c + floor(rest * c / W)        for any c up to W,

where the first product is at most A, so it fits 128 bits, and rest * c is below 2**128,
since rest < W < 2**64.  One division of 128 by 64 bits a recipient; only the divisor methods
compare wider numbers, products of 128 by 64 bits.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint16_t, uint64_t

from byline.precompiles.math._words cimport (
    MOST, WORD, Wide, amount_of, compared, high_bits, product, rank, store, uint128_t, weight_at,
)

from byline.precompiles.math.refusals import (
    MAX_RECIPIENTS,
    WEIGHTS_AT,
    beyond_total,
    weight_overflow,
    wide_weight,
    zero_weight,
)

cdef enum:
    CASCADE = 0
    HAMILTON = 1
    WEBSTER = 2
    DHONDT = 3
    ADAMS = 4

cdef struct Ratio:
    # An amount over the sum of weights, divided once: see above.
    uint128_t quotient
    uint128_t rest
    uint128_t total


def divide(int method, object amount, bytes words, Py_ssize_t start=WEIGHTS_AT):
    """Divide `amount` by the weights in `words`; see `_core_py.divide`."""
    cdef Py_ssize_t count = counted(words)
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef uint64_t total
    cdef uint128_t whole
    cdef bytes output
    cdef unsigned char *target
    if method < CASCADE or method > ADAMS:
        raise ValueError(f"method {method} is none of 0 (cascade) to 4 (adams)")
    total = sum_of(source, count, start)
    whole = amount_of(amount)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    if method == CASCADE:
        cascade(ratio_of(whole, total), 0, source, count, target)
    elif method == HAMILTON:
        hamilton(whole, total, source, count, target)
    else:
        by_divisor(method, whole, total, source, count, target)
    return output


def divide_chunk(object amount, uint64_t total, uint64_t reached, bytes words, Py_ssize_t start):
    """Divide what a cascade gives a part of the list; see `_core_py.divide_chunk`."""
    cdef Py_ssize_t count = counted(words)
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef uint128_t whole = amount_of(amount)
    cdef uint128_t end = checked_sum(source, count, start) + <uint128_t> reached
    cdef bytes output
    if total == 0:
        raise ValueError("a total of 0 divides nothing: give the sum of all weights")
    if end > <uint128_t> total:
        raise beyond_total((int(<uint64_t> (end >> 64)) << 64) + int(<uint64_t> end), total)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    cascade(
        ratio_of(whole, total), reached, source, count,
        <unsigned char *> PyBytes_AS_STRING(output),
    )
    return output, <uint64_t> end


cdef Py_ssize_t counted(bytes words) except -1:
    """Return how many words there are, or refuse to read what is none."""
    cdef Py_ssize_t count = len(words) // WORD
    if len(words) % WORD or count > MAX_RECIPIENTS or count > MOST:
        raise ValueError(f"{len(words)} bytes are not at most {MAX_RECIPIENTS} words")
    return count


cdef uint128_t checked_sum(
    const unsigned char *source, Py_ssize_t count, Py_ssize_t start
) except? 0:
    """Return the sum of the weights, or refuse one that is too wide."""
    cdef Py_ssize_t index
    cdef uint128_t total = 0
    for index in range(count):
        if high_bits(source + WORD * index):
            raise wide_weight(index, start)
        total += <uint128_t> weight_at(source + WORD * index)
    return total


cdef uint64_t sum_of(const unsigned char *source, Py_ssize_t count, Py_ssize_t start) except? 0:
    """Return the sum of the weights, between 1 and 2**64 - 1, or refuse."""
    cdef uint128_t total = checked_sum(source, count, start)
    if total >> 64:
        raise weight_overflow((int(<uint64_t> (total >> 64)) << 64) + int(<uint64_t> total))
    if total == 0:
        raise zero_weight()
    return <uint64_t> total


cdef inline Ratio ratio_of(uint128_t amount, uint64_t total) noexcept:
    cdef Ratio ratio
    ratio.total = total
    ratio.quotient = amount // ratio.total
    ratio.rest = amount % ratio.total
    return ratio


cdef inline uint128_t floor_of(Ratio ratio, uint64_t weight, uint64_t *remainder) noexcept:
    """Return floor(amount * weight / total), and what is left of the division."""
    cdef uint128_t part = ratio.rest * <uint128_t> weight
    remainder[0] = <uint64_t> (part % ratio.total)
    return ratio.quotient * <uint128_t> weight + part // ratio.total


cdef int cascade(
    Ratio ratio, uint64_t reached, const unsigned char *source, Py_ssize_t count,
    unsigned char *target,
) except -1:
    cdef uint64_t remainder
    cdef uint128_t due, paid = floor_of(ratio, reached, &remainder)
    cdef Py_ssize_t index
    for index in range(count):
        reached += weight_at(source + WORD * index)
        due = ratio.quotient * <uint128_t> reached + (
            ratio.rest * <uint128_t> reached // ratio.total
        )
        store(target + WORD * index, due - paid)
        paid = due
    return 0


cdef int hamilton(
    uint128_t amount, uint64_t total, const unsigned char *source, Py_ssize_t count,
    unsigned char *target,
) except -1:
    cdef Ratio ratio = ratio_of(amount, total)
    cdef uint128_t share, left = amount
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
            share = floor_of(ratio, weight_at(source + WORD * index), remainders + index)
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


cdef int by_divisor(
    int method, uint128_t amount, uint64_t total, const unsigned char *source, Py_ssize_t count,
    unsigned char *target,
) except -1:
    cdef Py_ssize_t index
    cdef Queue queue
    cdef uint128_t left = amount
    # One block: the shares, the weights, the queue.
    queue.shares = <uint128_t *> PyMem_Malloc(
        <size_t> count * (sizeof(uint128_t) + sizeof(uint64_t) + sizeof(uint16_t))
    )
    if queue.shares == NULL:
        raise MemoryError
    queue.weights = <uint64_t *> (queue.shares + count)
    queue.places = <uint16_t *> (queue.weights + count)
    queue.method = method
    queue.count = 0
    try:
        first_shares(&queue, amount, total, source, count)
        for index in range(count):
            left -= queue.shares[index]
        if left:
            # At most as many as there are recipients.
            line_up(&queue, count)
            for index in range(<Py_ssize_t> left):
                queue.shares[queue.places[0]] += 1
                sift_down(&queue, 0)
        for index in range(count):
            store(target + WORD * index, queue.shares[index])
    finally:
        PyMem_Free(queue.shares)
    return 0


cdef struct Queue:
    # A heap of recipients; the first is served next.
    int method
    uint128_t *shares
    uint64_t *weights
    uint16_t *places
    Py_ssize_t count


cdef void first_shares(
    Queue *queue, uint128_t amount, uint64_t total, const unsigned char *source, Py_ssize_t count
) noexcept:
    """Give what is above the bar: `_core_py.first_shares`."""
    cdef uint128_t reserve = 0
    cdef uint64_t remainder, weight
    cdef uint128_t share
    cdef Ratio ratio
    cdef Py_ssize_t index
    if queue.method == ADAMS:
        reserve = count
    elif queue.method == WEBSTER:
        reserve = (count + 1) // 2
    ratio = ratio_of(amount - reserve if amount > reserve else 0, total)
    for index in range(count):
        weight = weight_at(source + WORD * index)
        share = floor_of(ratio, weight, &remainder)
        if queue.method == ADAMS:
            share += <uint128_t> (remainder != 0)
        elif queue.method == WEBSTER:
            share += <uint128_t> (remainder >= total - remainder)
        queue.shares[index] = share
        queue.weights[index] = weight


cdef void line_up(Queue *queue, Py_ssize_t count) noexcept:
    """Make the heap of all who have a weight."""
    cdef Py_ssize_t index
    for index in range(count):
        if queue.weights[index]:
            queue.places[queue.count] = <uint16_t> index
            queue.count += 1
    for index in range(queue.count // 2 - 1, -1, -1):
        sift_down(queue, index)


cdef void sift_down(Queue *queue, Py_ssize_t at) noexcept:
    """Let the one at `at` step back behind all who are before it."""
    cdef Py_ssize_t child
    cdef uint16_t moving = queue.places[at]
    while True:
        child = 2 * at + 1
        if child >= queue.count:
            break
        if child + 1 < queue.count and is_before(
            queue, queue.places[child + 1], queue.places[child]
        ):
            child += 1
        if not is_before(queue, queue.places[child], moving):
            break
        queue.places[at] = queue.places[child]
        at = child
    queue.places[at] = moving


cdef bint is_before(Queue *queue, uint16_t one, uint16_t other) noexcept:
    """Return whether `one` is served before `other`, which is another recipient.

    d(one) / w(one) < d(other) / w(other), by products across.  With two recipients a share is
    below A * w / W + 2, so either product is below 2**190 + 2**66, and twice it fits.
    """
    cdef Wide mine = across(queue, one, other)
    cdef Wide others = across(queue, other, one)
    cdef int sign = compared(mine, others)
    if sign:
        return sign < 0
    if queue.method == ADAMS and queue.shares[one] == 0 and (
        queue.weights[one] != queue.weights[other]
    ):
        return queue.weights[one] > queue.weights[other]
    return one < other


cdef inline Wide across(Queue *queue, uint16_t one, uint16_t other) noexcept:
    """Return d(one) * w(other)."""
    cdef uint64_t weight = queue.weights[other]
    cdef uint128_t share = queue.shares[one]
    cdef Wide wide
    if queue.method == ADAMS:
        return product(share, weight)
    if queue.method == DHONDT:
        return product(share + 1, weight)
    wide = product(share, weight)
    wide.high = (wide.high << 1) | <uint128_t> (wide.low >> 63)
    wide.low = (wide.low << 1) + weight
    if wide.low < weight:
        wide.high += 1
    return wide


cdef inline void add_one(unsigned char *word) noexcept:
    """Add 1 to a big-endian word; a share stays below 2**128, so this ends in the word."""
    cdef int place = 31
    while word[place] == 0xFF:
        word[place] = 0
        place -= 1
    word[place] += 1
