"""Point evaluation: a KZG proof that ckzg made holds, and nothing else does."""

from __future__ import annotations

import ckzg
import pytest

from byline.node.evm.natives.native import Failed
from byline.node.evm.natives.point_evaluation import BLS_MODULUS, OUTPUT, POINT_EVALUATION
from byline.node.l1 import kzg
from tests.unit.node.evm.natives.natives_kit import word, words

BLOB = b"".join(word(number * number + 1) for number in range(4096))
COMMITMENT = kzg.commitment(BLOB)
Z = word(5)
PROOF, Y = ckzg.compute_kzg_proof(BLOB, Z, kzg.trusted_setup())
GOOD = kzg.hash_of(COMMITMENT) + Z + Y + COMMITMENT + PROOF
INFINITY = b"\xc0" + bytes(47)


def test_a_proof_holds() -> None:
    assert POINT_EVALUATION.run(GOOD) == OUTPUT == words(4096, BLS_MODULUS)


def test_the_polynomial_of_zero_is_zero_everywhere() -> None:
    zero = kzg.hash_of(INFINITY) + word(7) + word(0) + INFINITY + INFINITY
    assert POINT_EVALUATION.run(zero) == OUTPUT


def hashed(commitment: bytes, *rest: bytes) -> bytes:
    return kzg.hash_of(commitment) + b"".join(rest[:2]) + commitment + rest[2]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "192"),
        (GOOD[:-1], "192"),
        (GOOD + b"\0", "192"),
        (b"\2" + GOOD[1:], "versioned hash"),
        (bytes(192), "versioned hash"),
        (hashed(COMMITMENT, word(6), Y, PROOF), "does not hold"),
        (hashed(COMMITMENT, Z, word(1), PROOF), "does not hold"),
        (hashed(COMMITMENT, Z, Y, COMMITMENT), "does not hold"),
        (hashed(COMMITMENT, word(BLS_MODULUS + 5), Y, PROOF), "point evaluation"),
        (hashed(COMMITMENT, Z, word(BLS_MODULUS), PROOF), "point evaluation"),
        (hashed(COMMITMENT, Z, Y, bytes(48)), "point evaluation"),
        (hashed(COMMITMENT, Z, Y, b"\xff" * 48), "point evaluation"),
        (hashed(bytes(48), Z, Y, PROOF), "point evaluation"),
    ],
)
def test_what_is_no_proof_fails(data: bytes, words: str) -> None:
    with pytest.raises(Failed, match=words):
        POINT_EVALUATION.run(data)


def test_the_trusted_setup_is_read_once() -> None:
    assert kzg.trusted_setup() is kzg.trusted_setup()
