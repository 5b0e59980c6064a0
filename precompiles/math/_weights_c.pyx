# cython: language_level=3
"""The compiled weights; `_weights_py` says what they are and why.

Nothing here exceeds 128 bits: a gap of scores (64) times log2 e (63), an age (32) moved by 32,
a weight (64) times a root (64).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from byline.precompiles.math._words cimport MOST, WORD, high_bits, store, uint128_t, weight_at

from byline.precompiles.math._weights_py import LOG2E as LOG2E_OF_REFERENCE
from byline.precompiles.math._weights_py import ROOTS as ROOTS_OF_REFERENCE
from byline.precompiles.math.refusals import MAX_RECIPIENTS, wide_age, wide_score, wide_weight

cdef uint64_t LOG2E = LOG2E_OF_REFERENCE
cdef uint64_t ROOTS[32]
for _place in range(32):
    ROOTS[_place] = ROOTS_OF_REFERENCE[_place]

cdef struct Power:
    # 2**-x = root / 2**63 / 2**whole
    uint128_t whole
    uint64_t root


def relu(bytes words, Py_ssize_t start):
    """Return the positive parts; see `_weights_py.relu`."""
    cdef Py_ssize_t count = counted(words), index
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef bytes output
    cdef unsigned char *target
    cdef int64_t score
    check_scores(source, count, start)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    for index in range(count):
        score = <int64_t> weight_at(source + WORD * index)
        store(target + WORD * index, <uint128_t> <uint64_t> (score if score > 0 else 0))
    return output


def softmax(bytes words, uint32_t temperature, Py_ssize_t start):
    """Return the softmax; see `_weights_py.softmax`."""
    cdef Py_ssize_t count = counted(words), index
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef bytes output
    cdef unsigned char *target
    cdef uint128_t divisor = (<uint128_t> temperature) << 30
    cdef uint64_t best, gap
    if temperature == 0:
        raise ValueError("a temperature of 0 divides by nothing: give 65536 for 1.0")
    check_scores(source, count, start)
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    best = best_of(source, count)
    for index in range(count):
        # Differences of two's complements: below 2**64, whatever the signs.
        gap = best - weight_at(source + WORD * index)
        store(target + WORD * index, of_gap(gap, divisor))
    return output


def decay(bytes words, bytes ages, uint32_t half_life, Py_ssize_t start):
    """Return the decayed weights; see `_weights_py.decay`."""
    cdef Py_ssize_t count = counted(words), index
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(words)
    cdef const unsigned char *aging = <const unsigned char *> PyBytes_AS_STRING(ages)
    cdef bytes output
    cdef unsigned char *target
    cdef uint128_t moved, part
    cdef Power power
    if len(ages) != len(words):
        raise ValueError(f"{len(words)} bytes of weights have {len(ages)} bytes of ages")
    if half_life == 0:
        raise ValueError("a half-life of 0 divides by nothing: give at least 1")
    for index in range(count):
        if high_bits(source + WORD * index):
            raise wide_weight(index, start)
    for index in range(count):
        if high_bits(aging + WORD * index) or weight_at(aging + WORD * index) >> 32:
            raise wide_age(index, start + WORD * (count + 1))
    output = PyBytes_FromStringAndSize(NULL, count * WORD)
    target = <unsigned char *> PyBytes_AS_STRING(output)
    for index in range(count):
        moved = (<uint128_t> weight_at(aging + WORD * index)) << 32
        power = power_of(rounded_up(moved, half_life))
        part = (<uint128_t> weight_at(source + WORD * index)) * <uint128_t> power.root
        # Shifted by 128 or more, nothing is left, and C would not say what is.
        store(target + WORD * index, (part >> 63) >> power.whole if power.whole < 65 else 0)
    return output


cdef Py_ssize_t counted(bytes words) except -1:
    """Return how many words there are, or refuse to read what is none."""
    cdef Py_ssize_t count = len(words) // WORD
    if len(words) % WORD or count > MAX_RECIPIENTS or count > MOST:
        raise ValueError(f"{len(words)} bytes are not at most {MAX_RECIPIENTS} words")
    return count


cdef int check_scores(const unsigned char *source, Py_ssize_t count, Py_ssize_t start) except -1:
    """Refuse a score whose high bits do not repeat its sign."""
    cdef Py_ssize_t index
    cdef uint64_t high[3]
    cdef uint64_t sign
    for index in range(count):
        memcpy(high, source + WORD * index, sizeof(high))
        sign = <uint64_t> -<int64_t> (source[WORD * index + 24] >> 7)
        if high[0] != sign or high[1] != sign or high[2] != sign:
            raise wide_score(index, start)
    return 0


cdef uint64_t best_of(const unsigned char *source, Py_ssize_t count) noexcept:
    cdef Py_ssize_t index
    cdef int64_t score, best = 0
    for index in range(count):
        score = <int64_t> weight_at(source + WORD * index)
        if index == 0 or score > best:
            best = score
    return <uint64_t> best


cdef uint128_t of_gap(uint64_t gap, uint128_t divisor) noexcept:
    """Return what a score weighs that is `gap` below the best: `_weights_py.of_gap`."""
    cdef Power power = power_of(rounded_up((<uint128_t> gap) * <uint128_t> LOG2E, divisor))
    if power.whole > 32:
        return 0
    return (<uint128_t> power.root) >> (31 + power.whole)


cdef inline uint128_t rounded_up(uint128_t value, uint128_t divisor) noexcept:
    return value // divisor + <uint128_t> (value % divisor != 0)


cdef Power power_of(uint128_t x) noexcept:
    """Return 2**-x for x in units of 2**-32: `_weights_py.power`."""
    cdef Power power
    cdef int place
    cdef uint128_t one = 1
    cdef uint64_t bits
    power.whole = (x >> 32) + <uint128_t> ((<uint64_t> x & 0xFFFFFFFF) != 0)
    bits = <uint64_t> ((power.whole << 32) - x)
    power.root = <uint64_t> (one << 63)
    for place in range(32):
        if bits >> (31 - place) & 1:
            power.root = <uint64_t> (
                ((<uint128_t> power.root) * <uint128_t> ROOTS[place]) >> 63
            )
    return power
