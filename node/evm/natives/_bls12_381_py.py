"""Sums, multiples, pairings and maps on BLS12-381, by py_ecc: the kernel's reference.

Source: EIP-2537.  A number of the field is 64 bytes, big-endian, below the modulus; one of
its extension is two of them, the real part first.  A point is its coordinates x and y; all
zero is infinity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

from py_ecc.bls.hash_to_curve import (
    clear_cofactor_G1,
    clear_cofactor_G2,
    map_to_curve_G1,
    map_to_curve_G2,
)
from py_ecc.fields import optimized_bls12_381_FQ as Fq
from py_ecc.fields import optimized_bls12_381_FQ2 as Fq2
from py_ecc.fields import optimized_bls12_381_FQ12 as Fq12
from py_ecc.optimized_bls12_381 import optimized_curve as curve
from py_ecc.optimized_bls12_381 import optimized_pairing

from byline.node.evm.natives.native import Failed

_NUMBER: Final = 64
_G1_BYTES: Final = 128
_G2_BYTES: Final = 256
_SCALAR: Final = 32
_PAIR: Final = _G1_BYTES + _G2_BYTES

_G1 = tuple[Fq, Fq, Fq]
_G2 = tuple[Fq2, Fq2, Fq2]
_Point = TypeVar("_Point", _G1, _G2)


def g1_add(data: bytes) -> bytes:
    """Return the sum of two points of the curve of G1; see `g2_add`."""
    _sized(data, 2 * _G1_BYTES)
    return _g1_bytes(curve.add(_g1(data[:_G1_BYTES]), _g1(data[_G1_BYTES:])))


def g2_add(data: bytes) -> bytes:
    """Return the sum of two points of the curve of G2, be they in the subgroup or not.

    Raises `Failed` for another length, and for what is no point of the curve.
    """
    _sized(data, 2 * _G2_BYTES)
    return _g2_bytes(curve.add(_g2(data[:_G2_BYTES]), _g2(data[_G2_BYTES:])))


def g1_msm(data: bytes) -> bytes:
    """Return the sum of points of G1, each times the number of one word behind it.

    Raises `Failed` for no input, for another length, and for what is no point of the group.
    """
    total = curve.Z1
    for part in _parts(data, _G1_BYTES + _SCALAR):
        point = _in_group(_g1(part[:_G1_BYTES]))
        total = curve.add(total, curve.multiply(point, _scalar(part)))
    return _g1_bytes(total)


def g2_msm(data: bytes) -> bytes:
    """Return the sum of points of G2, each times the number of one word behind it.

    Raises `Failed` as `g1_msm` does.
    """
    total = curve.Z2
    for part in _parts(data, _G2_BYTES + _SCALAR):
        point = _in_group(_g2(part[:_G2_BYTES]))
        total = curve.add(total, curve.multiply(point, _scalar(part)))
    return _g2_bytes(total)


def pairing(data: bytes) -> bytes:
    """Return 1 in a word where the product of the pairings of G1 and G2 is one, else 0.

    Raises `Failed` for no input, for another length, and for what is no point of the groups.
    """
    product = Fq12.one()
    for part in _parts(data, _PAIR):
        left, right = _in_group(_g1(part[:_G1_BYTES])), _in_group(_g2(part[_G1_BYTES:]))
        product *= optimized_pairing.pairing(right, left, final_exponentiate=False)
    holds = optimized_pairing.final_exponentiate(product) == Fq12.one()
    return int(holds).to_bytes(_SCALAR, "big")


def map_fp_to_g1(data: bytes) -> bytes:
    """Return the point of G1 that a number of the field is mapped to (RFC 9380).

    Raises `Failed` for another length, and for a number not below the modulus.
    """
    _sized(data, _NUMBER)
    return _g1_bytes(clear_cofactor_G1(map_to_curve_G1(_fq(data))))


def map_fp2_to_g2(data: bytes) -> bytes:
    """Return the point of G2 that a number of the extension is mapped to (RFC 9380).

    Raises `Failed` as `map_fp_to_g1` does.
    """
    _sized(data, 2 * _NUMBER)
    return _g2_bytes(clear_cofactor_G2(map_to_curve_G2(_fq2(data))))


def _sized(data: bytes, length: int) -> None:
    if len(data) != length:
        raise Failed(f"BLS12-381: input of {len(data)} bytes, want {length}")


def _parts(data: bytes, length: int) -> Iterator[bytes]:
    if not data or len(data) % length:
        raise Failed(f"BLS12-381: input of {len(data)} bytes, want a multiple of {length}, not 0")
    return (data[at : at + length] for at in range(0, len(data), length))


def _scalar(part: bytes) -> int:
    return int.from_bytes(part[-_SCALAR:], "big")


def _fq(data: bytes) -> Fq:
    number = int.from_bytes(data, "big")
    if number >= curve.field_modulus:
        raise Failed("BLS12-381: a number is not below the field modulus")
    return Fq(number)


def _fq2(data: bytes) -> Fq2:
    return Fq2([_fq(data[:_NUMBER]).n, _fq(data[_NUMBER:]).n])


def _g1(data: bytes) -> _G1:
    x, y = _fq(data[:_NUMBER]), _fq(data[_NUMBER:])
    if not any(data):
        return curve.Z1
    point = (x, y, Fq.one())
    if not curve.is_on_curve(point, curve.b):
        raise Failed("BLS12-381: a point of G1 is not on the curve")
    return point


def _g2(data: bytes) -> _G2:
    x, y = _fq2(data[: 2 * _NUMBER]), _fq2(data[2 * _NUMBER :])
    if not any(data):
        return curve.Z2
    point = (x, y, Fq2.one())
    if not curve.is_on_curve(point, curve.b2):
        raise Failed("BLS12-381: a point of G2 is not on the curve")
    return point


def _in_group(point: _Point) -> _Point:
    if not curve.is_inf(curve.multiply(point, curve.curve_order)):
        raise Failed("BLS12-381: a point is not in the subgroup")
    return point


def _g1_bytes(point: _G1) -> bytes:
    return b"".join(int(number).to_bytes(_NUMBER, "big") for number in curve.normalize(point))


def _g2_bytes(point: _G2) -> bytes:
    return b"".join(
        int(part).to_bytes(_NUMBER, "big")
        for number in curve.normalize(point)
        for part in number.coeffs
    )
