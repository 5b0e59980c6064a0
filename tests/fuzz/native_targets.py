"""Native functions: the compiled kernel ends as the readable reference does, whatever comes."""

from __future__ import annotations

from collections.abc import Callable

from byline.node.evm.natives import _bls12_381_py, _bn254_py, bls12_381, bn254, modexp
from byline.node.evm.natives.bls12_381 import G1ADD, G1MSM, G2ADD, MAP_FP2_TO_G2, MAP_FP_TO_G1
from byline.node.evm.natives.bls12_381 import PAIRING as BLS_PAIRING
from byline.node.evm.natives.bn254 import BN254_ADD, BN254_MUL, BN254_PAIRING
from byline.node.evm.natives.modexp import MODEXP_OSAKA, ModexpInput
from byline.node.evm.natives.native import Failed, Native
from tests.fuzz.target import Target

MOST_GAS = 500_000
"""What is dearer is left out: the references are slow."""

Run = Callable[[bytes], bytes]

G1_BN254 = (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
G2_BN254 = bytes.fromhex(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
G1_BLS = MAP_FP_TO_G1.run(bytes(64))
G2_BLS = MAP_FP2_TO_G2.run(bytes(128))


def ended(run: Run, data: bytes) -> bytes | str:
    try:
        return run(data)
    except Failed as exc:
        return str(exc)


def compared(native: Native, reference: Run) -> Callable[[bytes], None]:
    """Return a check that both end alike; refuses what both refuse."""

    def check(data: bytes) -> None:
        if native.gas(data) > MOST_GAS:
            raise Failed("too dear")
        expected = ended(reference, data)
        assert ended(native.run, data) == expected
        if isinstance(expected, str):
            raise Failed(expected)

    return check


def power(data: bytes) -> bytes:
    """Do by Python's numbers what MODEXP does since Osaka."""
    given = ModexpInput.read(data)
    if max(given.longest, given.exponent_length) > modexp.MAX_OSAKA_LENGTH:
        return MODEXP_OSAKA.run(data)
    parts, at = [], 96
    for length in (given.base_length, given.exponent_length, given.modulus_length):
        parts.append(given.part(at, length))
        at += length
    base, exponent, modulus = (int.from_bytes(part, "big") for part in parts)
    result = pow(base, exponent, modulus) if modulus else 0
    return result.to_bytes(given.modulus_length, "big")


def powers() -> tuple[bytes, ...]:
    lengths = ((1, 1, 1), (32, 32, 32), (8, 40, 9), (70, 3, 64), (0, 2, 33))
    return tuple(
        b"".join(length.to_bytes(32, "big") for length in three)
        + b"".join(bytes(range(7, 7 + length)) for length in three)
        for three in lengths
    )


def ends_in_a_word(native: Native) -> Callable[[bytes], None]:
    """Return a check of the output's form, where the reference takes seconds."""

    def check(data: bytes) -> None:
        if native.gas(data) > MOST_GAS:
            raise Failed("too dear")
        assert native.run(data) in (bytes(32), (1).to_bytes(32, "big"))

    return check


def targets() -> list[Target]:
    """Return the native functions that are compiled here."""
    seven = (7).to_bytes(32, "big")
    refusals = (Failed,)
    compare = [
        ("MODEXP", MODEXP_OSAKA, power, powers()),
        ("BN254 add", BN254_ADD, _bn254_py.add, (G1_BN254 * 2, b"", G1_BN254)),
        ("BN254 mul", BN254_MUL, _bn254_py.mul, (G1_BN254 + seven, G1_BN254)),
        ("BLS12-381 G1 add", G1ADD, _bls12_381_py.g1_add, (G1_BLS * 2, bytes(256))),
        ("BLS12-381 G2 add", G2ADD, _bls12_381_py.g2_add, (G2_BLS * 2, bytes(512))),
        ("BLS12-381 G1 MSM", G1MSM, _bls12_381_py.g1_msm, (G1_BLS + seven,)),
        ("BLS12-381 map", MAP_FP_TO_G1, _bls12_381_py.map_fp_to_g1, (bytes(64),)),
    ]
    pairings = [
        ("BN254 pairing", BN254_PAIRING, (G1_BN254 + G2_BN254, bytes(192), b"")),
        ("BLS12-381 pairing", BLS_PAIRING, (G1_BLS + G2_BLS, bytes(384))),
    ]
    assert bn254.COMPILED
    assert bls12_381.COMPILED
    return [
        *(
            Target(name, seeds, compared(native, run), refusals)
            for name, native, run, seeds in compare
        ),
        *(
            Target(name, seeds, ends_in_a_word(native), refusals)
            for name, native, seeds in pairings
        ),
    ]
