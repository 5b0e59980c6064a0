# cython: language_level=3
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #if !defined(__SIZEOF_INT128__)
    #error "the products of limbs need a compiler with unsigned __int128"
    #endif
    #if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "words are swapped into limbs as on little-endian machines"
    #endif
    """
    uint64_t swap_bytes "__builtin_bswap64"(uint64_t) noexcept nogil
    # Of zero it is undefined: every caller asks first.
    int leading_zeros "__builtin_clzll"(unsigned long long) noexcept nogil

# A 256-bit word, the least significant limb first.
cdef struct Word:
    uint64_t limb[4]

# Operations may name one word as result and operand, but for `quotient` and `remainder`.
cdef void word_multiply(Word* result, const Word* a, const Word* b) noexcept nogil
cdef void word_divide(
    Word* quotient, Word* remainder, const Word* a, const Word* b
) noexcept nogil
cdef void word_signed_divide(Word* result, const Word* a, const Word* b) noexcept nogil
cdef void word_signed_modulo(Word* result, const Word* a, const Word* b) noexcept nogil
cdef void word_add_modulo(
    Word* result, const Word* a, const Word* b, const Word* modulus
) noexcept nogil
cdef void word_multiply_modulo(
    Word* result, const Word* a, const Word* b, const Word* modulus
) noexcept nogil
cdef void word_power(Word* result, const Word* base, const Word* exponent) noexcept nogil
cdef void word_shift_left(Word* result, const Word* a, unsigned int bits) noexcept nogil
cdef void word_shift_right(Word* result, const Word* a, unsigned int bits) noexcept nogil
cdef void word_shift_arithmetic(Word* result, const Word* a, unsigned int bits) noexcept nogil
cdef void word_sign_extend(Word* result, uint64_t last_byte) noexcept nogil
cdef int word_bytes(const Word* a) noexcept nogil
cdef int word_leading_zeros(const Word* a) noexcept nogil

cdef int word_from_int(object value, Word* result) except -1
cdef object word_to_int(const Word* a)
cdef bytes word_to_bytes(const Word* a)
cdef bytes word_to_address(const Word* a)

cdef inline void word_set(Word* result, uint64_t value) noexcept nogil:
    result.limb[0] = value
    result.limb[1] = 0
    result.limb[2] = 0
    result.limb[3] = 0

cdef inline bint word_is_zero(const Word* a) noexcept nogil:
    return (a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]) == 0

# Whether the word is at least 2**64.
cdef inline bint word_is_wide(const Word* a) noexcept nogil:
    return (a.limb[1] | a.limb[2] | a.limb[3]) != 0

cdef inline bint word_is_negative(const Word* a) noexcept nogil:
    return (a.limb[3] >> 63) != 0

cdef inline bint word_equal(const Word* a, const Word* b) noexcept nogil:
    return (
        (a.limb[0] ^ b.limb[0]) | (a.limb[1] ^ b.limb[1])
        | (a.limb[2] ^ b.limb[2]) | (a.limb[3] ^ b.limb[3])
    ) == 0

cdef inline bint word_less(const Word* a, const Word* b) noexcept nogil:
    if a.limb[3] != b.limb[3]:
        return a.limb[3] < b.limb[3]
    if a.limb[2] != b.limb[2]:
        return a.limb[2] < b.limb[2]
    if a.limb[1] != b.limb[1]:
        return a.limb[1] < b.limb[1]
    return a.limb[0] < b.limb[0]

cdef inline void word_add(Word* result, const Word* a, const Word* b) noexcept nogil:
    cdef uint64_t total, carry
    total = a.limb[0] + b.limb[0]
    carry = total < a.limb[0]
    result.limb[0] = total
    # Each limb's carry comes from one of two sums, never from both.
    total = a.limb[1] + carry
    carry = total < carry
    total += b.limb[1]
    carry += total < b.limb[1]
    result.limb[1] = total
    total = a.limb[2] + carry
    carry = total < carry
    total += b.limb[2]
    carry += total < b.limb[2]
    result.limb[2] = total
    result.limb[3] = a.limb[3] + b.limb[3] + carry

cdef inline void word_subtract(Word* result, const Word* a, const Word* b) noexcept nogil:
    cdef uint64_t whole, rest, borrow
    whole = a.limb[0]
    rest = whole - b.limb[0]
    borrow = whole < b.limb[0]
    result.limb[0] = rest
    whole = a.limb[1]
    rest = whole - b.limb[1]
    whole = whole < b.limb[1]
    result.limb[1] = rest - borrow
    borrow = whole | (rest < borrow)
    whole = a.limb[2]
    rest = whole - b.limb[2]
    whole = whole < b.limb[2]
    result.limb[2] = rest - borrow
    borrow = whole | (rest < borrow)
    result.limb[3] = a.limb[3] - b.limb[3] - borrow

# Reads 32 bytes, the most significant first.
cdef inline void word_load(const uint8_t* source, Word* result) noexcept nogil:
    cdef uint64_t[4] limbs
    memcpy(limbs, source, 32)
    result.limb[3] = swap_bytes(limbs[0])
    result.limb[2] = swap_bytes(limbs[1])
    result.limb[1] = swap_bytes(limbs[2])
    result.limb[0] = swap_bytes(limbs[3])

# Writes 32 bytes, the most significant first.
cdef inline void word_store(const Word* a, uint8_t* target) noexcept nogil:
    cdef uint64_t[4] limbs
    limbs[0] = swap_bytes(a.limb[3])
    limbs[1] = swap_bytes(a.limb[2])
    limbs[2] = swap_bytes(a.limb[1])
    limbs[3] = swap_bytes(a.limb[0])
    memcpy(target, limbs, 32)

# Reads up to 32 bytes as the low end of a word.
cdef inline void word_load_short(const uint8_t* source, size_t length, Word* result) noexcept nogil:
    cdef uint8_t[32] padded
    word_set(result, 0)
    memcpy(padded, result, 32)
    memcpy(padded + 32 - length, source, length)
    word_load(padded, result)
