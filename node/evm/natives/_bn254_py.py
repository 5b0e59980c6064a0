"""Sums, multiples and pairings on BN254, by py_ecc: the reference of the compiled kernel.

Sources: EIP-196 (sum, multiple), EIP-197 (pairing).  A point of G1 is two words, x and y;
one of G2 is four, with the imaginary part of each coordinate first; all zero is infinity.
"""

from __future__ import annotations

from typing import Final

from py_ecc.fields import optimized_bn128_FQ as Fq
from py_ecc.fields import optimized_bn128_FQ2 as Fq2
from py_ecc.fields import optimized_bn128_FQ12 as Fq12
from py_ecc.optimized_bn128 import optimized_curve as curve
from py_ecc.optimized_bn128 import optimized_pairing

from byline.node.evm.natives.native import Failed

_WORD: Final = 32
_PAIR: Final = 192

_G1 = tuple[Fq, Fq, Fq]
_G2 = tuple[Fq2, Fq2, Fq2]


def add(data: bytes) -> bytes:
    """Return the sum of two points of G1.

    `data` counts as followed by zeroes; what is beyond 128 bytes is ignored.  Raises `Failed`
    for what is no point.
    """
    x1, y1, x2, y2 = _numbers(data, 4)
    return _bytes(curve.add(_g1(x1, y1), _g1(x2, y2)))


def mul(data: bytes) -> bytes:
    """Return the multiple of a point of G1 by a number of one word.

    `data` counts as followed by zeroes; what is beyond 96 bytes is ignored.  Raises `Failed`
    for what is no point.
    """
    x, y, scalar = _numbers(data, 3)
    return _bytes(curve.multiply(_g1(x, y), scalar))


def pairing(data: bytes) -> bytes:
    """Return 1 in a word where the product of the pairings of G1 and G2 is one, else 0.

    `data` has 192 bytes for each pair.  Raises `Failed` for another length, and for what is
    no point of the two groups.
    """
    if len(data) % _PAIR:
        raise Failed(f"BN254: input of {len(data)} bytes, want a multiple of {_PAIR}")
    product = Fq12.one()
    for at in range(0, len(data), _PAIR):
        x, y, *rest = _numbers(data[at : at + _PAIR], 6)
        left, right = _g1(x, y), _g2(*rest)
        product *= optimized_pairing.pairing(right, left, final_exponentiate=False)
    holds = optimized_pairing.final_exponentiate(product) == Fq12.one()
    return int(holds).to_bytes(_WORD, "big")


def _numbers(data: bytes, count: int) -> list[int]:
    padded = data[: count * _WORD].ljust(count * _WORD, b"\0")
    return [int.from_bytes(padded[at : at + _WORD], "big") for at in range(0, len(padded), _WORD)]


def _below_the_modulus(*numbers: int) -> None:
    if max(numbers) >= curve.field_modulus:
        raise Failed("BN254: a coordinate is not below the field modulus")


def _g1(x: int, y: int) -> _G1:
    _below_the_modulus(x, y)
    if x == y == 0:
        return (Fq(1), Fq(1), Fq(0))
    point = (Fq(x), Fq(y), Fq(1))
    if not curve.is_on_curve(point, curve.b):
        raise Failed("BN254: a point of G1 is not on the curve")
    return point


def _g2(x_imaginary: int, x_real: int, y_imaginary: int, y_real: int) -> _G2:
    _below_the_modulus(x_imaginary, x_real, y_imaginary, y_real)
    if not any((x_imaginary, x_real, y_imaginary, y_real)):
        return (Fq2.one(), Fq2.one(), Fq2.zero())
    point = (Fq2([x_real, x_imaginary]), Fq2([y_real, y_imaginary]), Fq2.one())
    if not curve.is_on_curve(point, curve.b2):
        raise Failed("BN254: a point of G2 is not on the curve")
    if not curve.is_inf(curve.multiply(point, curve.curve_order)):
        raise Failed("BN254: a point of G2 is not in the subgroup")
    return point


def _bytes(point: _G1) -> bytes:
    return b"".join(int(number).to_bytes(_WORD, "big") for number in curve.normalize(point))
