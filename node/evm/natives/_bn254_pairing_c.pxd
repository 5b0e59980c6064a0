# cython: language_level=3
"""What `_bn254_c` needs of the pairing."""

from byline.node.evm.natives._bn254_curves cimport G1, G2
from byline.node.evm.natives._bn254_field cimport Fp, Fp2
from byline.node.evm.natives._bn254_tower cimport Fp12

# A point of G2, its multiple so far, and a point of G1 with x negated; all affine but t.
ctypedef struct Pair:
    G2 t
    Fp2 x
    Fp2 y
    Fp2 minus_y
    Fp minus_px
    Fp py

cdef bint on_twist(const G2 *q) noexcept nogil
cdef bint in_subgroup(const G2 *q) noexcept nogil
cdef void set_pair(Pair *pair, const G1 *p, const G2 *q) noexcept nogil
cdef void miller_loop(Fp12 *f, Pair *pairs, int count) noexcept nogil
cdef bint final_is_one(const Fp12 *f) noexcept nogil
