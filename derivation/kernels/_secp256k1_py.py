"""Who signed, by eth_keys: the reference of `_secp256k1_c`.

Source: SEC 1, version 2.0, section 4.1.6 (public key recovery); the yellow paper, appendix F
(the address is the last 20 bytes of the hash of the key).
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError


def recover(digest: bytes, y_parity: int, r: int, s: int) -> bytes | None:
    """Return the address whose key signed `digest`, or `None` when no key did.

    `digest` has 32 bytes, else `ValueError` is raised.  `y_parity` is 0 or 1, and both r and s
    lie in 1..n-1 where n is the order of the curve's group: whatever does not names nobody.
    An s in the upper half is accepted; EIP-2 is the caller's affair.
    """
    if len(digest) != 32:
        raise ValueError(f"digest: want 32 bytes, got {len(digest)}")
    try:
        signature = Signature(vrs=(y_parity, r, s))
        key = signature.recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return None
    return key.to_canonical_address()


def recover_many(signatures: Sequence[tuple[bytes, int, int, int]]) -> list[bytes | None]:
    """Return `recover(digest, y_parity, r, s)` for each signature."""
    return [recover(*signature) for signature in signatures]
