"""BN254: the kernel and py_ecc give the same, and what EIP-196 and EIP-197 demand."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from py_ecc.fields import optimized_bn128_FQ2 as Fq2
from py_ecc.optimized_bn128 import optimized_curve as curve

from byline.node.evm.natives import _bn254_c, _bn254_py, bn254
from byline.node.evm.natives.native import Failed
from tests.unit.node.evm.natives.extension_roots import extension_root, root
from tests.unit.node.evm.natives.natives_kit import (
    chosen_without_extensions,
    outcome,
    word,
    words,
)

P = curve.field_modulus
R = curve.curve_order
TWIST_COFACTOR = 2 * P - R
SMALL_ORDER = 10_069
"""A prime factor of the cofactor."""
INFINITY_1, INFINITY_2 = bytes(64), bytes(128)
TRUE, FALSE = word(1), word(0)
BOTH = pytest.mark.parametrize("kernel", [_bn254_c, _bn254_py])


def g1_bytes(point: Any) -> bytes:
    return words(*(int(number) for number in curve.normalize(point)))


def g2_bytes(point: Any) -> bytes:
    x, y = curve.normalize(point)
    return words(x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])


def g1(times: int) -> bytes:
    return g1_bytes(curve.multiply(curve.G1, times))


def g2(times: int) -> bytes:
    return g2_bytes(curve.multiply(curve.G2, times))


def fast_g1(times: int) -> bytes:
    return _bn254_c.mul(g1(1) + word(times))


def twist_point(chance: random.Random) -> Any:
    """Return a point of the twist, which is in the subgroup with a chance of 2**-254."""
    while True:
        x = Fq2([chance.randrange(P), chance.randrange(P)])
        re, im = (int(part) for part in (x * x * x + curve.b2).coeffs)
        y = extension_root(re, im, P)
        if y is not None:
            return (x, Fq2(y), Fq2.one())


def test_the_compiled_kernel_is_loaded() -> None:
    assert bn254.COMPILED
    assert bn254.BN254_PAIRING.run is _bn254_c.pairing
    assert bn254.BN254_MUL.run is _bn254_c.mul
    assert bn254.BN254_ADD.run is _bn254_c.add


def test_the_reference_is_chosen_on_demand() -> None:
    found = chosen_without_extensions("byline.node.evm.natives.bn254", "pairing")
    assert found == ["False", "byline.node.evm.natives._bn254_py"]


KNOWN_SUM = (
    "18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9"
    "063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266"
    "07c2b7f58a84bd6145f00c9c2bc0bb1a187f20ff2c92963a88019e7c6a014eed"
    "06614e20c147e940f2d70da3f74c9a17df361706a4485c742bd6788478fa17d7",
    "2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703"
    "301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915",
)
KNOWN_MULTIPLE = (
    "2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb7"
    "21611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204"
    "00000000000000000000000000000000000000000000000011138ce750fa15c2",
    "070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c"
    "031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc",
)
KNOWN_PAIRING = (
    "1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59"
    "3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41"
    "209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7"
    "04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678"
    "2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d"
    "120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550"
    "111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c"
    "2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
"""As go-ethereum tests them: chfast1, chfast1, jeff1."""


@BOTH
def test_known_answers_of_other_clients_come_out(kernel: ModuleType) -> None:
    assert kernel.add(bytes.fromhex(KNOWN_SUM[0])).hex() == KNOWN_SUM[1]
    assert kernel.mul(bytes.fromhex(KNOWN_MULTIPLE[0])).hex() == KNOWN_MULTIPLE[1]


def test_a_known_pairing_of_other_clients_holds() -> None:
    assert _bn254_c.pairing(bytes.fromhex(KNOWN_PAIRING)) == TRUE


def test_random_sums_are_those_of_the_reference() -> None:
    chance = random.Random(1)
    for _ in range(200):
        data = fast_g1(chance.randrange(R)) + fast_g1(chance.randrange(R))
        assert _bn254_c.add(data) == _bn254_py.add(data)


def test_random_multiples_are_those_of_the_reference() -> None:
    chance = random.Random(2)
    for _ in range(100):
        data = fast_g1(chance.randrange(1, R)) + chance.randbytes(32)
        assert _bn254_c.mul(data) == _bn254_py.mul(data)


ODD_SUMS = {
    "nothing": b"",
    "infinities": bytes(128),
    "one byte": b"\1",
    "a point and nothing": g1(1),
    "a point cut short": g1(1)[:63],
    "a point and infinity": g1(3) + bytes(64),
    "infinity and a point": bytes(64) + g1(3),
    "a point twice": g1(3) * 2,
    "a point and its opposite": g1(3) + g1(R - 3),
    "bytes behind": g1(3) + g1(4) + b"\xff" * 7,
    "off the curve": words(1, 1) + g1(1),
    "the second off the curve": g1(1) + words(1, 3),
    "x the modulus": words(P, 2) + g1(1),
    "x above the modulus": words(P + 1, 2) + g1(1),
    "y above the modulus": words(1, P + 2) + g1(1),
    "infinity as the modulus": words(P, P),
    "the highest words": b"\xff" * 128,
    "x zero": words(0, 1),
    "x zero, y the root of 3": words(0, 2),
}


@pytest.mark.parametrize("name", ODD_SUMS)
def test_odd_sums_end_as_in_the_reference(name: str) -> None:
    data = ODD_SUMS[name]
    assert outcome(_bn254_c.add, data) == outcome(_bn254_py.add, data)


@pytest.mark.parametrize("name", ODD_SUMS)
@pytest.mark.parametrize("scalar", [0, 1, 2, R - 1, R, R + 1, P, 2**255, 2**256 - 1])
def test_odd_multiples_end_as_in_the_reference(name: str, scalar: int) -> None:
    point = ODD_SUMS[name][:64].ljust(64, b"\0")
    for data in (point + word(scalar), point + word(scalar) + b"\1", point):
        assert outcome(_bn254_c.mul, data) == outcome(_bn254_py.mul, data)


@BOTH
def test_what_is_no_point_fails(kernel: ModuleType) -> None:
    for name in ("off the curve", "x the modulus", "the highest words"):
        with pytest.raises(Failed, match="BN254"):
            kernel.add(ODD_SUMS[name])
        with pytest.raises(Failed, match="BN254"):
            kernel.mul(ODD_SUMS[name])


@BOTH
def test_a_multiple_beyond_the_order_comes_round(kernel: ModuleType) -> None:
    assert kernel.mul(g1(1) + word(R + 5)) == g1(5)
    assert kernel.mul(g1(1) + word(R)) == INFINITY_1


def test_products_of_pairings_hold_where_the_factors_cancel() -> None:
    chance = random.Random(3)
    for count in (1, 2, 5, 31, 32, 33, 70):
        factors = [(chance.randrange(1, R), chance.randrange(1, 50)) for _ in range(count)]
        total = sum(left * right for left, right in factors)
        pairs = b"".join(fast_g1(left) + g2(right) for left, right in factors)
        assert _bn254_c.pairing(pairs + fast_g1(R - total % R) + g2(1)) == TRUE
        assert _bn254_c.pairing(pairs + fast_g1(R + 1 - total % R) + g2(1)) == FALSE
        assert _bn254_c.pairing(pairs) == FALSE


EVERY_PAIRING = {
    "no pairs": b"",
    "infinities": INFINITY_1 + INFINITY_2,
    "infinity of G1": INFINITY_1 + g2(5),
    "infinity of G2": g1(5) + INFINITY_2,
    "one pair": g1(2) + g2(3),
    "opposites": g1(2) + g2(3) + g1(R - 2) + g2(3),
    "opposites in G2": g1(2) + g2(3) + g1(2) + g2(R - 3),
    "a pair and infinities": g1(2) + g2(3) + INFINITY_1 + g2(1) + g1(1) + INFINITY_2,
    "bilinear": g1(6) + g2(1) + g1(R - 2) + g2(3),
    "not quite": g1(6) + g2(1) + g1(R - 2) + g2(2),
    "a byte short": (g1(2) + g2(3))[:-1],
    "a byte long": g1(2) + g2(3) + b"\0",
    "half a pair": g1(2) + g2(3) + g1(2),
    "G1 off the curve": words(1, 1) + g2(1),
    "G1 above the modulus": words(P, 0) + g2(1),
    "G2 off the curve": g1(1) + words(0, 1, 0, 1),
    "G2 with its parts exchanged": g1(1) + b"".join(g2(1)[at : at + 32] for at in (32, 0, 96, 64)),
    "x of G2 above the modulus": g1(1) + words(P, 0, 0, 0),
    "y of G2 above the modulus": g1(1) + words(0, 0, 0, P),
    "infinity of G2 as the modulus": g1(1) + words(P, P, P, P),
    "the highest words": b"\xff" * 192,
    "a bad pair behind infinity": INFINITY_1 + INFINITY_2 + words(1, 1) + g2(1),
    "outside of the subgroup": g1(1) + g2_bytes(twist_point(random.Random(4))),
    "infinity and outside of the subgroup": INFINITY_1 + g2_bytes(twist_point(random.Random(5))),
    "of the cofactor's order": g1(1) + g2_bytes(curve.multiply(twist_point(random.Random(6)), R)),
    "of a small order": g1(1)
    + g2_bytes(curve.multiply(twist_point(random.Random(7)), R * TWIST_COFACTOR // SMALL_ORDER)),
}


@pytest.mark.parametrize("name", EVERY_PAIRING)
def test_pairings_end_as_in_the_reference(name: str) -> None:
    data = EVERY_PAIRING[name]
    assert outcome(_bn254_c.pairing, data) == outcome(_bn254_py.pairing, data)


def test_the_odd_points_are_what_they_are_called() -> None:
    small = EVERY_PAIRING["of a small order"][64:]
    assert small != INFINITY_2
    assert "not in the subgroup" in str(outcome(_bn254_c.pairing, INFINITY_1 + small))
    assert TWIST_COFACTOR % SMALL_ORDER == 0


def test_the_subgroup_is_told_from_the_twist() -> None:
    chance = random.Random(8)
    for _ in range(20):
        point = twist_point(chance)
        inside = g2_bytes(curve.multiply(point, TWIST_COFACTOR))
        assert outcome(_bn254_c.pairing, INFINITY_1 + inside) == TRUE
        failure = outcome(_bn254_c.pairing, INFINITY_1 + g2_bytes(point))
        assert failure == "BN254: a point of G2 is not in the subgroup"


def test_a_changed_byte_of_a_pair_ends_as_in_the_reference() -> None:
    chance = random.Random(9)
    good = g1(2) + g2(3)
    for _ in range(60):
        changed = bytearray(good)
        changed[chance.randrange(192)] ^= 1 << chance.randrange(8)
        data = bytes(changed)
        assert outcome(_bn254_c.pairing, data) == outcome(_bn254_py.pairing, data)


def test_numbers_near_the_modulus_are_multiplied_as_they_should() -> None:
    # The coordinates of these sums are any, but the points come from the edges of the field.
    found = 0
    for x in [*range(40), *range(P - 40, P)]:
        y = root(x**3 + 3, P)
        if y is None:
            continue
        for data in (words(x, y) * 2, words(x, P - y) + g1(1), words(x, y, 2**256 - 1)):
            assert outcome(_bn254_c.add, data) == outcome(_bn254_py.add, data)
            assert outcome(_bn254_c.mul, data) == outcome(_bn254_py.mul, data)
        found += 1
    assert found > 20


def test_threads_do_not_disturb_each_other() -> None:
    pairs = [g1(a) + g2(b) + g1(R - a * b) + g2(1) for a, b in ((2, 3), (5, 7))]
    wrong = [g1(a) + g2(b) for a, b in ((2, 3), (5, 7))]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(_bn254_c.pairing, pairs * 50)) == {TRUE}
        assert set(pool.map(_bn254_c.pairing, wrong * 50)) == {FALSE}


def test_other_types_than_bytes_are_refused() -> None:
    for function in (_bn254_c.add, _bn254_c.mul, _bn254_c.pairing):
        for wrong in (None, 3, bytearray(192), "00"):
            with pytest.raises(TypeError):
                function(wrong)  # type: ignore[arg-type]
