# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled kernel of BLS12-381 over blst; `_bls12_381_py` says what is computed.

ckzg ships blst inside its extension module and exports its symbols, so that file is opened a
second time here and called without Python between; the GIL is released while blst computes.
Where the file or a symbol is missing, importing this module raises ImportError and the
reference is used.  Sizes and functions are those of blst.h.
"""

import ckzg

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy, memset
from posix.dlfcn cimport RTLD_NOW, dlopen, dlsym

from byline.node.evm.natives.native import Failed

cdef enum:
    # Of a number in input and output, and in blst's memory.
    NUMBER = 64
    FP = 48
    PADDING = 16
    SCALAR = 32
    SCALAR_BITS = 255
    # Limbs of a point of G2, affine and projective, and of a pairing's value.
    AFFINE_LIMBS = 24
    POINT_LIMBS = 36
    FP12_LIMBS = 72
    G1_BYTES = 128
    G2_BYTES = 256
    G1_AFFINE = 96
    G2_AFFINE = 192
    G1_AFFINE_LIMBS = 12
    PAIR = 384
    # Pairs, and products of a sum, that are computed together.
    PAIRS_TOGETHER = 16
    PRODUCTS_TOGETHER = 1024

cdef enum Fault:
    NONE
    ABOVE_MODULUS
    OFF_G1
    OFF_G2
    OUTSIDE

_FAULTS = {
    ABOVE_MODULUS: "BLS12-381: a number is not below the field modulus",
    OFF_G1: "BLS12-381: a point of G1 is not on the curve",
    OFF_G2: "BLS12-381: a point of G2 is not on the curve",
    OUTSIDE: "BLS12-381: a point is not in the subgroup",
}

# Tests are int or bool, as a build of blst likes; the lowest byte is right for both.
ctypedef uint8_t (*test_t)(const void*) noexcept nogil
ctypedef void (*convert_t)(void*, const void*) noexcept nogil
ctypedef void (*combine_t)(void*, const void*, const void*) noexcept nogil
ctypedef void (*miller_t)(void*, const void* const*, const void* const*, size_t) noexcept nogil
ctypedef uint8_t (*scalar_t)(void*, const void*, size_t) noexcept nogil
ctypedef size_t (*scratch_t)(size_t) noexcept nogil
ctypedef void (*msm_t)(
    void*, const void* const*, size_t, const void* const*, size_t, void*) noexcept nogil

cdef struct Group:
    # Numbers in a point, bytes of an affine point in blst's memory.
    int numbers
    int affine
    Fault off_curve
    test_t on_curve
    test_t in_group
    test_t is_infinity
    convert_t from_affine
    convert_t to_affine
    combine_t add
    combine_t map
    msm_t msm
    scratch_t scratch

ctypedef Fault (*work_t)(const Group*, uint8_t*, const uint8_t*) noexcept nogil

# Set once, when the module is loaded; blst keeps no state of its own.
cdef Group G1, G2
cdef convert_t number_from_bytes, number_to_bytes, final_exponentiation
cdef combine_t multiply_values
cdef miller_t miller_loop
cdef scalar_t scalar_modulo_order
cdef test_t value_is_one
cdef uint8_t[FP] MODULUS


cdef void* symbol(void* library, str name) except NULL:
    cdef bytes full = b"blst_" + name.encode()
    cdef void* found = dlsym(library, PyBytes_AS_STRING(full))
    if found == NULL:
        raise ImportError(f"{ckzg.__file__} does not export {full.decode()}")
    return found


cdef Group group(void* library, str name, int numbers, Fault off_curve) except *:
    """Return the functions of p1 or p2, whose group is g1 or g2."""
    cdef Group found
    cdef str subgroup = name.replace("p", "g")
    found.numbers = numbers
    found.affine = numbers * FP
    found.off_curve = off_curve
    found.on_curve = <test_t> symbol(library, f"{name}_affine_on_curve")
    found.in_group = <test_t> symbol(library, f"{name}_affine_in_{subgroup}")
    found.is_infinity = <test_t> symbol(library, f"{name}_is_inf")
    found.from_affine = <convert_t> symbol(library, f"{name}_from_affine")
    found.to_affine = <convert_t> symbol(library, f"{name}_to_affine")
    found.add = <combine_t> symbol(library, f"{name}_add_or_double")
    found.map = <combine_t> symbol(library, f"map_to_{subgroup}")
    found.msm = <msm_t> symbol(library, f"{name}s_mult_pippenger")
    found.scratch = <scratch_t> symbol(library, f"{name}s_mult_pippenger_scratch_sizeof")
    return found


cdef int open_library() except -1:
    global G1, G2, number_from_bytes, number_to_bytes, final_exponentiation, multiply_values
    global miller_loop, scalar_modulo_order, value_is_one
    cdef bytes path = ckzg.__file__.encode()
    cdef void* library = dlopen(PyBytes_AS_STRING(path), RTLD_NOW)
    cdef bytes modulus = bytes.fromhex(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf"
        "6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
    )
    if library == NULL:
        raise ImportError(f"{ckzg.__file__} cannot be opened as a library")
    memcpy(MODULUS, PyBytes_AS_STRING(modulus), FP)
    G1 = group(library, "p1", 2, OFF_G1)
    G2 = group(library, "p2", 4, OFF_G2)
    number_from_bytes = <convert_t> symbol(library, "fp_from_bendian")
    number_to_bytes = <convert_t> symbol(library, "bendian_from_fp")
    final_exponentiation = <convert_t> symbol(library, "final_exp")
    multiply_values = <combine_t> symbol(library, "fp12_mul")
    miller_loop = <miller_t> symbol(library, "miller_loop_n")
    scalar_modulo_order = <scalar_t> symbol(library, "scalar_from_be_bytes")
    value_is_one = <test_t> symbol(library, "fp12_is_one")
    return 0


open_library()


cdef Fault read_number(uint8_t* out, const uint8_t* source) noexcept nogil:
    cdef int index
    for index in range(PADDING):
        if source[index]:
            return ABOVE_MODULUS
    if memcmp(source + PADDING, MODULUS, FP) >= 0:
        return ABOVE_MODULUS
    number_from_bytes(out, source + PADDING)
    return NONE


cdef Fault read_point(
    const Group* group, uint8_t* out, const uint8_t* source, bint* infinity
) noexcept nogil:
    """Read an affine point; infinity, all zero, is that in blst's memory, too."""
    cdef Fault fault
    cdef int index
    for index in range(group.numbers):
        fault = read_number(out + FP * index, source + NUMBER * index)
        if fault != NONE:
            return fault
    infinity[0] = True
    for index in range(group.affine):
        if out[index]:
            infinity[0] = False
            break
    return NONE if infinity[0] or group.on_curve(out) else group.off_curve


cdef Fault read_member(
    const Group* group, uint8_t* out, const uint8_t* source, bint* infinity
) noexcept nogil:
    """Read an affine point of the subgroup."""
    cdef Fault fault = read_point(group, out, source, infinity)
    return fault if fault != NONE or infinity[0] or group.in_group(out) else OUTSIDE


cdef void write_point(const Group* group, uint8_t* target, const void* point) noexcept nogil:
    cdef uint64_t[AFFINE_LIMBS] affine
    cdef int index
    memset(target, 0, NUMBER * group.numbers)
    if group.is_infinity(point):
        return
    group.to_affine(affine, point)
    for index in range(group.numbers):
        number_to_bytes(target + NUMBER * index + PADDING, <uint8_t*> affine + FP * index)


cdef Fault sum_of_two(const Group* group, uint8_t* target, const uint8_t* source) noexcept nogil:
    cdef uint64_t[AFFINE_LIMBS] affine
    cdef uint64_t[POINT_LIMBS] left, right
    cdef bint infinity
    cdef Fault fault = read_point(group, <uint8_t*> affine, source, &infinity)
    if fault != NONE:
        return fault
    group.from_affine(left, affine)
    fault = read_point(group, <uint8_t*> affine, source + NUMBER * group.numbers, &infinity)
    if fault != NONE:
        return fault
    group.from_affine(right, affine)
    group.add(left, left, right)
    write_point(group, target, left)
    return NONE


cdef Fault mapped(const Group* group, uint8_t* target, const uint8_t* source) noexcept nogil:
    cdef uint64_t[AFFINE_LIMBS] number
    cdef uint64_t[POINT_LIMBS] point
    cdef Fault fault
    cdef int index
    for index in range(group.numbers // 2):
        fault = read_number(<uint8_t*> number + FP * index, source + NUMBER * index)
        if fault != NONE:
            return fault
    group.map(point, number, NULL)
    write_point(group, target, point)
    return NONE


cdef class Products:
    """Memory for points, scalars and blst's work on a part of a sum of products."""

    cdef uint8_t* points
    cdef uint8_t* scalars
    cdef void* scratch

    def __cinit__(self, Py_ssize_t affine, Py_ssize_t scratch, Py_ssize_t most):
        self.points = <uint8_t*> PyMem_RawMalloc((affine + SCALAR) * most)
        self.scratch = PyMem_RawMalloc(scratch)
        if self.points == NULL or self.scratch == NULL:
            raise MemoryError
        self.scalars = self.points + affine * most

    def __dealloc__(self):
        PyMem_RawFree(self.points)
        PyMem_RawFree(self.scratch)


cdef Fault sum_of_products(
    const Group* group, Products memory, Py_ssize_t most,
    uint8_t* target, const uint8_t* source, Py_ssize_t count,
) noexcept nogil:
    """Sum `count` products, `most` of them at a time."""
    cdef uint64_t[POINT_LIMBS] total, part
    cdef int point_bytes = NUMBER * group.numbers
    cdef Py_ssize_t index, filled = 0
    cdef const void* points[2]
    cdef const void* scalars[2]
    cdef bint infinity
    cdef Fault fault
    # blst takes one pointer and a null for an array without gaps.
    points[0] = memory.points
    points[1] = NULL
    scalars[0] = memory.scalars
    scalars[1] = NULL
    # Zero throughout is infinity.
    memset(total, 0, sizeof(total))
    for index in range(count):
        fault = read_member(group, memory.points + group.affine * filled, source, &infinity)
        if fault != NONE:
            return fault
        # False for zero.
        if (
            scalar_modulo_order(memory.scalars + SCALAR * filled, source + point_bytes, SCALAR)
            and not infinity
        ):
            filled += 1
        source += point_bytes + SCALAR
        if filled == most or (filled and index + 1 == count):
            group.msm(part, points, filled, scalars, SCALAR_BITS, memory.scratch)
            group.add(total, total, part)
            filled = 0
    write_point(group, target, total)
    return NONE


cdef Fault check_pairs(const uint8_t* source, Py_ssize_t count, bint* holds) noexcept nogil:
    cdef uint64_t[PAIRS_TOGETHER * G1_AFFINE_LIMBS] lefts
    cdef uint64_t[PAIRS_TOGETHER * AFFINE_LIMBS] rights
    cdef uint64_t[FP12_LIMBS] product, part
    cdef const void* left_points[2]
    cdef const void* right_points[2]
    cdef Py_ssize_t index, filled = 0
    cdef bint left_infinity, right_infinity, begun = False
    cdef Fault fault
    left_points[0] = lefts
    left_points[1] = NULL
    right_points[0] = rights
    right_points[1] = NULL
    for index in range(count):
        fault = read_member(&G1, <uint8_t*> lefts + G1_AFFINE * filled, source, &left_infinity)
        if fault != NONE:
            return fault
        fault = read_member(
            &G2, <uint8_t*> rights + G2_AFFINE * filled, source + G1_BYTES, &right_infinity
        )
        if fault != NONE:
            return fault
        source += PAIR
        if not left_infinity and not right_infinity:
            filled += 1
        if filled == PAIRS_TOGETHER or (filled and index + 1 == count):
            miller_loop(part, right_points, left_points, filled)
            if begun:
                multiply_values(product, product, part)
            else:
                memcpy(product, part, sizeof(part))
            begun = True
            filled = 0
    holds[0] = True
    if begun:
        final_exponentiation(product, product)
        holds[0] = value_is_one(product)
    return NONE


cdef Py_ssize_t parts(bytes data, Py_ssize_t length) except -1:
    if not data or len(data) % length:
        raise Failed(f"BLS12-381: input of {len(data)} bytes, want a multiple of {length}, not 0")
    return len(data) // length


cdef bytes result(Fault fault, const uint8_t* output, Py_ssize_t length):
    if fault != NONE:
        raise Failed(_FAULTS[fault])
    return PyBytes_FromStringAndSize(<const char*> output, length)


cdef bytes of_one_length(work_t work, const Group* group, bytes data, Py_ssize_t length):
    """Return the point that `work` gives for an input of `length` bytes."""
    cdef uint8_t[G2_BYTES] output
    cdef const uint8_t* source = <const uint8_t*> PyBytes_AS_STRING(data)
    cdef Fault fault
    if len(data) != length:
        raise Failed(f"BLS12-381: input of {len(data)} bytes, want {length}")
    with nogil:
        fault = work(group, output, source)
    return result(fault, output, NUMBER * group.numbers)


cdef bytes msm(const Group* group, bytes data):
    cdef uint8_t[G2_BYTES] output
    cdef const uint8_t* source = <const uint8_t*> PyBytes_AS_STRING(data)
    cdef Py_ssize_t count = parts(data, NUMBER * group.numbers + SCALAR)
    cdef Py_ssize_t most = min(count, PRODUCTS_TOGETHER)
    cdef Products memory = Products(group.affine, group.scratch(most), most)
    cdef Fault fault
    with nogil:
        fault = sum_of_products(group, memory, most, output, source, count)
    return result(fault, output, NUMBER * group.numbers)


def g1_add(bytes data not None):
    """Return the sum of two points; see `_bls12_381_py.g1_add`."""
    return of_one_length(sum_of_two, &G1, data, 2 * G1_BYTES)


def g2_add(bytes data not None):
    """Return the sum of two points; see `_bls12_381_py.g2_add`."""
    return of_one_length(sum_of_two, &G2, data, 2 * G2_BYTES)


def g1_msm(bytes data not None):
    """Return a sum of products; see `_bls12_381_py.g1_msm`."""
    return msm(&G1, data)


def g2_msm(bytes data not None):
    """Return a sum of products; see `_bls12_381_py.g2_msm`."""
    return msm(&G2, data)


def pairing(bytes data not None):
    """Check a product of pairings; see `_bls12_381_py.pairing`."""
    cdef uint8_t[SCALAR] output
    cdef const uint8_t* source = <const uint8_t*> PyBytes_AS_STRING(data)
    cdef Py_ssize_t count = parts(data, PAIR)
    cdef bint holds = False
    cdef Fault fault
    with nogil:
        fault = check_pairs(source, count, &holds)
    memset(output, 0, SCALAR)
    output[SCALAR - 1] = holds
    return result(fault, output, SCALAR)


def map_fp_to_g1(bytes data not None):
    """Map a number to a point; see `_bls12_381_py.map_fp_to_g1`."""
    return of_one_length(mapped, &G1, data, NUMBER)


def map_fp2_to_g2(bytes data not None):
    """Map a number to a point; see `_bls12_381_py.map_fp2_to_g2`."""
    return of_one_length(mapped, &G2, data, 2 * NUMBER)
