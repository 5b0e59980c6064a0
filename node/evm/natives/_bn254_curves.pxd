# cython: language_level=3
"""Points of the two curves, in projective coordinates: x / z and y / z; infinity has z = 0.

Addition and doubling are the complete formulas for curves y**2 = x**3 + b of odd order
(Renes, Costello and Batina, 2015, algorithms 7 and 9): no point is an exception, so input
chosen to hit one finds none.  Both curves have odd order.
"""

from byline.node.evm.natives._bn254_field cimport (
    Fp,
    Fp2,
    fp_add,
    fp_cross,
    fp_double,
    fp_mul,
    fp_square,
    fp_sub,
    fp_triple,
    fp2_add,
    fp2_cross,
    fp2_double,
    fp2_mul,
    fp2_square,
    fp2_sub,
    fp2_triple,
)

ctypedef struct G1:
    Fp x
    Fp y
    Fp z

ctypedef struct G2:
    Fp2 x
    Fp2 y
    Fp2 z


cdef inline void fp_nine(Fp *out, const Fp *a) noexcept nogil:
    """Store 9 a: three times the 3 in y**2 = x**3 + 3."""
    cdef Fp many
    fp_double(&many, a)
    fp_double(&many, &many)
    fp_double(&many, &many)
    fp_add(out, &many, a)


cdef inline void g1_add(G1 *out, const G1 *a, const G1 *b) noexcept nogil:
    cdef Fp xx, yy, zz, xy, yz, xz, less, more
    fp_mul(&xx, &a.x, &b.x)
    fp_mul(&yy, &a.y, &b.y)
    fp_mul(&zz, &a.z, &b.z)
    fp_cross(&xy, &a.x, &a.y, &b.x, &b.y, &xx, &yy)
    fp_cross(&yz, &a.y, &a.z, &b.y, &b.z, &yy, &zz)
    fp_cross(&xz, &a.x, &a.z, &b.x, &b.z, &xx, &zz)
    fp_nine(&zz, &zz)
    fp_nine(&xz, &xz)
    fp_triple(&xx, &xx)
    fp_sub(&less, &yy, &zz)
    fp_add(&more, &yy, &zz)
    # x = xy less - yz xz, y = more less + xx xz, z = more yz + xx xy
    fp_mul(&zz, &yz, &xz)
    fp_mul(&out.x, &xy, &less)
    fp_sub(&out.x, &out.x, &zz)
    fp_mul(&zz, &xx, &xz)
    fp_mul(&out.y, &more, &less)
    fp_add(&out.y, &out.y, &zz)
    fp_mul(&zz, &xx, &xy)
    fp_mul(&out.z, &more, &yz)
    fp_add(&out.z, &out.z, &zz)


cdef inline void g1_double(G1 *out, const G1 *a) noexcept nogil:
    cdef Fp yy, zz, yz, xy, eight, less
    fp_square(&yy, &a.y)
    fp_square(&zz, &a.z)
    fp_nine(&zz, &zz)
    fp_mul(&yz, &a.y, &a.z)
    fp_mul(&xy, &a.x, &a.y)
    fp_double(&eight, &yy)
    fp_double(&eight, &eight)
    fp_double(&eight, &eight)
    fp_triple(&less, &zz)
    fp_sub(&less, &yy, &less)
    # x = 2 xy less, y = (yy + zz) less + 8 yy zz, z = 8 yy yz
    fp_mul(&out.x, &xy, &less)
    fp_double(&out.x, &out.x)
    fp_add(&yy, &yy, &zz)
    fp_mul(&yy, &yy, &less)
    fp_mul(&zz, &zz, &eight)
    fp_add(&out.y, &yy, &zz)
    fp_mul(&out.z, &eight, &yz)


cdef inline void g2_add(G2 *out, const G2 *a, const G2 *b, const Fp2 *thrice) noexcept nogil:
    """Add; `thrice` is 3 b of the curve."""
    cdef Fp2 xx, yy, zz, xy, yz, xz, less, more
    fp2_mul(&xx, &a.x, &b.x)
    fp2_mul(&yy, &a.y, &b.y)
    fp2_mul(&zz, &a.z, &b.z)
    fp2_cross(&xy, &a.x, &a.y, &b.x, &b.y, &xx, &yy)
    fp2_cross(&yz, &a.y, &a.z, &b.y, &b.z, &yy, &zz)
    fp2_cross(&xz, &a.x, &a.z, &b.x, &b.z, &xx, &zz)
    fp2_mul(&zz, &zz, thrice)
    fp2_mul(&xz, &xz, thrice)
    fp2_triple(&xx, &xx)
    fp2_sub(&less, &yy, &zz)
    fp2_add(&more, &yy, &zz)
    fp2_mul(&zz, &yz, &xz)
    fp2_mul(&out.x, &xy, &less)
    fp2_sub(&out.x, &out.x, &zz)
    fp2_mul(&zz, &xx, &xz)
    fp2_mul(&out.y, &more, &less)
    fp2_add(&out.y, &out.y, &zz)
    fp2_mul(&zz, &xx, &xy)
    fp2_mul(&out.z, &more, &yz)
    fp2_add(&out.z, &out.z, &zz)


cdef inline void g2_double(G2 *out, const G2 *a, const Fp2 *thrice) noexcept nogil:
    """Double; `thrice` is 3 b of the curve."""
    cdef Fp2 yy, zz, yz, xy, eight, less
    fp2_square(&yy, &a.y)
    fp2_square(&zz, &a.z)
    fp2_mul(&zz, &zz, thrice)
    fp2_mul(&yz, &a.y, &a.z)
    fp2_mul(&xy, &a.x, &a.y)
    fp2_double(&eight, &yy)
    fp2_double(&eight, &eight)
    fp2_double(&eight, &eight)
    fp2_triple(&less, &zz)
    fp2_sub(&less, &yy, &less)
    fp2_mul(&out.x, &xy, &less)
    fp2_double(&out.x, &out.x)
    fp2_add(&yy, &yy, &zz)
    fp2_mul(&yy, &yy, &less)
    fp2_mul(&zz, &zz, &eight)
    fp2_add(&out.y, &yy, &zz)
    fp2_mul(&out.z, &eight, &yz)
