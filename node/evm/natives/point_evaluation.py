"""Point evaluation (address 0x0a): a KZG proof that a polynomial takes a value somewhere.

Source: EIP-4844.  192 bytes in: versioned hash, z, y (32 each), commitment and proof (48
each).  Two words out that are always the same: 4,096 and the order of the scalar field.
"""

from __future__ import annotations

from typing import Final

import ckzg

from byline.node.evm.natives.native import Failed, Native
from byline.node.l1.kzg import hash_of, trusted_setup

GAS: Final = 50_000
_LENGTH: Final = 192
BLS_MODULUS: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""Order of the field of scalars of BLS12-381."""
OUTPUT: Final = (4096).to_bytes(32, "big") + BLS_MODULUS.to_bytes(32, "big")


def run(data: bytes) -> bytes:
    """Return `OUTPUT` where the proof holds; raises `Failed` where it does not."""
    if len(data) != _LENGTH:
        raise Failed(f"point evaluation: input of {len(data)} bytes, want {_LENGTH}")
    versioned_hash, z, y = data[:32], data[32:64], data[64:96]
    commitment, proof = data[96:144], data[144:]
    if versioned_hash != hash_of(commitment):
        raise Failed("point evaluation: commitment does not match the versioned hash")
    try:
        valid = ckzg.verify_kzg_proof(commitment, z, y, proof, trusted_setup())
    except (RuntimeError, ValueError) as exc:
        raise Failed(f"point evaluation: {exc}") from exc
    if not valid:
        raise Failed("point evaluation: the proof does not hold")
    return OUTPUT


POINT_EVALUATION: Final = Native("point evaluation", lambda _: GAS, run)
