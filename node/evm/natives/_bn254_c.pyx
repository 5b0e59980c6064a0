# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled kernel of BN254; `_bn254_py` says what each function computes.

The GIL is released while it computes.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from byline.node.evm.natives._bn254_curves cimport G1, G2, g1_add, g1_double
from byline.node.evm.natives._bn254_field cimport (
    P,
    Fp,
    fp_add,
    fp_below,
    fp_equal,
    fp_from_plain,
    fp_invert,
    fp_is_zero,
    fp_mul,
    fp_set_one,
    fp_square,
    fp_to_plain,
    fp_triple,
    fp2_is_zero,
)
from byline.node.evm.natives._bn254_pairing_c cimport (
    Pair,
    final_is_one,
    in_subgroup,
    miller_loop,
    on_twist,
    set_pair,
)
from byline.node.evm.natives._bn254_tower cimport Fp12, fp12_set_one

from byline.node.evm.natives.native import Failed

cdef enum:
    WORD = 32
    PAIR = 192
    # Pairs that share the squarings of one loop; their memory is on the stack.
    TOGETHER = 32
    WINDOW = 4

cdef enum Fault:
    NONE
    ABOVE_MODULUS
    OFF_G1
    OFF_G2
    OUTSIDE_G2

_FAULTS = {
    ABOVE_MODULUS: "BN254: a coordinate is not below the field modulus",
    OFF_G1: "BN254: a point of G1 is not on the curve",
    OFF_G2: "BN254: a point of G2 is not on the curve",
    OUTSIDE_G2: "BN254: a point of G2 is not in the subgroup",
}


# Bytes.

cdef Fault read(Fp *out, const unsigned char *word) noexcept nogil:
    """Read a word as a number of the field."""
    cdef int index, byte
    cdef uint64_t limb
    for index in range(4):
        limb = 0
        for byte in range(8):
            limb = limb << 8 | word[8 * (3 - index) + byte]
        out.limb[index] = limb
    if not fp_below(out, P):
        return ABOVE_MODULUS
    fp_from_plain(out, out)
    return NONE


cdef void write(unsigned char *word, const Fp *number) noexcept nogil:
    cdef Fp value
    cdef int index, byte
    fp_to_plain(&value, number)
    for index in range(4):
        for byte in range(8):
            word[8 * (3 - index) + byte] = <unsigned char> (value.limb[index] >> 8 * (7 - byte))


cdef Fault read_g1(G1 *out, const unsigned char *words) noexcept nogil:
    cdef Fp left, right, b
    cdef Fault fault = read(&out.x, words)
    fp_set_one(&out.z)
    if fault == NONE:
        fault = read(&out.y, words + WORD)
    if fault != NONE:
        return fault
    if fp_is_zero(&out.x) and fp_is_zero(&out.y):
        out.y = out.z
        out.z = out.x
        return NONE
    fp_square(&left, &out.y)
    fp_square(&right, &out.x)
    fp_mul(&right, &right, &out.x)
    fp_triple(&b, &out.z)
    fp_add(&right, &right, &b)
    return NONE if fp_equal(&left, &right) else OFF_G1


cdef Fault read_g2(G2 *out, const unsigned char *words) noexcept nogil:
    cdef Fault fault = read(&out.x.im, words)
    if fault == NONE:
        fault = read(&out.x.re, words + WORD)
    if fault == NONE:
        fault = read(&out.y.im, words + 2 * WORD)
    if fault == NONE:
        fault = read(&out.y.re, words + 3 * WORD)
    if fault != NONE:
        return fault
    memset(&out.z, 0, sizeof(out.z))
    if fp2_is_zero(&out.x) and fp2_is_zero(&out.y):
        fp_set_one(&out.y.re)
        return NONE
    fp_set_one(&out.z.re)
    if not on_twist(out):
        return OFF_G2
    return NONE if in_subgroup(out) else OUTSIDE_G2


cdef void write_g1(unsigned char *words, const G1 *point) noexcept nogil:
    cdef Fp inverse, coordinate
    # The inverse of 0 is given as 0, so infinity becomes two words of zero.
    fp_invert(&inverse, &point.z)
    fp_mul(&coordinate, &point.x, &inverse)
    write(words, &coordinate)
    fp_mul(&coordinate, &point.y, &inverse)
    write(words + WORD, &coordinate)


# What the chain calls.

cdef Fault check_pairs(
    const unsigned char *source, Py_ssize_t count, bint *holds
) noexcept nogil:
    cdef Pair[TOGETHER] pairs
    cdef Fp12 product
    cdef G1 left
    cdef G2 right
    cdef Fault fault
    cdef Py_ssize_t index
    cdef int filled = 0
    fp12_set_one(&product)
    for index in range(count):
        fault = read_g1(&left, source + PAIR * index)
        if fault == NONE:
            fault = read_g2(&right, source + PAIR * index + 2 * WORD)
        if fault != NONE:
            return fault
        if fp_is_zero(&left.z) or fp2_is_zero(&right.z):
            continue
        set_pair(&pairs[filled], &left, &right)
        filled += 1
        if filled == TOGETHER:
            miller_loop(&product, pairs, filled)
            filled = 0
    if filled:
        miller_loop(&product, pairs, filled)
    holds[0] = final_is_one(&product)
    return NONE


cdef void multiply(G1 *out, const G1 *point, const unsigned char *scalar) noexcept nogil:
    """Multiply by a word, four bits at a time."""
    cdef G1[1 << WINDOW] table
    cdef int index, digit
    memset(&table[0], 0, sizeof(G1))
    fp_set_one(&table[0].y)
    for index in range(1, 1 << WINDOW):
        g1_add(&table[index], &table[index - 1], point)
    out[0] = table[0]
    for index in range(2 * WORD):
        digit = scalar[index >> 1] & 15 if index & 1 else scalar[index >> 1] >> 4
        if index:
            g1_double(out, out)
            g1_double(out, out)
            g1_double(out, out)
            g1_double(out, out)
        if digit:
            g1_add(out, out, &table[digit])


cdef void copy_padded(unsigned char *target, bytes data, Py_ssize_t length):
    memset(target, 0, length)
    memcpy(target, PyBytes_AS_STRING(data), min(len(data), length))


cdef bytes result(Fault fault, const unsigned char *words, Py_ssize_t length):
    if fault != NONE:
        raise Failed(_FAULTS[fault])
    return PyBytes_FromStringAndSize(<const char *> words, length)


def add(bytes data not None):
    """Return the sum of two points of G1; see `_bn254_py.add`."""
    cdef unsigned char[4 * WORD] words
    cdef G1 left, right
    cdef Fault fault
    copy_padded(words, data, 4 * WORD)
    with nogil:
        fault = read_g1(&left, words)
        if fault == NONE:
            fault = read_g1(&right, words + 2 * WORD)
        if fault == NONE:
            g1_add(&left, &left, &right)
            write_g1(words, &left)
    return result(fault, words, 2 * WORD)


def mul(bytes data not None):
    """Return the multiple of a point of G1; see `_bn254_py.mul`."""
    cdef unsigned char[3 * WORD] words
    cdef G1 point, product
    cdef Fault fault
    copy_padded(words, data, 3 * WORD)
    with nogil:
        fault = read_g1(&point, words)
        if fault == NONE:
            multiply(&product, &point, words + 2 * WORD)
            write_g1(words, &product)
    return result(fault, words, 2 * WORD)


def pairing(bytes data not None):
    """Check a product of pairings; see `_bn254_py.pairing`."""
    cdef unsigned char[WORD] word
    cdef const unsigned char *source = <const unsigned char *> PyBytes_AS_STRING(data)
    cdef Py_ssize_t count = len(data) // PAIR
    cdef bint holds = False
    cdef Fault fault
    if len(data) % PAIR:
        raise Failed(f"BN254: input of {len(data)} bytes, want a multiple of {PAIR}")
    with nogil:
        fault = check_pairs(source, count, &holds)
    memset(word, 0, WORD)
    word[WORD - 1] = holds
    return result(fault, word, WORD)
