"""Private keys: from a mnemonic to a key, from a key to an address, and signatures.

The few lines that a start of the node needs of eth-account and eth-keys, whose import takes
longer than the rest of the start; a test holds both to the same answers.

Sources: BIP-32 (derivation), BIP-39 (seed of a mnemonic), BIP-44 (paths).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Final

from coincurve import PrivateKey

from byline.derivation.hashing import keccak256
from byline.derivation.transaction import SECP256K1_N

HARDENED: Final = 2**31
"""Added to the index of a child whose key cannot be found from public keys alone."""
_ROUNDS: Final = 2_048
"""Of PBKDF2 (BIP-39)."""


def seed_of(mnemonic: str) -> bytes:
    """Return the 64-byte seed of a mnemonic without a passphrase; its words are not checked."""
    words = unicodedata.normalize("NFKD", mnemonic).encode()
    return hashlib.pbkdf2_hmac("sha512", words, b"mnemonic", _ROUNDS)


def derive_key(seed: bytes, path: str) -> bytes:
    """Return the 32-byte key at a path such as `m/44'/60'/0'/0/7`.

    Raises `ValueError` for a path that is malformed, or, once in 2**127, has no key.
    """
    root, *steps = path.split("/")
    if root != "m":
        raise ValueError(f"key path {path!r}: want it to begin with m/")
    key, chain = _child(b"Bitcoin seed", seed, 0)
    for step in steps:
        digits = step.removesuffix("'")
        if not digits.isdecimal() or int(digits) >= HARDENED:
            raise ValueError(f"key path {path!r}: {step!r} is no index below 2**31")
        index = int(digits) + (HARDENED if step != digits else 0)
        parent = b"\0" + key if index >= HARDENED else PrivateKey(key).public_key.format()
        key, chain = _child(chain, parent + index.to_bytes(4, "big"), int.from_bytes(key, "big"))
    return key


def _child(chain: bytes, data: bytes, parent: int) -> tuple[bytes, bytes]:
    """Return a key and the chain code that its own children start from."""
    digest = hmac.digest(chain, data, "sha512")
    offset = int.from_bytes(digest[:32], "big")
    key = (offset + parent) % SECP256K1_N
    if offset >= SECP256K1_N or not key:
        raise ValueError("key path: this index has no key (BIP-32): take the next")
    return key.to_bytes(32, "big"), digest[32:]


def address_of(key: bytes) -> bytes:
    """Return the address of a private key; raises `ValueError` for bytes that are no key."""
    return keccak256(PrivateKey(key).public_key.format(compressed=False)[1:])[12:]


def sign(key: bytes, digest: bytes) -> tuple[int, int, int]:
    """Return parity, r and s of the deterministic low-s signature of a 32-byte digest.

    Raises `ValueError` for bytes that are no key.  Source: RFC 6979, EIP-2.
    """
    signed = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return signed[64], int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:64], "big")
