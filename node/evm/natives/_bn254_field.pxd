# cython: language_level=3
"""Numbers of the field of BN254, and of its extension by i, where i * i = -1.

A number x is held as x * 2**256 modulo p (Montgomery form) in four limbs, the lowest first,
always below p.  p is below 2**254, so sums of two do not overflow, and the multiplication
needs no limb for carries.  Results may share their place with arguments.
"""

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    static const uint64_t BN254_P[4] = {
        0x3c208c16d87cfd47ULL, 0x97816a916871ca8dULL,
        0xb85045b68181585dULL, 0x30644e72e131a029ULL
    };
    /* 2**256, 2**512 and 2**768 modulo p */
    static const uint64_t BN254_R1[4] = {
        0xd35d438dc58f0d9dULL, 0x0a78eb28f5c70b3dULL,
        0x666ea36f7879462cULL, 0x0e0a77c19a07df2fULL
    };
    static const uint64_t BN254_R2[4] = {
        0xf32cfc5b538afa89ULL, 0xb5e71911d44501fbULL,
        0x47ab1eff0a417ff6ULL, 0x06d89f71cab8351fULL
    };
    static const uint64_t BN254_R3[4] = {
        0xb1cd6dafda1530dfULL, 0x62f210e6a7283db6ULL,
        0xef7f0b0c0ada0afbULL, 0x20fd6e902d592544ULL
    };
    /* -1 / p modulo 2**64 */
    #define BN254_P_INVERSE 0x87d20782e4866389ULL
    """
    # GCC and Clang have it on every 64-bit target; elsewhere the build fails and the
    # reference is used.  Cython takes it for 64 bits wide, so whatever meets it in one
    # expression is cast to it first.
    ctypedef unsigned long long uint128_t "unsigned __int128"
    const uint64_t P "BN254_P"[4]
    const uint64_t R1 "BN254_R1"[4]
    const uint64_t R2 "BN254_R2"[4]
    const uint64_t R3 "BN254_R3"[4]
    const uint64_t P_INVERSE "BN254_P_INVERSE"
    int trailing_zeroes "__builtin_ctzll"(uint64_t) noexcept nogil

ctypedef struct Fp:
    uint64_t limb[4]

ctypedef struct Fp2:
    Fp re
    Fp im


cdef inline bint fp_is_zero(const Fp *a) noexcept nogil:
    return (a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]) == 0


cdef inline bint fp_equal(const Fp *a, const Fp *b) noexcept nogil:
    return (
        (a.limb[0] ^ b.limb[0])
        | (a.limb[1] ^ b.limb[1])
        | (a.limb[2] ^ b.limb[2])
        | (a.limb[3] ^ b.limb[3])
    ) == 0


cdef inline void fp_set(Fp *out, const uint64_t *limbs) noexcept nogil:
    """Store limbs as they are."""
    cdef int index
    for index in range(4):
        out.limb[index] = limbs[index]


cdef inline void fp_set_one(Fp *out) noexcept nogil:
    fp_set(out, R1)


cdef inline void fp_set_zero(Fp *out) noexcept nogil:
    out.limb[0] = out.limb[1] = out.limb[2] = out.limb[3] = 0


cdef inline bint fp_below(const Fp *a, const uint64_t *bound) noexcept nogil:
    """Tell whether a < bound, as plain numbers."""
    cdef int index
    for index in range(3, -1, -1):
        if a.limb[index] != bound[index]:
            return a.limb[index] < bound[index]
    return False


cdef inline void reduce_once(Fp *out, uint64_t a, uint64_t b, uint64_t c, uint64_t d) noexcept nogil:
    """Store the number with limbs a, b, c, d, below 2 p, less p where it is not below p."""
    cdef uint128_t part
    cdef uint64_t e, f, g, h, keep
    part = <uint128_t> a - <uint128_t> P[0]
    e = <uint64_t> part
    part = <uint128_t> b - <uint128_t> P[1] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    f = <uint64_t> part
    part = <uint128_t> c - <uint128_t> P[2] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    g = <uint64_t> part
    part = <uint128_t> d - <uint128_t> P[3] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    h = <uint64_t> part
    keep = <uint64_t> (part >> 64)
    out.limb[0] = (a & keep) | (e & ~keep)
    out.limb[1] = (b & keep) | (f & ~keep)
    out.limb[2] = (c & keep) | (g & ~keep)
    out.limb[3] = (d & keep) | (h & ~keep)


cdef inline void fp_add(Fp *out, const Fp *a, const Fp *b) noexcept nogil:
    cdef uint128_t part
    cdef uint64_t r0, r1, r2
    part = <uint128_t> a.limb[0] + <uint128_t> b.limb[0]
    r0 = <uint64_t> part
    part = <uint128_t> a.limb[1] + <uint128_t> b.limb[1] + (part >> 64)
    r1 = <uint64_t> part
    part = <uint128_t> a.limb[2] + <uint128_t> b.limb[2] + (part >> 64)
    r2 = <uint64_t> part
    part = <uint128_t> a.limb[3] + <uint128_t> b.limb[3] + (part >> 64)
    reduce_once(out, r0, r1, r2, <uint64_t> part)


cdef inline void fp_sub(Fp *out, const Fp *a, const Fp *b) noexcept nogil:
    cdef uint128_t part
    cdef uint64_t r0, r1, r2, r3, below
    part = <uint128_t> a.limb[0] - <uint128_t> b.limb[0]
    r0 = <uint64_t> part
    part = <uint128_t> a.limb[1] - <uint128_t> b.limb[1] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    r1 = <uint64_t> part
    part = <uint128_t> a.limb[2] - <uint128_t> b.limb[2] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    r2 = <uint64_t> part
    part = <uint128_t> a.limb[3] - <uint128_t> b.limb[3] - <uint128_t> (<uint64_t> (part >> 64) & 1)
    r3 = <uint64_t> part
    below = <uint64_t> (part >> 64)
    part = <uint128_t> r0 + <uint128_t> (P[0] & below)
    out.limb[0] = <uint64_t> part
    part = <uint128_t> r1 + <uint128_t> (P[1] & below) + (part >> 64)
    out.limb[1] = <uint64_t> part
    part = <uint128_t> r2 + <uint128_t> (P[2] & below) + (part >> 64)
    out.limb[2] = <uint64_t> part
    out.limb[3] = r3 + (P[3] & below) + <uint64_t> (part >> 64)


cdef inline void fp_double(Fp *out, const Fp *a) noexcept nogil:
    fp_add(out, a, a)


cdef inline void fp_negate(Fp *out, const Fp *a) noexcept nogil:
    cdef Fp zero
    fp_set_zero(&zero)
    fp_sub(out, &zero, a)


cdef inline void fp_mul(Fp *out, const Fp *a, const Fp *b) noexcept nogil:
    """Montgomery multiplication, a limb of b and a reduction in turn (CIOS)."""
    cdef uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, times, factor
    cdef uint128_t product, reduced
    cdef int index
    for index in range(4):
        times = b.limb[index]
        product = <uint128_t> a.limb[0] * <uint128_t> times + <uint128_t> t0
        factor = <uint64_t> product * P_INVERSE
        reduced = <uint128_t> factor * <uint128_t> P[0] + <uint128_t> <uint64_t> product
        product = (
            <uint128_t> a.limb[1] * <uint128_t> times + <uint128_t> t1 + (product >> 64)
        )
        reduced = (
            <uint128_t> factor * <uint128_t> P[1]
            + <uint128_t> <uint64_t> product
            + (reduced >> 64)
        )
        t0 = <uint64_t> reduced
        product = (
            <uint128_t> a.limb[2] * <uint128_t> times + <uint128_t> t2 + (product >> 64)
        )
        reduced = (
            <uint128_t> factor * <uint128_t> P[2]
            + <uint128_t> <uint64_t> product
            + (reduced >> 64)
        )
        t1 = <uint64_t> reduced
        product = (
            <uint128_t> a.limb[3] * <uint128_t> times + <uint128_t> t3 + (product >> 64)
        )
        reduced = (
            <uint128_t> factor * <uint128_t> P[3]
            + <uint128_t> <uint64_t> product
            + (reduced >> 64)
        )
        t2 = <uint64_t> reduced
        t3 = <uint64_t> (product >> 64) + <uint64_t> (reduced >> 64)
    reduce_once(out, t0, t1, t2, t3)


cdef inline void fp_square(Fp *out, const Fp *a) noexcept nogil:
    fp_mul(out, a, a)


cdef inline void fp_from_plain(Fp *out, const Fp *a) noexcept nogil:
    """Bring a number below p into Montgomery form."""
    cdef Fp factor
    fp_set(&factor, R2)
    fp_mul(out, a, &factor)


cdef inline void fp_to_plain(Fp *out, const Fp *a) noexcept nogil:
    cdef Fp factor
    fp_set_zero(&factor)
    factor.limb[0] = 1
    fp_mul(out, a, &factor)


cdef inline void fp_triple(Fp *out, const Fp *a) noexcept nogil:
    cdef Fp twice
    fp_add(&twice, a, a)
    fp_add(out, &twice, a)


cdef inline void fp_cross(
    Fp *out, const Fp *a, const Fp *b, const Fp *c, const Fp *d, const Fp *ac, const Fp *bd
) noexcept nogil:
    """Store a d + b c, given the products a c and b d."""
    cdef Fp left, right
    fp_add(&left, a, b)
    fp_add(&right, c, d)
    fp_mul(&left, &left, &right)
    fp_sub(&left, &left, ac)
    fp_sub(out, &left, bd)


cdef inline void shift_down(Fp *out, uint64_t above, int bits) noexcept nogil:
    """Shift five limbs, those of `out` and `above`, by 1..63 bits."""
    out.limb[0] = (out.limb[0] >> bits) | (out.limb[1] << (64 - bits))
    out.limb[1] = (out.limb[1] >> bits) | (out.limb[2] << (64 - bits))
    out.limb[2] = (out.limb[2] >> bits) | (out.limb[3] << (64 - bits))
    out.limb[3] = (out.limb[3] >> bits) | (above << (64 - bits))


cdef inline void halve(Fp *a, int bits) noexcept nogil:
    """Divide by 2**bits modulo p: add the multiple of p that makes the low bits zero."""
    cdef uint64_t factor = (a.limb[0] * P_INVERSE) & (((<uint64_t> 1) << bits) - 1)
    cdef uint128_t part = 0
    cdef int index
    for index in range(4):
        part = <uint128_t> factor * <uint128_t> P[index] + <uint128_t> a.limb[index] + (part >> 64)
        a.limb[index] = <uint64_t> part
    shift_down(a, <uint64_t> (part >> 64), bits)


cdef inline void take_away(Fp *a, const Fp *b) noexcept nogil:
    """Subtract b from a, which is not below it, as plain numbers."""
    cdef uint128_t part = 0
    cdef int index
    for index in range(4):
        part = (
            <uint128_t> a.limb[index]
            - <uint128_t> b.limb[index]
            - <uint128_t> (<uint64_t> (part >> 64) & 1)
        )
        a.limb[index] = <uint64_t> part


cdef inline void fp_invert(Fp *out, const Fp *a) noexcept nogil:
    """Invert by the binary Euclidean algorithm; 0 becomes 0.

    Kept: x a = u and y a = v modulo p, v odd.
    """
    cdef Fp u = a[0], v, x, y, spare
    cdef int bits
    fp_set(&v, P)
    fp_set_zero(&y)
    x = y
    x.limb[0] = 1
    if fp_is_zero(a):
        out[0] = y
        return
    while True:
        while not u.limb[0] & 1:
            bits = trailing_zeroes(u.limb[0]) if u.limb[0] else 63
            shift_down(&u, 0, bits)
            halve(&x, bits)
        if fp_below(&u, v.limb):
            spare = u
            u = v
            v = spare
            spare = x
            x = y
            y = spare
        take_away(&u, &v)
        fp_sub(&x, &x, &y)
        if fp_is_zero(&u):
            break
    # y is 1 / (a 2**256), and the product loses a factor of 2**256.
    fp_set(&x, R3)
    fp_mul(out, &y, &x)


# The extension.

cdef inline bint fp2_is_zero(const Fp2 *a) noexcept nogil:
    return fp_is_zero(&a.re) and fp_is_zero(&a.im)


cdef inline bint fp2_equal(const Fp2 *a, const Fp2 *b) noexcept nogil:
    return fp_equal(&a.re, &b.re) and fp_equal(&a.im, &b.im)


cdef inline void fp2_add(Fp2 *out, const Fp2 *a, const Fp2 *b) noexcept nogil:
    fp_add(&out.re, &a.re, &b.re)
    fp_add(&out.im, &a.im, &b.im)


cdef inline void fp2_sub(Fp2 *out, const Fp2 *a, const Fp2 *b) noexcept nogil:
    fp_sub(&out.re, &a.re, &b.re)
    fp_sub(&out.im, &a.im, &b.im)


cdef inline void fp2_double(Fp2 *out, const Fp2 *a) noexcept nogil:
    fp2_add(out, a, a)


cdef inline void fp2_triple(Fp2 *out, const Fp2 *a) noexcept nogil:
    fp_triple(&out.re, &a.re)
    fp_triple(&out.im, &a.im)


cdef inline void fp2_negate(Fp2 *out, const Fp2 *a) noexcept nogil:
    fp_negate(&out.re, &a.re)
    fp_negate(&out.im, &a.im)


cdef inline void fp2_conjugate(Fp2 *out, const Fp2 *a) noexcept nogil:
    out.re = a.re
    fp_negate(&out.im, &a.im)


cdef inline void fp2_mul(Fp2 *out, const Fp2 *a, const Fp2 *b) noexcept nogil:
    """Three multiplications (Karatsuba)."""
    cdef Fp reals, imaginaries, left, right
    fp_mul(&reals, &a.re, &b.re)
    fp_mul(&imaginaries, &a.im, &b.im)
    fp_add(&left, &a.re, &a.im)
    fp_add(&right, &b.re, &b.im)
    fp_mul(&left, &left, &right)
    fp_sub(&left, &left, &reals)
    fp_sub(&out.im, &left, &imaginaries)
    fp_sub(&out.re, &reals, &imaginaries)


cdef inline void fp2_square(Fp2 *out, const Fp2 *a) noexcept nogil:
    """(re + im) (re - im) + 2 re im i."""
    cdef Fp total, difference, product
    fp_add(&total, &a.re, &a.im)
    fp_sub(&difference, &a.re, &a.im)
    fp_mul(&product, &a.re, &a.im)
    fp_mul(&out.re, &total, &difference)
    fp_add(&out.im, &product, &product)


cdef inline void fp2_cross(
    Fp2 *out, const Fp2 *a, const Fp2 *b, const Fp2 *c, const Fp2 *d, const Fp2 *ac, const Fp2 *bd
) noexcept nogil:
    """Store a d + b c, given the products a c and b d."""
    cdef Fp2 left, right
    fp2_add(&left, a, b)
    fp2_add(&right, c, d)
    fp2_mul(&left, &left, &right)
    fp2_sub(&left, &left, ac)
    fp2_sub(out, &left, bd)


cdef inline void fp2_scale(Fp2 *out, const Fp2 *a, const Fp *by) noexcept nogil:
    fp_mul(&out.re, &a.re, by)
    fp_mul(&out.im, &a.im, by)


cdef inline void fp2_times_xi(Fp2 *out, const Fp2 *a) noexcept nogil:
    """Multiply by xi = 9 + i, which is no square and no cube: the tower stands on it."""
    cdef Fp re, im
    fp_double(&re, &a.re)
    fp_double(&re, &re)
    fp_double(&re, &re)
    fp_add(&re, &re, &a.re)
    fp_sub(&re, &re, &a.im)
    fp_double(&im, &a.im)
    fp_double(&im, &im)
    fp_double(&im, &im)
    fp_add(&im, &im, &a.im)
    fp_add(&out.im, &im, &a.re)
    out.re = re


cdef inline void fp2_invert(Fp2 *out, const Fp2 *a) noexcept nogil:
    cdef Fp norm, part
    fp_square(&norm, &a.re)
    fp_square(&part, &a.im)
    fp_add(&norm, &norm, &part)
    fp_invert(&norm, &norm)
    fp2_conjugate(out, a)
    fp2_scale(out, out, &norm)
