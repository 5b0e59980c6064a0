# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Arithmetic modulo 2**256 on four limbs of 64 bits; the reference is Python's integers.

Division is Knuth's algorithm D (The Art of Computer Programming, volume 2, 4.3.1), in
base 2**64.  Everything here is a leaf: no memory, no errors.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memset

cdef extern from *:
    # Cython takes it for 64 bits wide, so whatever meets it in one expression is cast to
    # it first: a narrower temporary would lose its high half.
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef uint64_t ALL_ONES = 0xFFFFFFFFFFFFFFFFULL


cdef void word_multiply(Word* result, const Word* a, const Word* b) noexcept nogil:
    cdef uint64_t[4] product
    cdef uint128_t partial
    cdef uint64_t carry
    cdef int i, j
    memset(product, 0, sizeof(product))
    for i in range(4):
        if a.limb[i] == 0:
            continue
        carry = 0
        for j in range(4 - i):
            partial = <uint128_t>a.limb[i] * <uint128_t>b.limb[j]
            partial = partial + <uint128_t>product[i + j] + <uint128_t>carry
            product[i + j] = <uint64_t>partial
            carry = <uint64_t>(partial >> 64)
    memcpy(result, product, sizeof(product))


cdef void multiply_wide(uint64_t* product, const Word* a, const Word* b) noexcept nogil:
    """Write all eight limbs of a product."""
    cdef uint128_t partial
    cdef uint64_t carry
    cdef int i, j
    memset(product, 0, 8 * sizeof(uint64_t))
    for i in range(4):
        carry = 0
        for j in range(4):
            partial = <uint128_t>a.limb[i] * <uint128_t>b.limb[j]
            partial = partial + <uint128_t>product[i + j] + <uint128_t>carry
            product[i + j] = <uint64_t>partial
            carry = <uint64_t>(partial >> 64)
        product[i + 4] = carry


cdef void divide_by_limb(
    uint64_t* quotient, uint64_t* remainder, const uint64_t* dividend, int limbs, uint64_t divisor
) noexcept nogil:
    """Divide by one limb that is not zero."""
    cdef uint128_t part
    cdef uint64_t rest = 0
    cdef int i
    for i in range(limbs - 1, -1, -1):
        if rest == 0:
            quotient[i] = dividend[i] // divisor
            rest = dividend[i] % divisor
        else:
            part = (<uint128_t>rest << 64) | <uint128_t>dividend[i]
            quotient[i] = <uint64_t>(part // <uint128_t>divisor)
            rest = <uint64_t>(part % <uint128_t>divisor)
    remainder[0] = rest


cdef uint64_t guess_digit(
    uint64_t high, uint64_t middle, uint64_t low, uint64_t first, uint64_t second
) noexcept nogil:
    """Guess a digit of the quotient from three limbs over two; at most 1 too high (step D3)."""
    cdef uint128_t part = (<uint128_t>high << 64) | <uint128_t>middle
    cdef uint128_t digit, rest
    if high >= first:
        digit = <uint128_t>ALL_ONES
        rest = part - digit * <uint128_t>first
    else:
        digit = part // <uint128_t>first
        rest = part % <uint128_t>first
    while <uint64_t>(rest >> 64) == 0:
        if digit * <uint128_t>second <= ((rest << 64) | <uint128_t>low):
            break
        digit = digit - <uint128_t>1
        rest = rest + <uint128_t>first
    return <uint64_t>digit


cdef uint64_t take_away(
    uint64_t* dividend, const uint64_t* divisor, int limbs, uint64_t digit
) noexcept nogil:
    """Subtract digit * divisor in place; return 1 where that went below zero (step D4)."""
    cdef uint128_t product, rest
    cdef uint64_t borrow = 0, carry = 0
    cdef int i
    for i in range(limbs):
        product = <uint128_t>digit * <uint128_t>divisor[i] + <uint128_t>carry
        carry = <uint64_t>(product >> 64)
        rest = <uint128_t>dividend[i] - <uint128_t>(<uint64_t>product) - <uint128_t>borrow
        dividend[i] = <uint64_t>rest
        borrow = <uint64_t>(rest >> 64) & 1
    rest = <uint128_t>dividend[limbs] - <uint128_t>carry - <uint128_t>borrow
    dividend[limbs] = <uint64_t>rest
    return <uint64_t>(rest >> 64) & 1


cdef void add_back(uint64_t* dividend, const uint64_t* divisor, int limbs) noexcept nogil:
    """Undo one subtraction of the divisor too many (step D6)."""
    cdef uint128_t total
    cdef uint64_t carry = 0
    cdef int i
    for i in range(limbs):
        total = <uint128_t>dividend[i] + <uint128_t>divisor[i] + <uint128_t>carry
        dividend[i] = <uint64_t>total
        carry = <uint64_t>(total >> 64)
    dividend[limbs] += carry


cdef void divide_limbs(
    uint64_t* quotient, uint64_t* remainder, const uint64_t* a, int a_limbs, const uint64_t* b
) noexcept nogil:
    """Divide at most eight limbs by four that are not all zero.

    `quotient` has `a_limbs` limbs, `remainder` four.
    """
    cdef uint64_t[9] dividend
    cdef uint64_t[4] divisor
    cdef uint64_t digit
    cdef int b_limbs = 4, shift, i, j
    memset(quotient, 0, a_limbs * sizeof(uint64_t))
    memset(remainder, 0, 4 * sizeof(uint64_t))
    while b_limbs > 1 and b[b_limbs - 1] == 0:
        b_limbs -= 1
    while a_limbs > 0 and a[a_limbs - 1] == 0:
        a_limbs -= 1
    if a_limbs < b_limbs:
        memcpy(remainder, a, a_limbs * sizeof(uint64_t))
        return
    if b_limbs == 1:
        divide_by_limb(quotient, remainder, a, a_limbs, b[0])
        return
    # Step D1: scale both until the divisor's highest bit is set.
    shift = leading_zeros(b[b_limbs - 1])
    if shift:
        for i in range(b_limbs - 1, 0, -1):
            divisor[i] = (b[i] << shift) | (b[i - 1] >> (64 - shift))
        divisor[0] = b[0] << shift
        dividend[a_limbs] = a[a_limbs - 1] >> (64 - shift)
        for i in range(a_limbs - 1, 0, -1):
            dividend[i] = (a[i] << shift) | (a[i - 1] >> (64 - shift))
        dividend[0] = a[0] << shift
    else:
        memcpy(divisor, b, b_limbs * sizeof(uint64_t))
        memcpy(dividend, a, a_limbs * sizeof(uint64_t))
        dividend[a_limbs] = 0
    for j in range(a_limbs - b_limbs, -1, -1):
        digit = guess_digit(
            dividend[j + b_limbs], dividend[j + b_limbs - 1], dividend[j + b_limbs - 2],
            divisor[b_limbs - 1], divisor[b_limbs - 2],
        )
        if take_away(dividend + j, divisor, b_limbs, digit):
            digit -= 1
            add_back(dividend + j, divisor, b_limbs)
        quotient[j] = digit
    # Step D8: scale the remainder back.
    if shift:
        for i in range(b_limbs - 1):
            remainder[i] = (dividend[i] >> shift) | (dividend[i + 1] << (64 - shift))
        remainder[b_limbs - 1] = dividend[b_limbs - 1] >> shift
    else:
        memcpy(remainder, dividend, b_limbs * sizeof(uint64_t))


cdef void word_divide(Word* quotient, Word* remainder, const Word* a, const Word* b) noexcept nogil:
    """Divide; both results are zero for a divisor of zero, as in the EVM."""
    cdef uint64_t[4] whole
    cdef uint64_t[4] rest
    if word_is_zero(b):
        word_set(quotient, 0)
        word_set(remainder, 0)
        return
    divide_limbs(whole, rest, a.limb, 4, b.limb)
    memcpy(quotient, whole, sizeof(whole))
    memcpy(remainder, rest, sizeof(rest))


cdef void negate(Word* result, const Word* a) noexcept nogil:
    cdef Word zero
    word_set(&zero, 0)
    word_subtract(result, &zero, a)


cdef void magnitude(Word* result, const Word* a) noexcept nogil:
    if word_is_negative(a):
        negate(result, a)
    else:
        result[0] = a[0]


cdef void word_signed_divide(Word* result, const Word* a, const Word* b) noexcept nogil:
    cdef Word x, y, quotient, remainder
    cdef bint opposite = word_is_negative(a) != word_is_negative(b)
    magnitude(&x, a)
    magnitude(&y, b)
    word_divide(&quotient, &remainder, &x, &y)
    if opposite:
        negate(result, &quotient)
    else:
        result[0] = quotient


cdef void word_signed_modulo(Word* result, const Word* a, const Word* b) noexcept nogil:
    cdef Word x, y, quotient, remainder
    cdef bint negative = word_is_negative(a)
    magnitude(&x, a)
    magnitude(&y, b)
    word_divide(&quotient, &remainder, &x, &y)
    if negative:
        negate(result, &remainder)
    else:
        result[0] = remainder


cdef void word_add_modulo(
    Word* result, const Word* a, const Word* b, const Word* modulus
) noexcept nogil:
    cdef uint64_t[5] total
    cdef uint64_t[5] quotient
    cdef uint64_t[4] rest
    cdef uint128_t partial = <uint128_t>0
    cdef int i
    if word_is_zero(modulus):
        word_set(result, 0)
        return
    for i in range(4):
        partial = <uint128_t>a.limb[i] + <uint128_t>b.limb[i] + (partial >> 64)
        total[i] = <uint64_t>partial
    total[4] = <uint64_t>(partial >> 64)
    divide_limbs(quotient, rest, total, 5, modulus.limb)
    memcpy(result, rest, sizeof(rest))


cdef void word_multiply_modulo(
    Word* result, const Word* a, const Word* b, const Word* modulus
) noexcept nogil:
    cdef uint64_t[8] product
    cdef uint64_t[8] quotient
    cdef uint64_t[4] rest
    if word_is_zero(modulus):
        word_set(result, 0)
        return
    multiply_wide(product, a, b)
    divide_limbs(quotient, rest, product, 8, modulus.limb)
    memcpy(result, rest, sizeof(rest))


cdef void word_power(Word* result, const Word* base, const Word* exponent) noexcept nogil:
    """Raise by squaring, from the exponent's lowest bit up to its highest."""
    cdef Word power = base[0], product
    cdef int bits = 256 - word_leading_zeros(exponent), i
    word_set(&product, 1)
    for i in range(bits):
        if (exponent.limb[i >> 6] >> (i & 63)) & 1:
            word_multiply(&product, &product, &power)
        word_multiply(&power, &power, &power)
    result[0] = product


cdef void word_shift_left(Word* result, const Word* a, unsigned int bits) noexcept nogil:
    """Shift by fewer than 256 bits."""
    cdef int limbs = bits >> 6, rest = bits & 63, i
    cdef Word shifted
    word_set(&shifted, 0)
    for i in range(3, limbs - 1, -1):
        shifted.limb[i] = a.limb[i - limbs] << rest
        if rest and i > limbs:
            shifted.limb[i] |= a.limb[i - limbs - 1] >> (64 - rest)
    result[0] = shifted


cdef void word_shift_right(Word* result, const Word* a, unsigned int bits) noexcept nogil:
    """Shift by fewer than 256 bits."""
    cdef int limbs = bits >> 6, rest = bits & 63, i
    cdef Word shifted
    word_set(&shifted, 0)
    for i in range(4 - limbs):
        shifted.limb[i] = a.limb[i + limbs] >> rest
        if rest and i + limbs < 3:
            shifted.limb[i] |= a.limb[i + limbs + 1] << (64 - rest)
    result[0] = shifted


cdef void word_shift_arithmetic(Word* result, const Word* a, unsigned int bits) noexcept nogil:
    """Shift by fewer than 256 bits, keeping the sign."""
    cdef Word inverted
    cdef int i
    if not word_is_negative(a):
        word_shift_right(result, a, bits)
        return
    for i in range(4):
        inverted.limb[i] = ~a.limb[i]
    word_shift_right(&inverted, &inverted, bits)
    for i in range(4):
        result.limb[i] = ~inverted.limb[i]


cdef void word_sign_extend(Word* result, uint64_t last_byte) noexcept nogil:
    """Let the sign of the byte `last_byte`, counted from the low end, fill what is above."""
    cdef unsigned int bits
    if last_byte >= 31:
        return
    bits = 248 - 8 * <unsigned int>last_byte
    word_shift_left(result, result, bits)
    word_shift_arithmetic(result, result, bits)


cdef int word_leading_zeros(const Word* a) noexcept nogil:
    cdef int i
    for i in range(3, -1, -1):
        if a.limb[i]:
            return 64 * (3 - i) + leading_zeros(a.limb[i])
    return 256


cdef int word_bytes(const Word* a) noexcept nogil:
    """Return the number of bytes without leading zeros."""
    return (263 - word_leading_zeros(a)) >> 3


cdef int word_from_int(object value, Word* result) except -1:
    """Read a Python integer; `OverflowError` unless it is a word."""
    cdef bytes encoded
    try:
        encoded = value.to_bytes(32, "big")
    except OverflowError:
        raise OverflowError(f"{value} is not a word: want 0 to 2**256 - 1") from None
    word_load(<const uint8_t*>PyBytes_AS_STRING(encoded), result)
    return 0


cdef object word_to_int(const Word* a):
    if word_is_wide(a):
        return int.from_bytes(word_to_bytes(a), "big")
    return a.limb[0]


cdef bytes word_to_bytes(const Word* a):
    cdef bytes encoded = PyBytes_FromStringAndSize(NULL, 32)
    word_store(a, <uint8_t*>PyBytes_AS_STRING(encoded))
    return encoded


cdef bytes word_to_address(const Word* a):
    """Return the low 20 bytes."""
    cdef uint8_t[32] encoded
    word_store(a, encoded)
    return PyBytes_FromStringAndSize(<char*>encoded + 12, 20)


cdef int two_operands(str name, const Word* a, const Word* b, Word* result) except -1:
    """Return whether `name` is an operation of two words, and do it."""
    cdef Word other
    cdef unsigned int bits
    if name == "ADD":
        word_add(result, a, b)
    elif name == "SUB":
        word_subtract(result, a, b)
    elif name == "MUL":
        word_multiply(result, a, b)
    elif name == "DIV":
        word_divide(result, &other, a, b)
    elif name == "MOD":
        word_divide(&other, result, a, b)
    elif name == "SDIV":
        word_signed_divide(result, a, b)
    elif name == "SMOD":
        word_signed_modulo(result, a, b)
    elif name == "EXP":
        word_power(result, a, b)
    elif name == "LT":
        word_set(result, word_less(a, b))
    elif name == "EQ":
        word_set(result, word_equal(a, b))
    elif name == "SIGNEXTEND":
        result[0] = b[0]
        word_sign_extend(result, ALL_ONES if word_is_wide(a) else a.limb[0])
    elif name in ("SHL", "SHR", "SAR"):
        if word_is_wide(a) or a.limb[0] > 255:
            raise ValueError(f"{name}: a shift of {word_to_int(a)} bits, want less than 256")
        bits = <unsigned int>a.limb[0]
        if name == "SHL":
            word_shift_left(result, b, bits)
        elif name == "SHR":
            word_shift_right(result, b, bits)
        else:
            word_shift_arithmetic(result, b, bits)
    else:
        return 0
    return 1


def operate(str name, *operands):
    cdef Word[3] words
    cdef Word result
    if len(operands) not in (1, 2, 3):
        raise ValueError(f"{name}: {len(operands)} operands, want 1 to 3")
    for index, operand in enumerate(operands):
        word_from_int(operand, &words[<int>index])
    if len(operands) == 2 and two_operands(name, &words[0], &words[1], &result):
        return word_to_int(&result)
    if len(operands) == 1 and name == "CLZ":
        return word_leading_zeros(&words[0])
    if len(operands) == 1 and name == "BYTES":
        return word_bytes(&words[0])
    if len(operands) == 3 and name == "ADDMOD":
        word_add_modulo(&result, &words[0], &words[1], &words[2])
        return word_to_int(&result)
    if len(operands) == 3 and name == "MULMOD":
        word_multiply_modulo(&result, &words[0], &words[1], &words[2])
        return word_to_int(&result)
    raise ValueError(f"no operation {name} on {len(operands)} words")
