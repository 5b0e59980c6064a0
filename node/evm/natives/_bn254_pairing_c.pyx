# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The pairing on BN254, for `_bn254_c`: the optimal ate pairing (Vercauteren, 2008).

A point (x, y) of the twist y**2 = x**3 + 3 / xi stands for (x w**2, y w**3), and a line, times
a factor that the final exponentiation takes out, has the form l0 + l1 w + l3 w**3.
"""

from libc.string cimport memset

from byline.node.evm.natives._bn254_curves cimport G1, G2, g2_add, g2_double
from byline.node.evm.natives._bn254_field cimport (
    Fp,
    Fp2,
    fp_from_plain,
    fp_negate,
    fp_set_one,
    fp2_add,
    fp2_conjugate,
    fp2_equal,
    fp2_mul,
    fp2_negate,
    fp2_scale,
    fp2_square,
    fp2_sub,
    fp2_triple,
)
from byline.node.evm.natives._bn254_tower cimport (
    Fp12,
    fp12_conjugate,
    fp12_cyclotomic_square,
    fp12_invert,
    fp12_is_one,
    fp12_mul,
    fp12_mul_by_line,
    fp12_set_one,
    fp12_square,
)

cdef enum:
    DIGITS = 72

# A number by digits -1, 0, 1, no two neighbours of which are both not 0; lowest first.
ctypedef struct Digits:
    int count
    signed char digit[DIGITS]

# Set once, when the module is loaded.
cdef Fp2 TWIST_B, TWIST_3B
cdef Fp2[6] GAMMA
"""xi ** (j (p - 1) / 6): what w**j is multiplied by when it is raised to p."""
cdef Digits BN_U, LOOP
"""The number u that the curve is made from, and 6 u + 2."""


cdef Fp number(object plain):
    """Return a number below p in Montgomery form."""
    cdef Fp result
    cdef int index
    for index in range(4):
        result.limb[index] = (plain >> 64 * index) & 0xFFFFFFFFFFFFFFFF
    fp_from_plain(&result, &result)
    return result


cdef Digits digits(object plain):
    """Return the non-adjacent form of a positive number below 2**70."""
    cdef Digits result
    result.count = 0
    while plain:
        result.digit[result.count] = 2 - plain % 4 if plain & 1 else 0
        plain = (plain - result.digit[result.count]) >> 1
        result.count += 1
    return result


cdef Fp2 power(const Fp2 *base, object exponent):
    cdef Fp2 result
    memset(&result, 0, sizeof(result))
    fp_set_one(&result.re)
    for bit in bin(exponent)[2:]:
        fp2_square(&result, &result)
        if bit == "1":
            fp2_mul(&result, &result, base)
    return result


cdef void prepare() except *:
    """Work the constants out from the curve's parameter u."""
    global TWIST_B, TWIST_3B, BN_U, LOOP
    cdef Fp2 xi
    cdef int index
    u = 4965661367192848881
    p = 36 * u**4 + 36 * u**3 + 24 * u**2 + 6 * u + 1
    BN_U = digits(u)
    LOOP = digits(6 * u + 2)
    xi.re = number(9)
    xi.im = number(1)
    # 3 / (9 + i) = 3 (9 - i) / 82
    TWIST_B.re = number(27 * pow(82, -1, p) % p)
    TWIST_B.im = number(-3 * pow(82, -1, p) % p)
    fp2_triple(&TWIST_3B, &TWIST_B)
    for index in range(6):
        GAMMA[index] = power(&xi, index * (p - 1) // 6)


prepare()


cdef bint on_twist(const G2 *q) noexcept nogil:
    """Tell whether an affine q is a point of the twist."""
    cdef Fp2 left, right
    fp2_square(&left, &q.y)
    fp2_square(&right, &q.x)
    fp2_mul(&right, &right, &q.x)
    fp2_add(&right, &right, &TWIST_B)
    return fp2_equal(&left, &right)


# The subgroup of G2.

cdef void frobenius(G2 *out, const G2 *a) noexcept nogil:
    """Apply the endomorphism psi: to the curve, raise to p, and back to the twist."""
    fp2_conjugate(&out.x, &a.x)
    fp2_mul(&out.x, &out.x, &GAMMA[2])
    fp2_conjugate(&out.y, &a.y)
    fp2_mul(&out.y, &out.y, &GAMMA[3])
    fp2_conjugate(&out.z, &a.z)


cdef bint in_subgroup(const G2 *q) noexcept nogil:
    """Tell whether q, a point of the curve, has the order r of the group.

    It has if, and only if, (u + 1) q + psi(u q) + psi(psi(u q)) = psi(psi(psi(2 u q))) (Dai,
    Lin, Zhao and Zhou, 2022, eprint 2022/348).  Since psi**2 = t psi - p with t the trace,
    this says (c0 + c1 psi) q = 0, whose norm has only r in common with the curve's order.
    """
    cdef G2 multiple = q[0], minus = q[0], left, right
    cdef Fp2 a, b
    cdef int index
    fp2_negate(&minus.y, &q.y)
    for index in range(BN_U.count - 2, -1, -1):
        g2_double(&multiple, &multiple, &TWIST_3B)
        if BN_U.digit[index] > 0:
            g2_add(&multiple, &multiple, q, &TWIST_3B)
        elif BN_U.digit[index] < 0:
            g2_add(&multiple, &multiple, &minus, &TWIST_3B)
    g2_add(&left, &multiple, q, &TWIST_3B)
    frobenius(&right, &multiple)
    g2_add(&left, &left, &right, &TWIST_3B)
    frobenius(&right, &right)
    g2_add(&left, &left, &right, &TWIST_3B)
    frobenius(&right, &right)
    g2_double(&right, &right, &TWIST_3B)
    fp2_mul(&a, &left.x, &right.z)
    fp2_mul(&b, &right.x, &left.z)
    if not fp2_equal(&a, &b):
        return False
    fp2_mul(&a, &left.y, &right.z)
    fp2_mul(&b, &right.y, &left.z)
    return fp2_equal(&a, &b)


# The loop of the pairing.

cdef void double_step(Fp12 *f, Pair *pair) noexcept nogil:
    """Double t, and multiply f by the line that touches the curve there."""
    cdef Fp2 xy, yy, zz, xx, e, h, g, l0, l1, l3
    fp2_mul(&xy, &pair.t.x, &pair.t.y)
    fp2_square(&xx, &pair.t.x)
    fp2_square(&yy, &pair.t.y)
    fp2_square(&zz, &pair.t.z)
    fp2_mul(&e, &zz, &TWIST_3B)
    fp2_add(&h, &pair.t.y, &pair.t.z)
    fp2_square(&h, &h)
    fp2_sub(&h, &h, &yy)
    fp2_sub(&h, &h, &zz)
    # With h = 2 y z and e = 3 b z**2:
    # l0 = h yp, l1 = -3 x**2 xp, l3 = y**2 - e
    fp2_scale(&l0, &h, &pair.py)
    fp2_triple(&l1, &xx)
    fp2_scale(&l1, &l1, &pair.minus_px)
    fp2_sub(&l3, &yy, &e)
    fp12_mul_by_line(f, f, &l0, &l1, &l3)
    # x = 2 xy (yy - 3 e), y = (yy + 3 e)**2 - 12 e**2, z = 4 yy h
    fp2_triple(&g, &e)
    fp2_sub(&l0, &yy, &g)
    fp2_mul(&l0, &l0, &xy)
    fp2_add(&pair.t.x, &l0, &l0)
    fp2_add(&g, &g, &yy)
    fp2_square(&g, &g)
    fp2_add(&e, &e, &e)
    fp2_square(&e, &e)
    fp2_triple(&e, &e)
    fp2_sub(&pair.t.y, &g, &e)
    fp2_mul(&h, &h, &yy)
    fp2_add(&h, &h, &h)
    fp2_add(&pair.t.z, &h, &h)


cdef void add_step(Fp12 *f, Pair *pair, const Fp2 *x, const Fp2 *y) noexcept nogil:
    """Add (x, y) to t, and multiply f by the line through the two.

    They are never equal or opposite: t is a multiple of q, whose order is r, by less than r.
    """
    cdef Fp2 d, e, dd, ddd, xdd, j, spare, l0, l1, l3
    fp2_mul(&spare, x, &pair.t.z)
    fp2_sub(&d, &pair.t.x, &spare)
    fp2_mul(&spare, y, &pair.t.z)
    fp2_sub(&e, &pair.t.y, &spare)
    # l0 = d yp, l1 = -e xp, l3 = e x - d y
    fp2_scale(&l0, &d, &pair.py)
    fp2_scale(&l1, &e, &pair.minus_px)
    fp2_mul(&l3, &e, x)
    fp2_mul(&spare, &d, y)
    fp2_sub(&l3, &l3, &spare)
    fp12_mul_by_line(f, f, &l0, &l1, &l3)
    # With j = d**3 + z e**2 - 2 x d**2:
    # x = d j, y = e (x d**2 - j) - d**3 y, z = z d**3
    fp2_square(&dd, &d)
    fp2_mul(&ddd, &dd, &d)
    fp2_mul(&xdd, &dd, &pair.t.x)
    fp2_square(&j, &e)
    fp2_mul(&j, &j, &pair.t.z)
    fp2_add(&j, &j, &ddd)
    fp2_sub(&j, &j, &xdd)
    fp2_sub(&j, &j, &xdd)
    fp2_mul(&pair.t.x, &d, &j)
    fp2_sub(&xdd, &xdd, &j)
    fp2_mul(&xdd, &xdd, &e)
    fp2_mul(&spare, &ddd, &pair.t.y)
    fp2_sub(&pair.t.y, &xdd, &spare)
    fp2_mul(&pair.t.z, &pair.t.z, &ddd)


cdef void set_pair(Pair *pair, const G1 *p, const G2 *q) noexcept nogil:
    """Both are affine and not infinity."""
    pair.t = q[0]
    pair.x = q.x
    pair.y = q.y
    fp2_negate(&pair.minus_y, &q.y)
    pair.py = p.y
    fp_negate(&pair.minus_px, &p.x)


cdef void miller_loop(Fp12 *f, Pair *pairs, int count) noexcept nogil:
    """Multiply f by the pairings of `count` pairs, before the final exponentiation."""
    cdef Fp12 product
    cdef G2 image
    cdef int index, at
    fp12_set_one(&product)
    for index in range(LOOP.count - 2, -1, -1):
        fp12_square(&product, &product)
        for at in range(count):
            double_step(&product, &pairs[at])
            if LOOP.digit[index] > 0:
                add_step(&product, &pairs[at], &pairs[at].x, &pairs[at].y)
            elif LOOP.digit[index] < 0:
                add_step(&product, &pairs[at], &pairs[at].x, &pairs[at].minus_y)
    for at in range(count):
        image.x = pairs[at].x
        image.y = pairs[at].y
        frobenius(&image, &image)
        add_step(&product, &pairs[at], &image.x, &image.y)
        frobenius(&image, &image)
        fp2_negate(&image.y, &image.y)
        add_step(&product, &pairs[at], &image.x, &image.y)
    fp12_mul(f, f, &product)


# The final exponentiation.

cdef void fp12_frobenius(Fp12 *out, const Fp12 *a) noexcept nogil:
    """Raise to p.  Powers of w: 0, 2, 4 in c0 and 1, 3, 5 in c1."""
    cdef Fp2 *target = &out.c0.c0
    cdef const Fp2 *source = &a.c0.c0
    cdef int index
    for index in range(6):
        fp2_conjugate(target + index, source + index)
        fp2_mul(target + index, target + index, &GAMMA[2 * index if index < 3 else 2 * index - 5])


cdef void power_of_minus_u(Fp12 *out, const Fp12 *a) noexcept nogil:
    """Raise a, which has been raised to (p**6 - 1) (p**2 + 1), to -u."""
    cdef Fp12 base = a[0], inverse
    cdef int index
    fp12_conjugate(&inverse, &base)
    out[0] = base
    for index in range(BN_U.count - 2, -1, -1):
        fp12_cyclotomic_square(out, out)
        if BN_U.digit[index] > 0:
            fp12_mul(out, out, &base)
        elif BN_U.digit[index] < 0:
            fp12_mul(out, out, &inverse)
    fp12_conjugate(out, out)


cdef bint final_is_one(const Fp12 *f) noexcept nogil:
    """Tell whether f raised to (p**12 - 1) / r is one.

    The exponent is (p**6 - 1) (p**2 + 1) times (p**4 - p**2 + 1) / r; the last factor is
    taken times 2 u (6 u**2 + 3 u + 1), which has no factor in common with r (Fuentes,
    Knapp and Rodriguez, 2011).
    """
    cdef Fp12 m, a, b, d, e, g, l, n
    fp12_invert(&a, f)
    fp12_conjugate(&m, f)
    fp12_mul(&m, &m, &a)
    fp12_frobenius(&a, &m)
    fp12_frobenius(&a, &a)
    fp12_mul(&m, &m, &a)
    # The comments are exponents of m.
    power_of_minus_u(&a, &m)
    fp12_cyclotomic_square(&b, &a)  # -2 u
    fp12_cyclotomic_square(&d, &b)
    fp12_mul(&d, &d, &b)  # -6 u
    power_of_minus_u(&e, &d)  # 6 u**2
    fp12_cyclotomic_square(&g, &e)
    power_of_minus_u(&g, &g)  # -12 u**3
    fp12_conjugate(&g, &g)
    fp12_mul(&g, &g, &e)
    fp12_conjugate(&d, &d)
    fp12_mul(&g, &g, &d)  # 12 u**3 + 6 u**2 + 6 u
    fp12_mul(&l, &g, &b)  # 12 u**3 + 6 u**2 + 4 u
    fp12_mul(&n, &g, &e)
    fp12_mul(&n, &n, &m)  # 12 u**3 + 12 u**2 + 6 u + 1
    fp12_frobenius(&a, &l)
    fp12_mul(&n, &n, &a)
    fp12_frobenius(&a, &g)
    fp12_frobenius(&a, &a)
    fp12_mul(&n, &n, &a)
    fp12_conjugate(&m, &m)
    fp12_mul(&l, &l, &m)
    fp12_frobenius(&a, &l)
    fp12_frobenius(&a, &a)
    fp12_frobenius(&a, &a)
    fp12_mul(&n, &n, &a)
    return fp12_is_one(&n)
