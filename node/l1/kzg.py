"""KZG commitments and proofs of blobs, by ckzg on Ethereum's trusted setup.

Sources: EIP-4844 (commitment, blob proof, versioned hash); EIP-7594 (cell proofs).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import ckzg

VERSIONED_HASH_VERSION: Final = b"\x01"
"""First byte of the hash of a KZG commitment."""


@functools.cache
def trusted_setup() -> Any:
    """Return the points of Ethereum's ceremony, read once (about a second)."""
    from eth.precompiles.point_evaluation import TRUSTED_SETUP_PATH

    return ckzg.load_trusted_setup(TRUSTED_SETUP_PATH, 0)


def commitment(blob: bytes) -> bytes:
    """Return the 48 bytes that commit to `blob`.

    Raises `ValueError` for a wrong length or an element that is no field element.
    """
    try:
        found: bytes = ckzg.blob_to_kzg_commitment(blob, trusted_setup())
    except (RuntimeError, AssertionError, ValueError) as exc:
        raise ValueError(f"not a blob: {exc}") from exc
    return found


def hash_of(commitment: bytes) -> bytes:
    """Return the versioned hash of a commitment, by which transactions name its blob."""
    return VERSIONED_HASH_VERSION + hashlib.sha256(commitment).digest()[1:]


def versioned_hash(blob: bytes) -> bytes:
    """Return the versioned hash of `blob`; raises `ValueError` as `commitment` does."""
    return hash_of(commitment(blob))


def blob_proof(blob: bytes, commitment: bytes) -> bytes:
    """Return the 48-byte proof that `commitment` belongs to `blob` (EIP-4844)."""
    proof: bytes = ckzg.compute_blob_kzg_proof(blob, commitment, trusted_setup())
    return proof


def blob_proof_holds(blob: bytes, commitment: bytes, proof: bytes) -> bool:
    """Tell whether `proof` shows that `commitment` is that of `blob`; takes 3 ms.

    False, too, for what are no points or no field elements.
    """
    try:
        valid = ckzg.verify_blob_kzg_proof(blob, commitment, proof, trusted_setup())
    except (RuntimeError, AssertionError, ValueError):
        return False
    return bool(valid)


def cell_proofs_hold(blob: bytes, commitment: bytes, proofs: Sequence[bytes]) -> bool:
    """Tell whether `proofs` are those of the cells of `blob`; else as `blob_proof_holds`."""
    try:
        cells = ckzg.compute_cells(blob, trusted_setup())
        count = len(cells)
        valid = ckzg.verify_cell_kzg_proof_batch(
            [commitment] * count, list(range(count)), cells, list(proofs), trusted_setup()
        )
    except (RuntimeError, AssertionError, ValueError):
        return False
    return bool(valid)


def cell_proofs(blob: bytes) -> tuple[bytes, ...]:
    """Return the 128 proofs of the cells of `blob` (EIP-7594), 48 bytes each; a fifth second."""
    _, proofs = ckzg.compute_cells_and_kzg_proofs(blob, trusted_setup())
    return tuple(proofs)
