"""P256VERIFY (address 0x100): whether a signature on curve P-256 holds.

Sources: RIP-7212 and EIP-7951, which agree on all but the price.  Five words in: digest, r,
s, x, y.  One word 1 out, or nothing where the signature does not hold or is malformed.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from byline.node.evm.natives.native import Native

GAS: Final = 3_450
"""RIP-7212, on the L2 from Fjord until Karst; every call pays it."""
OSAKA_GAS: Final = 6_900
"""EIP-7951, on the L1 from Osaka, on the L2 from Karst."""
FIELD: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
"""Order of the field of curve P-256; coordinates are below it."""
_LENGTH: Final = 160
_TRUE: Final = (1).to_bytes(32, "big")


def run(data: bytes) -> bytes:
    """Return 1 in a word where the signature holds, else nothing."""
    if len(data) != _LENGTH:
        return b""
    digest, *words = (data[at : at + 32] for at in range(0, _LENGTH, 32))
    r, s, x, y = (int.from_bytes(word, "big") for word in words)
    # Whether OpenSSL takes coordinates modulo the field differs by version.
    if max(x, y) >= FIELD:
        return b""
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (ValueError, InvalidSignature):
        return b""
    return _TRUE


P256VERIFY: Final = Native("P256VERIFY", lambda _: GAS, run)
P256VERIFY_OSAKA: Final = Native("P256VERIFY", lambda _: OSAKA_GAS, run)
