# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled kernel of MODEXP; `_modexp_py` says what it computes.

Numbers are arrays of 64-bit limbs, the lowest first.  A modulus is an odd number times a
power of two; the power modulo the odd one is computed in Montgomery form, that modulo the
power of two by dropping what is above, and the two are put together (Koc, 1994, "Montgomery
reduction with even modulus").  The GIL is released while it computes.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    # GCC and Clang have it on every 64-bit target; elsewhere the build fails and the
    # reference is used.  Cython takes it for 64 bits wide, so whatever meets it in one
    # expression is cast to it first.
    ctypedef unsigned long long uint128_t "unsigned __int128"
    int leading_zeroes "__builtin_clzll"(uint64_t) noexcept nogil
    int trailing_zeroes "__builtin_ctzll"(uint64_t) noexcept nogil

cdef enum:
    LIMB = 8
    BITS = 64
    # The exponent is read four bits at a time, unless it is too short to pay for a table.
    TABLE = 16
    SHORT_EXPONENT = 3
    # Arrays as long as the modulus: the table, and what is taken beside it (21 of them).
    ARRAYS = TABLE + 24

ctypedef uint64_t limb_t

# Where numbers are multiplied: modulo an odd number, in Montgomery form, or modulo a power
# of two, then without `modulus`.
ctypedef struct Ring:
    Py_ssize_t size
    const limb_t* modulus
    # -1 / modulus modulo 2**64
    limb_t inverse
    # size + 2 limbs
    limb_t* spare


cdef class Limbs:
    """Memory that starts as zeroes and is handed out in pieces."""

    cdef limb_t* start
    cdef limb_t* free

    def __cinit__(self, Py_ssize_t count):
        self.start = <limb_t*> PyMem_RawCalloc(count, sizeof(limb_t))
        if self.start == NULL:
            raise MemoryError
        self.free = self.start

    def __dealloc__(self):
        PyMem_RawFree(self.start)

    cdef limb_t* take(self, Py_ssize_t count) noexcept nogil:
        cdef limb_t* piece = self.free
        self.free += count
        return piece


cdef void read(limb_t* out, const uint8_t* data, Py_ssize_t length) noexcept nogil:
    """Read big-endian bytes into limbs that are zero."""
    cdef Py_ssize_t index
    for index in range(length):
        out[index // LIMB] |= <limb_t> data[length - 1 - index] << 8 * (index % LIMB)


cdef void write(uint8_t* data, Py_ssize_t length, const limb_t* a) noexcept nogil:
    cdef Py_ssize_t index
    for index in range(length):
        data[length - 1 - index] = <uint8_t> (a[index // LIMB] >> 8 * (index % LIMB))


cdef Py_ssize_t significant(const limb_t* a, Py_ssize_t size) noexcept nogil:
    while size and not a[size - 1]:
        size -= 1
    return size


cdef limb_t shift_up(limb_t* out, const limb_t* a, Py_ssize_t size, int bits) noexcept nogil:
    """Shift by 0..63 bits and return what is shifted out."""
    cdef limb_t carry = 0, limb
    cdef Py_ssize_t index
    for index in range(size):
        limb = a[index]
        out[index] = limb << bits | carry
        carry = limb >> (BITS - bits) if bits else 0
    return carry


cdef void shift_down(limb_t* out, const limb_t* a, Py_ssize_t size, int bits) noexcept nogil:
    """Shift by 0..63 bits."""
    cdef Py_ssize_t index
    cdef limb_t above
    for index in range(size):
        above = a[index + 1] if index + 1 < size else 0
        out[index] = a[index] >> bits | above << (BITS - bits) if bits else a[index]


cdef limb_t add_multiple(
    limb_t* out, const limb_t* a, Py_ssize_t size, limb_t times
) noexcept nogil:
    """Add a * times to out and return the carry."""
    cdef uint128_t part = 0
    cdef Py_ssize_t index
    for index in range(size):
        part = <uint128_t> a[index] * <uint128_t> times + <uint128_t> out[index] + (part >> BITS)
        out[index] = <limb_t> part
    return <limb_t> (part >> BITS)


cdef limb_t take_multiple(
    limb_t* out, const limb_t* a, Py_ssize_t size, limb_t times
) noexcept nogil:
    """Subtract a * times from out and return what is still to be borrowed."""
    cdef uint128_t part
    cdef limb_t carry = 0, low
    cdef Py_ssize_t index
    for index in range(size):
        part = <uint128_t> a[index] * <uint128_t> times + <uint128_t> carry
        low = <limb_t> part
        carry = <limb_t> (part >> BITS) + (out[index] < low)
        out[index] -= low
    return carry


cdef void remainder(limb_t* u, Py_ssize_t length, const limb_t* v, Py_ssize_t size) noexcept nogil:
    """Reduce u modulo v (Knuth, volume 2, 4.3.1, algorithm D).

    The highest bit of v is set and the highest limb of u, longer than v, is zero.
    """
    cdef Py_ssize_t at
    cdef limb_t guess, borrow, top = v[size - 1]
    for at in range(length - size - 1, -1, -1):
        if u[at + size] >= top:
            guess = <limb_t> -1
        else:
            guess = <limb_t> (
                (<uint128_t> u[at + size] << BITS | <uint128_t> u[at + size - 1])
                // <uint128_t> top
            )
        borrow = take_multiple(u + at, v, size, guess)
        # The guess is too high by two at most.
        while u[at + size] != borrow:
            borrow -= add_multiple(u + at, v, size, 1)
        u[at + size] = 0


cdef limb_t reduce_limb(
    limb_t* out, const limb_t* modulus, Py_ssize_t size, limb_t factor
) noexcept nogil:
    """Add modulus * factor, which makes the lowest limb zero, drop that, return the carry."""
    cdef uint128_t part = <uint128_t> modulus[0] * <uint128_t> factor + <uint128_t> out[0]
    cdef Py_ssize_t index
    for index in range(1, size):
        part = <uint128_t> modulus[index] * <uint128_t> factor + (part >> BITS)
        part += <uint128_t> out[index]
        out[index - 1] = <limb_t> part
    return <limb_t> (part >> BITS)


cdef bint below(const limb_t* a, const limb_t* b, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t index
    for index in range(size - 1, -1, -1):
        if a[index] != b[index]:
            return a[index] < b[index]
    return False


cdef inline void multiply_limbs(const Ring* ring, limb_t* out, limb_t a, limb_t b) noexcept nogil:
    """What `multiply` does, for numbers of one limb: cheap ones to call with long exponents."""
    cdef uint128_t product, part
    if ring.modulus == NULL:
        out[0] = a * b
        return
    product = <uint128_t> a * <uint128_t> b
    part = <uint128_t> ring.modulus[0] * <uint128_t> (<limb_t> product * ring.inverse)
    # The low halves add up to 2**64, or are both zero.
    part = (part >> BITS) + (product >> BITS) + <uint128_t> (<limb_t> product != 0)
    if part >= <uint128_t> ring.modulus[0]:
        part -= <uint128_t> ring.modulus[0]
    out[0] = <limb_t> part


cdef void multiply(const Ring* ring, limb_t* out, const limb_t* a, const limb_t* b) noexcept nogil:
    """Multiply in the ring; `out` may be one of the two."""
    cdef limb_t* t = ring.spare
    cdef Py_ssize_t size = ring.size, index
    cdef limb_t carry
    cdef uint128_t top
    if size == 1:
        multiply_limbs(ring, out, a[0], b[0])
        return
    memset(t, 0, (size + 1) * sizeof(limb_t))
    for index in range(size):
        if ring.modulus == NULL:
            add_multiple(t + index, a, size - index, b[index])
            continue
        carry = add_multiple(t, a, size, b[index])
        top = <uint128_t> t[size] + <uint128_t> carry
        carry = reduce_limb(t, ring.modulus, size, t[0] * ring.inverse)
        top += <uint128_t> carry
        t[size - 1] = <limb_t> top
        t[size] = <limb_t> (top >> BITS)
    if ring.modulus != NULL and (t[size] or not below(t, ring.modulus, size)):
        take_multiple(t, ring.modulus, size, 1)
    memcpy(out, t, size * sizeof(limb_t))


cdef void raise_to(
    const Ring* ring, limb_t* out, const limb_t* base, const limb_t* one,
    const uint8_t* exponent, Py_ssize_t length, limb_t* table,
) noexcept nogil:
    """Raise `base` of the ring, where `one` is 1, to an exponent of `length` bytes."""
    cdef Py_ssize_t size = ring.size, index
    cdef int digit, half
    cdef bint begun = False
    memcpy(out, one, size * sizeof(limb_t))
    if length <= SHORT_EXPONENT:
        for index in range(8 * length):
            if begun:
                multiply(ring, out, out, out)
            if exponent[index >> 3] >> (7 - (index & 7)) & 1:
                multiply(ring, out, out, base)
                begun = True
        return
    memcpy(table, one, size * sizeof(limb_t))
    for digit in range(1, TABLE):
        multiply(ring, table + digit * size, table + (digit - 1) * size, base)
    for index in range(2 * length):
        digit = exponent[index >> 1] & 15 if index & 1 else exponent[index >> 1] >> 4
        for half in range(4 if begun else 0):
            multiply(ring, out, out, out)
        if digit:
            multiply(ring, out, out, table + digit * size)
            begun = True


cdef limb_t inverse_of_limb(limb_t odd) noexcept nogil:
    """Return 1 / odd modulo 2**64; every step doubles the bits that are right."""
    cdef limb_t found = odd
    cdef int step
    for step in range(5):
        found *= 2 - odd * found
    return found


cdef void power_modulo_odd(
    Limbs memory, limb_t* out, const limb_t* base, Py_ssize_t base_size,
    const limb_t* modulus, Py_ssize_t size,
    const uint8_t* exponent, Py_ssize_t length, limb_t* table,
) noexcept nogil:
    """Store base ** exponent modulo an odd number of `size` limbs, the highest not zero."""
    cdef int shift = leading_zeroes(modulus[size - 1])
    cdef limb_t* normalized = memory.take(size)
    cdef limb_t* reduced = memory.take(size)
    cdef limb_t* square = memory.take(size)
    cdef limb_t* one = memory.take(size)
    cdef limb_t* work = memory.take(max(base_size, 2 * size) + 2)
    cdef Ring ring
    ring.size = size
    ring.modulus = modulus
    ring.inverse = 0 - inverse_of_limb(modulus[0])
    ring.spare = memory.take(size + 2)
    shift_up(normalized, modulus, size, shift)
    work[base_size] = shift_up(work, base, base_size, shift)
    remainder(work, base_size + 2, normalized, size)
    shift_down(reduced, work, size, shift)
    # 2**(128 size), which multiplied in the ring brings a number into its form.
    memset(work, 0, (2 * size + 2) * sizeof(limb_t))
    work[2 * size] = <limb_t> 1 << shift
    remainder(work, 2 * size + 2, normalized, size)
    shift_down(square, work, size, shift)
    one[0] = 1
    multiply(&ring, reduced, reduced, square)
    multiply(&ring, square, one, square)
    raise_to(&ring, out, reduced, square, exponent, length, table)
    multiply(&ring, out, out, one)


cdef void power_modulo_two(
    Limbs memory, limb_t* out, const limb_t* base, Py_ssize_t base_size, Py_ssize_t size,
    const uint8_t* exponent, Py_ssize_t length, limb_t* table,
) noexcept nogil:
    """Store base ** exponent modulo 2**(64 size)."""
    cdef limb_t* low = memory.take(size)
    cdef limb_t* one = memory.take(size)
    cdef Ring ring
    ring.size = size
    ring.modulus = NULL
    ring.spare = memory.take(size + 2)
    memcpy(low, base, min(size, base_size) * sizeof(limb_t))
    one[0] = 1
    raise_to(&ring, out, low, one, exponent, length, table)


cdef void join(
    Limbs memory, limb_t* out, const limb_t* odd, Py_ssize_t odd_size,
    const limb_t* residue, const limb_t* low, Py_ssize_t size, Py_ssize_t bits,
) noexcept nogil:
    """Store the number that is `residue` modulo `odd` and `low` modulo 2**bits.

    It is residue + odd * ((low - residue) / odd modulo 2**bits).  `odd` has `odd_size` limbs,
    `bits` fit into `size`, and `out`, all zero, has room for both.
    """
    cdef limb_t* inverse = memory.take(size)
    cdef limb_t* short_odd = memory.take(size)
    cdef limb_t* step = memory.take(size)
    cdef limb_t* factor = memory.take(size)
    cdef Py_ssize_t right = 1, index
    cdef Ring ring
    ring.size = size
    ring.modulus = NULL
    ring.spare = memory.take(size + 2)
    memcpy(short_odd, odd, min(size, odd_size) * sizeof(limb_t))
    inverse[0] = inverse_of_limb(odd[0])
    while right < size:
        # inverse = inverse (2 - odd inverse)
        multiply(&ring, step, short_odd, inverse)
        memset(factor, 0, size * sizeof(limb_t))
        factor[0] = 2
        take_multiple(factor, step, size, 1)
        multiply(&ring, inverse, inverse, factor)
        right *= 2
    memcpy(factor, low, size * sizeof(limb_t))
    memset(step, 0, size * sizeof(limb_t))
    memcpy(step, residue, min(size, odd_size) * sizeof(limb_t))
    take_multiple(factor, step, size, 1)
    multiply(&ring, factor, factor, inverse)
    if bits % BITS:
        factor[size - 1] &= ((<limb_t> 1) << bits % BITS) - 1
    memcpy(out, residue, odd_size * sizeof(limb_t))
    for index in range(size):
        out[index + odd_size] = add_multiple(out + index, odd, odd_size, factor[index])


cdef void power_of(
    Limbs memory, const uint8_t* base, Py_ssize_t base_length,
    const uint8_t* exponent, Py_ssize_t length, uint8_t* modulus, Py_ssize_t modulus_length,
) noexcept nogil:
    """Write base ** exponent modulo `modulus` over the modulus."""
    cdef Py_ssize_t size = (modulus_length + LIMB - 1) // LIMB
    cdef Py_ssize_t base_size = (base_length + LIMB - 1) // LIMB
    cdef Py_ssize_t zero_limbs = 0, odd_size, low_size, bits
    cdef limb_t* whole = memory.take(size + 1)
    cdef limb_t* number = memory.take(base_size + 1)
    cdef limb_t* odd = memory.take(size)
    cdef limb_t* residue = memory.take(size)
    cdef limb_t* low = memory.take(size)
    cdef limb_t* result = memory.take(2 * size + 1)
    cdef limb_t* table = memory.take(TABLE * size)
    read(whole, modulus, modulus_length)
    read(number, base, base_length)
    size = significant(whole, size)
    base_size = significant(number, base_size)
    memset(modulus, 0, modulus_length)
    if not size:
        return
    while not whole[zero_limbs]:
        zero_limbs += 1
    bits = BITS * zero_limbs + trailing_zeroes(whole[zero_limbs])
    shift_down(odd, whole + zero_limbs, size - zero_limbs, bits % BITS)
    odd_size = significant(odd, size - zero_limbs)
    low_size = (bits + BITS - 1) // BITS
    # Modulo one everything is zero.
    if odd_size > 1 or odd[0] > 1:
        power_modulo_odd(
            memory, residue, number, base_size, odd, odd_size, exponent, length, table
        )
    if bits:
        power_modulo_two(memory, low, number, base_size, low_size, exponent, length, table)
        join(memory, result, odd, odd_size, residue, low, low_size, bits)
        residue = result
    write(modulus, modulus_length, residue)


def power(bytes base not None, bytes exponent not None, bytes modulus not None):
    """Return base ** exponent modulo `modulus`; see `_modexp_py.power`."""
    cdef Py_ssize_t size = (len(modulus) + LIMB - 1) // LIMB + 2
    cdef Py_ssize_t base_size = (len(base) + LIMB - 1) // LIMB + 2
    cdef Limbs memory = Limbs(ARRAYS * size + 2 * base_size)
    cdef bytes short_exponent = exponent.lstrip(b"\0")
    cdef Py_ssize_t base_length = len(base), length = len(short_exponent)
    cdef Py_ssize_t modulus_length = len(modulus)
    cdef const uint8_t* base_bytes = <const uint8_t*> PyBytes_AS_STRING(base)
    cdef const uint8_t* exponent_bytes = <const uint8_t*> PyBytes_AS_STRING(short_exponent)
    # Without a source the object is a new one, which nobody else sees before it is returned.
    cdef bytes result = PyBytes_FromStringAndSize(NULL, modulus_length)
    cdef uint8_t* result_bytes = <uint8_t*> PyBytes_AS_STRING(result)
    memcpy(result_bytes, PyBytes_AS_STRING(modulus), modulus_length)
    with nogil:
        power_of(
            memory, base_bytes, base_length, exponent_bytes, length, result_bytes, modulus_length
        )
    return result
