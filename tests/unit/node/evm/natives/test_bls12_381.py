"""BLS12-381: the kernel and py_ecc give the same, and what EIP-2537 demands."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from py_ecc.fields import optimized_bls12_381_FQ as Fq
from py_ecc.fields import optimized_bls12_381_FQ2 as Fq2
from py_ecc.optimized_bls12_381 import optimized_curve as curve

from byline.node.evm.natives import _bls12_381_c, _bls12_381_py, bls12_381
from byline.node.evm.natives.native import Native
from tests.unit.node.evm.natives.extension_roots import extension_root, root
from tests.unit.node.evm.natives.natives_kit import chosen_without_extensions, outcome, word

P = curve.field_modulus
R = curve.curve_order
INFINITY_1, INFINITY_2 = bytes(128), bytes(256)
TRUE, FALSE = word(1), word(0)
NATIVES = {
    "g1_add": bls12_381.G1ADD,
    "g1_msm": bls12_381.G1MSM,
    "g2_add": bls12_381.G2ADD,
    "g2_msm": bls12_381.G2MSM,
    "pairing": bls12_381.PAIRING,
    "map_fp_to_g1": bls12_381.MAP_FP_TO_G1,
    "map_fp2_to_g2": bls12_381.MAP_FP2_TO_G2,
}


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(64, "big") for value in values)


def g1_bytes(point: Any) -> bytes:
    return numbers(*(int(number) for number in curve.normalize(point)))


def g2_bytes(point: Any) -> bytes:
    return numbers(*(int(part) for number in curve.normalize(point) for part in number.coeffs))


GENERATOR_1, GENERATOR_2 = g1_bytes(curve.G1), g2_bytes(curve.G2)


def g1(times: int) -> bytes:
    return _bls12_381_c.g1_msm(GENERATOR_1 + word(times % R))


def g2(times: int) -> bytes:
    return _bls12_381_c.g2_msm(GENERATOR_2 + word(times % R))


def curve_point_1(chance: random.Random) -> bytes:
    """Return a point of the curve of G1 that is hardly ever in the subgroup."""
    while True:
        x = chance.randrange(P)
        y = root(x**3 + 4, P)
        if y is not None:
            return numbers(x, y)


def curve_point_2(chance: random.Random) -> bytes:
    """Return a point of the curve of G2 that is hardly ever in the subgroup."""
    while True:
        x = Fq2([chance.randrange(P), chance.randrange(P)])
        re, im = (int(part) for part in (x * x * x + curve.b2).coeffs)
        y = extension_root(re, im, P)
        if y is not None:
            return numbers(*(int(part) for part in x.coeffs), *y)


def agree(name: str, data: bytes) -> bytes | str:
    """Return what both give for `data`, which must be the same."""
    compiled = outcome(getattr(_bls12_381_c, name), data)
    assert compiled == outcome(getattr(_bls12_381_py, name), data)
    return compiled


@pytest.mark.parametrize("name", NATIVES)
def test_the_compiled_kernel_is_loaded(name: str) -> None:
    assert bls12_381.COMPILED
    assert NATIVES[name].run is getattr(_bls12_381_c, name)


def test_the_reference_is_chosen_on_demand() -> None:
    found = chosen_without_extensions("byline.node.evm.natives.bls12_381", "pairing")
    assert found == ["False", "byline.node.evm.natives._bls12_381_py"]


KNOWN_DOUBLE = numbers(
    int(
        "0572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62a"
        "e28f75bb8f1c7c42c39a8c5529bf0f4e",
        16,
    ),
    int(
        "166a9d8cabc673a322fda673779d8e3822ba3ecb8670e461f73bb9021d5fd76a"
        "4c56d9d4cd16bd1bba86881979749d28",
        16,
    ),
)
KNOWN_NUMBER = int(
    "156c8a6a2c184569d69a76be144b5cdc5141d2d2ca4fe341f011e25e3969c55a"
    "d9e9b9ce2eb833c81a908e5fa4ac5f03",
    16,
)
KNOWN_IMAGE = numbers(
    int(
        "184bb665c37ff561a89ec2122dd343f20e0f4cbcaec84e3c3052ea81d1834e19"
        "2c426074b02ed3dca4e7676ce4ce48ba",
        16,
    ),
    int(
        "04407b8d35af4dacc809927071fc0405218f1401a6d15af775810e4e460064bc"
        "c9468beeba82fdc751be70476c888bf3",
        16,
    ),
)


def test_known_answers_of_eip_2537_come_out() -> None:
    assert agree("g1_add", GENERATOR_1 * 2) == KNOWN_DOUBLE
    assert agree("g1_msm", GENERATOR_1 + word(2)) == KNOWN_DOUBLE
    assert agree("map_fp_to_g1", numbers(KNOWN_NUMBER)) == KNOWN_IMAGE


@pytest.mark.parametrize(
    ("name", "point", "infinity"),
    [("g1_add", g1, INFINITY_1), ("g2_add", g2, INFINITY_2)],
)
def test_sums_end_as_in_the_reference(
    name: str, point: Callable[[int], bytes], infinity: bytes
) -> None:
    chance = random.Random(1)
    for _ in range(30):
        agree(name, point(chance.randrange(R)) + point(chance.randrange(R)))
    assert agree(name, point(3) + point(R - 3)) == infinity
    assert agree(name, point(3) * 2) == point(6)
    assert agree(name, point(3) + infinity) == point(3)
    assert agree(name, infinity + point(3)) == point(3)
    assert agree(name, infinity * 2) == infinity


def test_points_outside_of_the_subgroup_are_added() -> None:
    chance = random.Random(2)
    for _ in range(10):
        left, right = curve_point_1(chance), curve_point_1(chance)
        assert isinstance(agree("g1_add", left + right), bytes)
        assert isinstance(agree("g1_add", left * 2), bytes)
        left, right = curve_point_2(chance), curve_point_2(chance)
        assert isinstance(agree("g2_add", left + right), bytes)
        assert isinstance(agree("g2_add", left * 2), bytes)


def test_a_point_of_order_three_comes_round() -> None:
    assert agree("g1_add", numbers(0, 2, 0, 2)) == numbers(0, P - 2)
    assert agree("g1_add", numbers(0, 2, 0, P - 2)) == INFINITY_1
    assert "subgroup" in str(agree("g1_msm", numbers(0, 2) + word(3)))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_sums_of_random_products_are_those_of_the_reference(count: int) -> None:
    chance = random.Random(count)
    agree("g1_msm", b"".join(g1(chance.randrange(R)) + chance.randbytes(32) for _ in range(count)))
    agree("g2_msm", b"".join(g2(chance.randrange(R)) + chance.randbytes(32) for _ in range(count)))


@pytest.mark.parametrize("scalar", [0, 1, 2, R - 1, R, R + 1, 2**255, 2**256 - 1])
@pytest.mark.parametrize(
    ("name", "point", "infinity"),
    [("g1_msm", g1, INFINITY_1), ("g2_msm", g2, INFINITY_2)],
)
def test_odd_scalars_end_as_in_the_reference(
    name: str, point: Callable[[int], bytes], infinity: bytes, scalar: int
) -> None:
    assert agree(name, point(1) + word(scalar)) == point(scalar % R)
    assert agree(name, infinity + word(scalar)) == infinity
    assert agree(name, infinity + word(5) + point(2) + word(scalar)) == point(2 * scalar % R)
    assert agree(name, point(2) + word(scalar) + infinity + word(5)) == point(2 * scalar % R)


@pytest.mark.parametrize(
    ("name", "point", "infinity"),
    [("g1_msm", g1, INFINITY_1), ("g2_msm", g2, INFINITY_2)],
)
@pytest.mark.parametrize("count", [2, 31, 32, 33, 64, 500, 1023, 1024, 1025, 2049])
def test_long_sums_are_what_the_scalars_say(
    name: str, point: Callable[[int], bytes], infinity: bytes, count: int
) -> None:
    # The same few points again and again, infinity and opposites among them: buckets collide.
    chance = random.Random(count)
    multiples = [chance.randrange(1, R) for _ in range(6)]
    multiples += [0, R - multiples[0], 1]
    points = [point(multiple) if multiple else infinity for multiple in multiples]
    total, data = 0, b""
    for _ in range(count):
        place = chance.randrange(len(points))
        scalar = chance.choice([0, 1, R, 2**256 - 1, chance.getrandbits(256)])
        total += multiples[place] * scalar
        data += points[place] + word(scalar)
    msm = getattr(_bls12_381_c, name)
    assert msm(data) == point(total)
    assert msm(data + points[8] + word(-total % R)) == infinity
    assert msm((points[0] + word(7)) * count) == point(7 * count * multiples[0])
    assert msm((infinity + word(7)) * count) == msm((points[0] + word(R)) * count) == infinity


def test_products_of_pairings_hold_where_the_factors_cancel() -> None:
    chance = random.Random(3)
    for count in (1, 2, 15, 16, 17, 40):
        factors = [(chance.randrange(1, R), chance.randrange(1, R)) for _ in range(count)]
        total = sum(left * right for left, right in factors)
        pairs = b"".join(g1(left) + g2(right) for left, right in factors)
        assert _bls12_381_c.pairing(pairs + g1(-total) + g2(1)) == TRUE
        assert _bls12_381_c.pairing(pairs + g1(1 - total) + g2(1)) == FALSE
        assert _bls12_381_c.pairing(pairs) == FALSE
        gaps = (INFINITY_1 + g2(3) + g1(3) + INFINITY_2) * count
        assert _bls12_381_c.pairing(gaps + pairs + g1(-total) + g2(1) + gaps) == TRUE


OUTSIDE_1, OUTSIDE_2 = curve_point_1(random.Random(4)), curve_point_2(random.Random(5))
PADDED = bytearray(GENERATOR_1)
PADDED[0] = 1

EVERY_PAIRING = {
    "infinities": (INFINITY_1 + INFINITY_2, TRUE),
    "infinity of G1": (INFINITY_1 + g2(5), TRUE),
    "infinity of G2": (g1(5) + INFINITY_2, TRUE),
    "one pair": (g1(2) + g2(3), FALSE),
    "opposites": (g1(2) + g2(3) + g1(-2) + g2(3), TRUE),
    "not quite": (g1(6) + g2(1) + g1(-2) + g2(2), FALSE),
    "nothing": (b"", "multiple of 384"),
    "a byte short": ((g1(2) + g2(3))[:-1], "multiple of 384"),
    "a byte long": (g1(2) + g2(3) + b"\0", "multiple of 384"),
    "G1 outside": (OUTSIDE_1 + g2(3), "subgroup"),
    "G1 outside and infinity": (OUTSIDE_1 + INFINITY_2, "subgroup"),
    "G2 outside": (g1(2) + OUTSIDE_2, "subgroup"),
    "infinity and G2 outside": (INFINITY_1 + OUTSIDE_2, "subgroup"),
    "G1 off the curve": (numbers(1, 1) + g2(1), "G1 is not on the curve"),
    "G2 off the curve": (g1(1) + numbers(1, 1, 1, 1), "G2 is not on the curve"),
    "padding of G1": (bytes(PADDED) + g2(1), "modulus"),
    "a bad pair behind": (g1(1) + INFINITY_2 + numbers(1, 1) + g2(1), "G1 is not on"),
}


@pytest.mark.parametrize("name", EVERY_PAIRING)
def test_pairings_end_as_in_the_reference(name: str) -> None:
    data, expected = EVERY_PAIRING[name]
    found = agree("pairing", data)
    assert found == expected or (isinstance(found, str) and str(expected) in found)


LENGTHS = {
    "g1_add": 256, "g1_msm": 160, "g2_add": 512, "g2_msm": 288, "pairing": 384,
    "map_fp_to_g1": 64, "map_fp2_to_g2": 128,
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVES)
def test_another_length_fails(name: str) -> None:
    length = LENGTHS[name]
    for wrong in (0, 1, length - 1, length + 1, length + 64, 3 * length - 1):
        assert "bytes, want" in str(agree(name, bytes(wrong)))
        assert "bytes, want" in str(agree(name, b"\xff" * wrong))


@pytest.mark.parametrize("name", NATIVES)
def test_numbers_from_the_modulus_on_fail_wherever_they_stand(name: str) -> None:
    length = LENGTHS[name] - LENGTHS[name] % 64
    for at in range(0, length, 64):
        for number in (P, P + 1, 2**381, 2**384 - 1, 2**384, 2**511, 2**512 - 1):
            data = bytearray(LENGTHS[name])
            data[at : at + 64] = numbers(number)
            assert "modulus" in str(agree(name, bytes(data)))


@pytest.mark.parametrize("name", ["map_fp_to_g1", "map_fp2_to_g2"])
def test_maps_are_those_of_the_reference(name: str) -> None:
    chance = random.Random(6)
    edges = [0, 1, 2, P - 1, P - 2, (P - 1) // 2, *(chance.randrange(P) for _ in range(10))]
    for left in edges:
        values = [left] if name == "map_fp_to_g1" else [left, chance.choice(edges)]
        assert isinstance(agree(name, numbers(*values)), bytes)


@pytest.mark.parametrize(("name", "zeroes"), [("map_fp_to_g1", 1), ("map_fp2_to_g2", 2)])
def test_what_is_mapped_is_in_the_subgroup(name: str, zeroes: int) -> None:
    point = getattr(_bls12_381_c, name)(numbers(*[7] * zeroes))
    other = g2(1) if zeroes == 1 else g1(1)
    assert _bls12_381_c.pairing(point + other if zeroes == 1 else other + point) == FALSE


def test_changed_bits_end_as_in_the_reference() -> None:
    chance = random.Random(7)
    whole = {"g1_add": g1(2) + g1(3), "g1_msm": g1(2) + word(3), "g2_add": g2(2) + g2(3)}
    for name, data in whole.items():
        for _ in range(40):
            changed = bytearray(data)
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            agree(name, bytes(changed))


def gas(native: Native, length: int) -> int:
    return native.gas(bytes(length))


def test_prices_are_those_of_eip_2537() -> None:
    assert [gas(NATIVES[name], LENGTHS[name]) for name in LENGTHS] == [
        375, 12_000, 600, 22_500, 70_300, 5_500, 23_800,
    ]  # fmt: skip
    assert [gas(bls12_381.G1MSM, 160 * k) for k in (0, 2, 3, 128, 129, 1000)] == [
        0, 22_776, 30_528, 797_184, 803_412, 6_228_000,
    ]  # fmt: skip
    assert [gas(bls12_381.G2MSM, 288 * k) for k in (0, 2, 3, 128, 129, 1000)] == [
        0, 45_000, 62_302, 1_509_120, 1_520_910, 11_790_000,
    ]  # fmt: skip
    assert gas(bls12_381.PAIRING, 10 * 384) == 363_700


def test_threads_do_not_disturb_each_other() -> None:
    right = g1(6) + g2(1) + g1(-2) + g2(3)
    data = b"".join(g1(k) + word(k) for k in range(1, 40))
    total = g1(sum(k * k for k in range(1, 40)))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(_bls12_381_c.pairing, [right] * 40)) == {TRUE}
        assert set(pool.map(_bls12_381_c.pairing, [right[:384]] * 40)) == {FALSE}
        assert set(pool.map(_bls12_381_c.g1_msm, [data] * 40)) == {total}


@pytest.mark.parametrize("name", NATIVES)
def test_other_types_than_bytes_are_refused(name: str) -> None:
    for wrong in (None, 3, bytearray(384), "00"):
        with pytest.raises(TypeError):
            getattr(_bls12_381_c, name)(wrong)


def test_the_points_outside_are_on_the_curve() -> None:
    x, y = (int.from_bytes(OUTSIDE_1[at : at + 64], "big") for at in (0, 64))
    assert curve.is_on_curve((Fq(x), Fq(y), Fq(1)), curve.b)
    assert not curve.is_inf(curve.multiply((Fq(x), Fq(y), Fq(1)), R))
