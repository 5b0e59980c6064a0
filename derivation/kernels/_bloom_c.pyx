# cython: language_level=3
"""The filter over addresses and topics of logs, compiled; `_bloom_py` has the rules."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memset

from byline.derivation.kernels._keccak_c cimport keccak256_into

cdef enum:
    BLOOM = 256


cdef void add(uint8_t* bloom, const uint8_t* item, size_t size) noexcept nogil:
    cdef uint8_t[32] digest
    cdef int pair, bit
    keccak256_into(item, size, digest)
    for pair in range(3):
        bit = (digest[2 * pair] << 8 | digest[2 * pair + 1]) & 2047
        bloom[BLOOM - 1 - (bit >> 3)] |= 1 << (bit & 7)


def bloom_of(items):
    cdef uint8_t[BLOOM] bloom
    cdef bytes item
    memset(bloom, 0, BLOOM)
    for item in items:
        if item is None:
            raise TypeError("bloom: want bytes, got None")
        add(bloom, <const uint8_t*> PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item))
    return PyBytes_FromStringAndSize(<const char*> bloom, BLOOM)


def union_of(blooms):
    cdef uint8_t[BLOOM] union
    cdef const uint8_t* source
    cdef bytes bloom
    cdef int index
    memset(union, 0, BLOOM)
    for bloom in blooms:
        if bloom is None:
            raise TypeError("bloom: want bytes, got None")
        if PyBytes_GET_SIZE(bloom) != BLOOM:
            raise ValueError(f"bloom: want {BLOOM} bytes, got {PyBytes_GET_SIZE(bloom)}")
        source = <const uint8_t*> PyBytes_AS_STRING(bloom)
        for index in range(BLOOM):
            union[index] |= source[index]
    return PyBytes_FromStringAndSize(<const char*> union, BLOOM)
