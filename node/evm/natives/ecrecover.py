"""ECRECOVER (address 1): the account whose key signed a digest.

Source: the yellow paper, appendix E.  The input is four words: digest, v (27 or 28), r and s;
what is missing at the end counts as zero, what is more is ignored.  The output is the
address in a word, or nothing where the signature names nobody.
"""

from __future__ import annotations

from typing import Final

from byline.derivation.kernels.secp256k1 import recover
from byline.node.evm.natives.native import Native

GAS: Final = 3_000
_LENGTH: Final = 128
_WORD: Final = 32
_FIRST_V: Final = 27


def run(data: bytes) -> bytes:
    """Return the signer's address in a word; nothing for what is no signature."""
    data = data[:_LENGTH].ljust(_LENGTH, b"\0")
    v, r, s = (int.from_bytes(data[at : at + _WORD], "big") for at in (32, 64, 96))
    if v - _FIRST_V not in (0, 1):
        return b""
    address = recover(data[:_WORD], v - _FIRST_V, r, s)
    return address.rjust(_WORD, b"\0") if address else b""


ECRECOVER: Final = Native("ECRECOVER", lambda _: GAS, run)
