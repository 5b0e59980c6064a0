# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Keccak-256, compiled; the reference is eth_hash's pycryptodome.

Source: FIPS 202, section 3 (the permutation Keccak-f[1600] and its five steps), with the
padding of the original submission: one bit right after the message, not SHA3's three.

The state is 25 lanes of 64 bits; lane (x, y) of the standard is at index x + 5y.  A round
reads one copy and writes the other, so rho, pi and chi need no further temporaries, and two
rounds bring the state back to where it was.  All indexes are constants: the C compiler keeps
the lanes in registers.
"""

from cpython.bytearray cimport PyByteArray_Check
from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memset

cdef enum:
    HASH = 32
    # Bytes absorbed by one permutation: the state's 200 less twice the hash.
    RATE = 136

# The constants of iota, section 3.2.5.
cdef uint64_t[24] ROUND_CONSTANTS = [
    0x0000000000000001ULL, 0x0000000000008082ULL, 0x800000000000808AULL, 0x8000000080008000ULL,
    0x000000000000808BULL, 0x0000000080000001ULL, 0x8000000080008081ULL, 0x8000000000008009ULL,
    0x000000000000008AULL, 0x0000000000000088ULL, 0x0000000080008009ULL, 0x000000008000000AULL,
    0x000000008000808BULL, 0x800000000000008BULL, 0x8000000000008089ULL, 0x8000000000008003ULL,
    0x8000000000008002ULL, 0x8000000000000080ULL, 0x000000000000800AULL, 0x800000008000000AULL,
    0x8000000080008081ULL, 0x8000000000008080ULL, 0x0000000080000001ULL, 0x8000000080008008ULL,
]


cdef inline uint64_t turned(uint64_t lane, int bits) noexcept nogil:
    return (lane << bits) | (lane >> (64 - bits))


cdef inline void chi(
    uint64_t* row, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e
) noexcept nogil:
    """Write one row: every lane changed where the next is 0 and the one after is 1."""
    row[0] = a ^ (~b & c)
    row[1] = b ^ (~c & d)
    row[2] = c ^ (~d & e)
    row[3] = d ^ (~e & a)
    row[4] = e ^ (~a & b)


cdef inline void one_round(const uint64_t* s, uint64_t* t, uint64_t constant) noexcept nogil:
    """Write to `t` what the round with this constant makes of `s`; they must not overlap."""
    cdef uint64_t c0 = s[0] ^ s[5] ^ s[10] ^ s[15] ^ s[20]
    cdef uint64_t c1 = s[1] ^ s[6] ^ s[11] ^ s[16] ^ s[21]
    cdef uint64_t c2 = s[2] ^ s[7] ^ s[12] ^ s[17] ^ s[22]
    cdef uint64_t c3 = s[3] ^ s[8] ^ s[13] ^ s[18] ^ s[23]
    cdef uint64_t c4 = s[4] ^ s[9] ^ s[14] ^ s[19] ^ s[24]
    cdef uint64_t d0 = c4 ^ turned(c1, 1)
    cdef uint64_t d1 = c0 ^ turned(c2, 1)
    cdef uint64_t d2 = c1 ^ turned(c3, 1)
    cdef uint64_t d3 = c2 ^ turned(c4, 1)
    cdef uint64_t d4 = c3 ^ turned(c0, 1)
    # Theta, rho and pi as the arguments: which lane, of which column, turned how far.
    chi(
        t,
        s[0] ^ d0, turned(s[6] ^ d1, 44), turned(s[12] ^ d2, 43),
        turned(s[18] ^ d3, 21), turned(s[24] ^ d4, 14),
    )
    t[0] ^= constant
    chi(
        t + 5,
        turned(s[3] ^ d3, 28), turned(s[9] ^ d4, 20), turned(s[10] ^ d0, 3),
        turned(s[16] ^ d1, 45), turned(s[22] ^ d2, 61),
    )
    chi(
        t + 10,
        turned(s[1] ^ d1, 1), turned(s[7] ^ d2, 6), turned(s[13] ^ d3, 25),
        turned(s[19] ^ d4, 8), turned(s[20] ^ d0, 18),
    )
    chi(
        t + 15,
        turned(s[4] ^ d4, 27), turned(s[5] ^ d0, 36), turned(s[11] ^ d1, 10),
        turned(s[17] ^ d2, 15), turned(s[23] ^ d3, 56),
    )
    chi(
        t + 20,
        turned(s[2] ^ d2, 62), turned(s[8] ^ d3, 55), turned(s[14] ^ d4, 39),
        turned(s[15] ^ d0, 41), turned(s[21] ^ d1, 2),
    )


cdef void permute(uint64_t* state) noexcept nogil:
    """Apply Keccak-f[1600] to 25 lanes in place."""
    cdef uint64_t[25] a
    cdef uint64_t[25] b
    cdef int index
    memcpy(a, state, sizeof(a))
    for index in range(0, 24, 2):
        one_round(a, b, ROUND_CONSTANTS[index])
        one_round(b, a, ROUND_CONSTANTS[index + 1])
    memcpy(state, a, sizeof(a))


cdef inline void absorb(uint64_t* state, const uint8_t* block) noexcept nogil:
    """Add one block of RATE bytes, its lanes little-endian, and permute."""
    cdef int lane
    cdef const uint8_t* p
    for lane in range(RATE // 8):
        p = block + 8 * lane
        # The C compiler makes one load of this, on either byte order.
        state[lane] ^= (
            <uint64_t> p[0] | <uint64_t> p[1] << 8 | <uint64_t> p[2] << 16
            | <uint64_t> p[3] << 24 | <uint64_t> p[4] << 32 | <uint64_t> p[5] << 40
            | <uint64_t> p[6] << 48 | <uint64_t> p[7] << 56
        )
    permute(state)


cdef void keccak256_into(const uint8_t* data, size_t length, uint8_t* out) noexcept nogil:
    cdef uint64_t[25] state
    cdef uint8_t[RATE] last
    cdef int index
    memset(state, 0, sizeof(state))
    while length >= RATE:
        absorb(state, data)
        data += RATE
        length -= RATE
    memset(last, 0, RATE)
    if length:
        memcpy(last, data, length)
    # The padding: a bit 1 after the message, and one at the end of the block.
    last[length] ^= 0x01
    last[RATE - 1] ^= 0x80
    absorb(state, last)
    for index in range(HASH):
        out[index] = <uint8_t> (state[index >> 3] >> (8 * (index & 7)))


def keccak256(data):
    cdef uint8_t[HASH] out
    if PyByteArray_Check(data):
        data = bytes(data)
    elif not PyBytes_Check(data):
        raise TypeError(f"keccak256: want bytes, not {type(data).__name__}")
    keccak256_into(<const uint8_t*> PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out)
    return PyBytes_FromStringAndSize(<const char*> out, HASH)
