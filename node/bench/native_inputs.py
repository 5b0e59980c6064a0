"""Inputs for the native functions: valid ones, and the costly ones for their gas.

Each is made from the generators of its group, or signed here, so that the whole of the
function runs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import ckzg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from eth_keys.datatypes import PrivateKey

from byline.derivation.blob import encode_blob
from byline.node.l1.kzg import commitment, hash_of, trusted_setup
from byline.precompiles import ATTRIBUTION_MATH, math


def _word(value: int, size: int = 32) -> bytes:
    return value.to_bytes(size, "big")


BN_FIELD: Final = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
BN_G1: Final = _word(1) + _word(2)
BN_G2: Final = bytes.fromhex(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
"""Generators of the groups of alt_bn128, as EIP-197 writes points."""
BLS_FIELD: Final = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
    "1eabfffeb153ffffb9feffffffffaaab",
    16,
)
BLS_G1_Y: Final = int(
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3ed"
    "d03cc744a2888ae40caa232946c5e7e1",
    16,
)
BLS_G1: Final = bytes.fromhex(
    "0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f"
    "c3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
) + _word(BLS_G1_Y, 64)
BLS_G2: Final = bytes.fromhex(
    "00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051"
    "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    "0000000000000000000000000000000013e02b6052719f607dacd3a088274f65"
    "596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351a"
    "adfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
    "000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99"
    "cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
)
"""Generators of the groups of BLS12-381, as EIP-2537 writes points."""


@dataclass(frozen=True, slots=True)
class Input:
    """One measured call."""

    what: str
    address: bytes
    data: bytes
    ethereum: bool = True
    """Whether Prague has the function, so that py-evm itself can run it."""


def _at(number: int) -> bytes:
    return number.to_bytes(20, "big")


def inputs() -> tuple[Input, ...]:
    """Return the measured calls in order of their addresses."""
    bytes_of = random.Random(7).randbytes  # noqa: S311
    kib = bytes_of(1024)
    return (
        Input("ecrecover", _at(1), _signed()),
        Input("sha256, 1 KiB", _at(2), kib),
        Input("ripemd160, 1 KiB", _at(3), kib),
        Input("identity, 1 KiB", _at(4), kib),
        Input("modexp, 256 bytes, odd", _at(5), _modexp(256, 256, odd=True)),
        Input("modexp, 256 bytes, even", _at(5), _modexp(256, 256, odd=False)),
        Input("modexp, 1,024 bytes, exponent 65,537", _at(5), _modexp(1024, 3, odd=True)),
        Input("bn254 addition", _at(6), 2 * BN_G1),
        Input("bn254 multiplication", _at(7), BN_G1 + b"\xff" * 32),
        Input("bn254 pairing, 2 pairs", _at(8), _bn_pairs(1)),
        Input("bn254 pairing, 10 pairs", _at(8), _bn_pairs(5)),
        Input("blake2f, 10,000 rounds", _at(9), (10_000).to_bytes(4, "big") + bytes(209)),
        Input("point evaluation", _at(10), _opened_blob()),
        Input("bls12-381 g1 addition", _at(11), 2 * BLS_G1),
        Input("bls12-381 g1 msm, 8 points", _at(12), 8 * (BLS_G1 + b"\x55" * 32)),
        Input("bls12-381 g2 addition", _at(13), 2 * BLS_G2),
        Input("bls12-381 g2 msm, 8 points", _at(14), 8 * (BLS_G2 + b"\x55" * 32)),
        Input("bls12-381 pairing, 2 pairs", _at(15), _bls_pairs()),
        Input("bls12-381 map to g1", _at(16), (12345).to_bytes(64, "big")),
        Input("bls12-381 map to g2", _at(17), 2 * (12345).to_bytes(64, "big")),
        Input("p256verify", _at(0x100), _signed_p256(), ethereum=False),
        Input("apportion, 100 recipients", ATTRIBUTION_MATH, _apportion(100), ethereum=False),
    )


def _signed() -> bytes:
    digest = b"\x42" * 32
    signature = PrivateKey(b"\x11" * 32).sign_msg_hash(digest)
    return digest + b"".join(map(_word, (signature.v + 27, signature.r, signature.s)))


def _signed_p256() -> bytes:
    digest = b"\x42" * 32
    key = ec.derive_private_key(0x1234567, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
    public = key.public_key().public_numbers()
    return digest + b"".join(map(_word, (r, s, public.x, public.y)))


def _modexp(size: int, exponent_size: int, *, odd: bool) -> bytes:
    """Return the largest operands: every bit set but, in an even modulus, the last."""
    exponent = b"\xff" * exponent_size if exponent_size > 3 else (65_537).to_bytes(3, "big")
    base = b"\xff" * (size - 1) + b"\xfd"
    modulus = b"\xff" * (size - 1) + (b"\xff" if odd else b"\xfe")
    return b"".join(map(_word, (size, len(exponent), size))) + base + exponent + modulus


def _bn_pairs(repeats: int) -> bytes:
    """Return pairs whose product is one: e(P, Q) and e(-P, Q), so often."""
    minus = BN_G1[:32] + _word(BN_FIELD - 2)
    return repeats * (BN_G1 + BN_G2 + minus + BN_G2)


def _bls_pairs() -> bytes:
    minus = BLS_G1[:64] + _word(BLS_FIELD - BLS_G1_Y, 64)
    return BLS_G1 + BLS_G2 + minus + BLS_G2


def _opened_blob() -> bytes:
    blob, z = encode_blob(b"bench" * 1000), _word(3)
    proof: bytes
    y: bytes
    proof, y = ckzg.compute_kzg_proof(blob, z, trusted_setup())
    committed = commitment(blob)
    return hash_of(committed) + z + y + committed + proof


def _apportion(count: int) -> bytes:
    return math.encode_call(0, 10**18 + 7, list(range(1, count + 1)))
