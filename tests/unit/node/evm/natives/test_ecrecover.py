"""ECRECOVER: names the signer that py-evm names, or nobody."""

from __future__ import annotations

import random

import pytest
from eth_keys.datatypes import PrivateKey

from byline.derivation.kernels import secp256k1
from byline.node.evm.natives.ecrecover import ECRECOVER
from tests.unit.node.evm.natives.natives_kit import word, words
from tests.unit.node.evm.natives.pyevm_reference import function

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 2**256 - 2**32 - 977
DIGEST = bytes(range(32))
KEY = PrivateKey(b"\x01" * 32)
SIGNATURE = KEY.sign_msg_hash(DIGEST)
V, R, S = SIGNATURE.v + 27, SIGNATURE.r, SIGNATURE.s
GOOD = DIGEST + words(V, R, S)
SIGNER = KEY.public_key.to_canonical_address().rjust(32, b"\0")
REFERENCE = function(1)


def test_it_runs_on_the_compiled_kernel() -> None:
    assert secp256k1.COMPILED


def test_the_signer_is_named() -> None:
    assert ECRECOVER.run(GOOD) == SIGNER
    assert ECRECOVER.run(GOOD + b"\xff" * 9) == SIGNER


def test_the_other_v_and_the_other_s_name_the_signer_too() -> None:
    assert ECRECOVER.run(DIGEST + words(55 - V, R, ORDER - S)) == SIGNER


@pytest.mark.parametrize(
    "data",
    [
        b"", GOOD[:1], GOOD[:127], GOOD[:96],
        *(DIGEST + words(v, R, S) for v in (0, 1, 26, 29, 255, V + 256, V + 2**64, 2**256 - 1)),
        *(DIGEST + words(V, r, S) for r in (0, 1, 5, ORDER - 1, ORDER, R + 1, FIELD, 2**256 - 1)),
        *(DIGEST + words(V, R, s) for s in (0, 1, ORDER - 1, ORDER, ORDER // 2, 2**256 - 1)),
        word(0) + words(V, R, S), b"\xff" * 32 + words(V, R, S), b"\xff" * 128,
        # The key of this one would be infinity: s R = z G.
        word(ORDER - 1) + words(28, 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 1),  # noqa: E501
        word(1) + words(27, 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 1),
    ],
)  # fmt: skip
def test_odd_input_ends_as_in_py_evm(data: bytes) -> None:
    assert ECRECOVER.run(data) == REFERENCE(data)


def test_random_input_ends_as_in_py_evm() -> None:
    chance = random.Random(1)
    named = 0
    for _ in range(150):
        data = chance.randbytes(32) + words(
            chance.choice((27, 28)), chance.getrandbits(256), chance.getrandbits(256)
        )
        found = ECRECOVER.run(data)
        assert found == REFERENCE(data)
        named += bool(found)
    assert 30 < named < 120
