# cython: language_level=3
"""The field of the pairing's values: two steps on top of `_bn254_field`'s extension.

Fp6 is Fp2 with v, where v * v * v = xi; Fp12 is Fp6 with w, where w * w = v.
"""

from libc.string cimport memset

from byline.node.evm.natives._bn254_field cimport (
    Fp2,
    fp_set_one,
    fp2_add,
    fp2_cross,
    fp2_double,
    fp2_equal,
    fp2_invert,
    fp2_mul,
    fp2_negate,
    fp2_square,
    fp2_sub,
    fp2_times_xi,
    fp2_triple,
)

ctypedef struct Fp6:
    Fp2 c0
    Fp2 c1
    Fp2 c2

ctypedef struct Fp12:
    Fp6 c0
    Fp6 c1


cdef inline void fp6_add(Fp6 *out, const Fp6 *a, const Fp6 *b) noexcept nogil:
    fp2_add(&out.c0, &a.c0, &b.c0)
    fp2_add(&out.c1, &a.c1, &b.c1)
    fp2_add(&out.c2, &a.c2, &b.c2)


cdef inline void fp6_sub(Fp6 *out, const Fp6 *a, const Fp6 *b) noexcept nogil:
    fp2_sub(&out.c0, &a.c0, &b.c0)
    fp2_sub(&out.c1, &a.c1, &b.c1)
    fp2_sub(&out.c2, &a.c2, &b.c2)


cdef inline void fp6_negate(Fp6 *out, const Fp6 *a) noexcept nogil:
    fp2_negate(&out.c0, &a.c0)
    fp2_negate(&out.c1, &a.c1)
    fp2_negate(&out.c2, &a.c2)


cdef inline void fp6_times_v(Fp6 *out, const Fp6 *a) noexcept nogil:
    cdef Fp2 top
    fp2_times_xi(&top, &a.c2)
    out.c2 = a.c1
    out.c1 = a.c0
    out.c0 = top




cdef inline void fp6_mul(Fp6 *out, const Fp6 *a, const Fp6 *b) noexcept nogil:
    """Six multiplications (Karatsuba)."""
    cdef Fp2 p0, p1, p2, mixed, r0, r1
    fp2_mul(&p0, &a.c0, &b.c0)
    fp2_mul(&p1, &a.c1, &b.c1)
    fp2_mul(&p2, &a.c2, &b.c2)
    fp2_cross(&mixed, &a.c1, &a.c2, &b.c1, &b.c2, &p1, &p2)
    fp2_times_xi(&mixed, &mixed)
    fp2_add(&r0, &p0, &mixed)
    fp2_cross(&mixed, &a.c0, &a.c1, &b.c0, &b.c1, &p0, &p1)
    fp2_times_xi(&r1, &p2)
    fp2_add(&r1, &r1, &mixed)
    fp2_cross(&mixed, &a.c0, &a.c2, &b.c0, &b.c2, &p0, &p2)
    fp2_add(&out.c2, &mixed, &p1)
    out.c0 = r0
    out.c1 = r1


cdef inline void fp6_mul_by_two(Fp6 *out, const Fp6 *a, const Fp2 *b0, const Fp2 *b1) noexcept nogil:
    """Multiply by b0 + b1 v: five multiplications."""
    cdef Fp2 p0, p1, r0, r1, product
    fp2_mul(&p0, &a.c0, b0)
    fp2_mul(&p1, &a.c1, b1)
    fp2_mul(&product, &a.c2, b1)
    fp2_times_xi(&product, &product)
    fp2_add(&r0, &p0, &product)
    fp2_cross(&r1, &a.c0, &a.c1, b0, b1, &p0, &p1)
    fp2_mul(&product, &a.c2, b0)
    fp2_add(&out.c2, &product, &p1)
    out.c0 = r0
    out.c1 = r1


cdef inline void fp6_invert(Fp6 *out, const Fp6 *a) noexcept nogil:
    cdef Fp2 t0, t1, t2, norm, part
    # t0 = c0**2 - xi c1 c2, t1 = xi c2**2 - c0 c1, t2 = c1**2 - c0 c2
    fp2_mul(&part, &a.c1, &a.c2)
    fp2_times_xi(&part, &part)
    fp2_square(&t0, &a.c0)
    fp2_sub(&t0, &t0, &part)
    fp2_square(&t1, &a.c2)
    fp2_times_xi(&t1, &t1)
    fp2_mul(&part, &a.c0, &a.c1)
    fp2_sub(&t1, &t1, &part)
    fp2_square(&t2, &a.c1)
    fp2_mul(&part, &a.c0, &a.c2)
    fp2_sub(&t2, &t2, &part)
    # norm = c0 t0 + xi (c2 t1 + c1 t2)
    fp2_mul(&norm, &a.c2, &t1)
    fp2_mul(&part, &a.c1, &t2)
    fp2_add(&norm, &norm, &part)
    fp2_times_xi(&norm, &norm)
    fp2_mul(&part, &a.c0, &t0)
    fp2_add(&norm, &norm, &part)
    fp2_invert(&norm, &norm)
    fp2_mul(&out.c0, &t0, &norm)
    fp2_mul(&out.c1, &t1, &norm)
    fp2_mul(&out.c2, &t2, &norm)


cdef inline void fp12_set_one(Fp12 *out) noexcept nogil:
    memset(out, 0, sizeof(Fp12))
    fp_set_one(&out.c0.c0.re)


cdef inline bint fp12_is_one(const Fp12 *a) noexcept nogil:
    cdef Fp12 unit
    cdef const Fp2 *left = &a.c0.c0
    cdef const Fp2 *right = &unit.c0.c0
    cdef int index
    fp12_set_one(&unit)
    for index in range(6):
        if not fp2_equal(left + index, right + index):
            return False
    return True


cdef inline void fp12_mul(Fp12 *out, const Fp12 *a, const Fp12 *b) noexcept nogil:
    cdef Fp6 p0, p1, left, right
    fp6_mul(&p0, &a.c0, &b.c0)
    fp6_mul(&p1, &a.c1, &b.c1)
    fp6_add(&left, &a.c0, &a.c1)
    fp6_add(&right, &b.c0, &b.c1)
    fp6_mul(&left, &left, &right)
    fp6_sub(&left, &left, &p0)
    fp6_sub(&out.c1, &left, &p1)
    fp6_times_v(&p1, &p1)
    fp6_add(&out.c0, &p0, &p1)


cdef inline void fp12_square(Fp12 *out, const Fp12 *a) noexcept nogil:
    """(c0 + c1) (c0 + v c1) - (1 + v) c0 c1 + 2 c0 c1 w."""
    cdef Fp6 product, left, right
    fp6_mul(&product, &a.c0, &a.c1)
    fp6_add(&left, &a.c0, &a.c1)
    fp6_times_v(&right, &a.c1)
    fp6_add(&right, &right, &a.c0)
    fp6_mul(&left, &left, &right)
    fp6_sub(&left, &left, &product)
    fp6_add(&out.c1, &product, &product)
    fp6_times_v(&product, &product)
    fp6_sub(&out.c0, &left, &product)


cdef inline void fp12_mul_by_line(
    Fp12 *out, const Fp12 *a, const Fp2 *l0, const Fp2 *l1, const Fp2 *l3
) noexcept nogil:
    """Multiply by l0 + l1 w + l3 w**3, the form of a line: 13 multiplications."""
    cdef Fp6 p0, p1, total
    cdef Fp2 first
    fp2_mul(&p0.c0, &a.c0.c0, l0)
    fp2_mul(&p0.c1, &a.c0.c1, l0)
    fp2_mul(&p0.c2, &a.c0.c2, l0)
    fp6_mul_by_two(&p1, &a.c1, l1, l3)
    fp6_add(&total, &a.c0, &a.c1)
    fp2_add(&first, l0, l1)
    fp6_mul_by_two(&total, &total, &first, l3)
    fp6_sub(&total, &total, &p0)
    fp6_sub(&out.c1, &total, &p1)
    fp6_times_v(&p1, &p1)
    fp6_add(&out.c0, &p0, &p1)


cdef inline void fp12_conjugate(Fp12 *out, const Fp12 *a) noexcept nogil:
    """Negate the part with w: the inverse of what has been raised to p**6 - 1."""
    out.c0 = a.c0
    fp6_negate(&out.c1, &a.c1)


cdef inline void fp12_invert(Fp12 *out, const Fp12 *a) noexcept nogil:
    """(c0 - c1 w) / (c0**2 - v c1**2)."""
    cdef Fp6 norm, part
    fp6_mul(&norm, &a.c0, &a.c0)
    fp6_mul(&part, &a.c1, &a.c1)
    fp6_times_v(&part, &part)
    fp6_sub(&norm, &norm, &part)
    fp6_invert(&norm, &norm)
    fp6_mul(&out.c0, &a.c0, &norm)
    fp6_mul(&out.c1, &a.c1, &norm)
    fp6_negate(&out.c1, &out.c1)


cdef inline void square_pair(
    Fp2 *squares, Fp2 *product, const Fp2 *a, const Fp2 *b
) noexcept nogil:
    """Store a a + xi b b and 2 a b."""
    cdef Fp2 first, second
    fp2_square(&first, a)
    fp2_square(&second, b)
    fp2_add(product, a, b)
    fp2_square(product, product)
    fp2_sub(product, product, &first)
    fp2_sub(product, product, &second)
    fp2_times_xi(&second, &second)
    fp2_add(squares, &first, &second)


cdef inline void three_minus_two(Fp2 *out, const Fp2 *a, const Fp2 *b) noexcept nogil:
    """Store 3 a - 2 b."""
    cdef Fp2 difference
    fp2_sub(&difference, a, b)
    fp2_double(&difference, &difference)
    fp2_add(out, &difference, a)


cdef inline void three_plus_two(Fp2 *out, const Fp2 *a, const Fp2 *b) noexcept nogil:
    """Store 3 a + 2 b."""
    cdef Fp2 total
    fp2_add(&total, a, b)
    fp2_double(&total, &total)
    fp2_add(out, &total, a)


cdef inline void fp12_cyclotomic_square(Fp12 *out, const Fp12 *a) noexcept nogil:
    """Square what has been raised to (p**6 - 1) (p**2 + 1) (Granger and Scott, 2009)."""
    cdef Fp2 s0, s1, s2, d0, d1, d2
    square_pair(&s0, &d0, &a.c0.c0, &a.c1.c1)
    square_pair(&s1, &d1, &a.c1.c0, &a.c0.c2)
    square_pair(&s2, &d2, &a.c0.c1, &a.c1.c2)
    three_minus_two(&out.c0.c0, &s0, &a.c0.c0)
    three_minus_two(&out.c0.c1, &s1, &a.c0.c1)
    three_minus_two(&out.c0.c2, &s2, &a.c0.c2)
    three_plus_two(&out.c1.c1, &d0, &a.c1.c1)
    three_plus_two(&out.c1.c2, &d1, &a.c1.c2)
    fp2_times_xi(&d2, &d2)
    three_plus_two(&out.c1.c0, &d2, &a.c1.c0)
