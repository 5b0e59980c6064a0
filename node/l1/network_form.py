"""Blob transactions as they travel: with blobs, commitments and proofs beside them.

A block holds only the versioned hashes, so whoever takes a blob transaction has to check
here that the blobs are the ones meant.

Sources: EIP-4844 ("Networking": one proof a blob), EIP-7594 (a proof for each of 128 cells).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.blob import BLOB_SIZE
from byline.derivation.errors import InvalidData
from byline.derivation.kernels import rlp
from byline.derivation.transaction import BLOB, Transaction, decode_transaction
from byline.node.l1 import kzg

CELLS: Final = 128
"""Cells of a blob and its extension, each with a proof (EIP-7594)."""
POINT_SIZE: Final = 48
"""Bytes of a commitment, and of a proof."""
_CELLS_VERSION: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class ProvenBlob:
    """One blob with what proves it."""

    blob: bytes
    commitment: bytes
    proofs: bytes
    """One proof of 48 bytes, or those of all 128 cells after one another."""

    @property
    def versioned_hash(self) -> bytes:
        """The name by which transactions call it."""
        return kzg.hash_of(self.commitment)


def read_network_form(raw: bytes, most: int) -> tuple[Transaction, tuple[ProvenBlob, ...]]:
    """Read a type 3 transaction with its blobs, `most` of them, and check every proof.

    As a block holds it, without blobs, it is read too; the tuple is then empty.  Raises
    `InvalidData` naming what does not fit.
    """
    try:
        items = rlp.decode(raw[1:])
    except InvalidData as exc:
        raise InvalidData(f"blob transaction: {exc}") from exc
    if not isinstance(items, list) or not items:
        raise InvalidData("blob transaction: want an RLP list")
    if not isinstance(items[0], list):
        return _blob_transaction(raw), ()
    transaction = _blob_transaction(bytes([BLOB]) + rlp.encode(items[0]))
    blobs = _proven(items[1:], most)
    hashes = tuple(item.versioned_hash for item in blobs)
    if hashes != transaction.blob_hashes:
        raise InvalidData(
            f"blob transaction: the commitments hash to {_listed(hashes)}, the transaction "
            f"names {_listed(transaction.blob_hashes)}"
        )
    _check_proofs(blobs)
    return transaction, blobs


def _blob_transaction(raw: bytes) -> Transaction:
    transaction = decode_transaction(raw)
    if not isinstance(transaction, Transaction) or transaction.type != BLOB:
        raise InvalidData(f"blob transaction: it is of type 0x{raw[0]:02x}")
    return transaction


def _proven(items: list[Any], most: int) -> tuple[ProvenBlob, ...]:
    """Read blobs, commitments and proofs, after the version where there are cell proofs."""
    cells = len(items) == 4
    if cells and items[0] != _CELLS_VERSION:
        raise InvalidData(f"blob transaction: the version of its sidecar is {items[0]!r}, want 1")
    if len(items) not in (3, 4):
        raise InvalidData(
            f"blob transaction: {len(items)} items beside it, want blobs, commitments and "
            "proofs, or a version before them"
        )
    each = CELLS if cells else 1
    blobs = _points(items[-3], "blobs", BLOB_SIZE)
    if not 1 <= len(blobs) <= most:
        raise InvalidData(f"blob transaction: {len(blobs)} blobs, want 1 to {most}")
    commitments = _points(items[-2], "commitments", POINT_SIZE)
    proofs = _points(items[-1], "proofs", POINT_SIZE)
    if len(commitments) != len(blobs) or len(proofs) != each * len(blobs):
        raise InvalidData(
            f"blob transaction: {len(blobs)} blobs, {len(commitments)} commitments and "
            f"{len(proofs)} proofs, want {each} for each blob"
        )
    return tuple(
        ProvenBlob(blob, commitment, b"".join(proofs[each * index : each * (index + 1)]))
        for index, (blob, commitment) in enumerate(zip(blobs, commitments, strict=True))
    )


def _points(items: Any, what: str, size: int) -> list[bytes]:
    if not isinstance(items, list):
        raise InvalidData(f"blob transaction: {what} are no list")
    for item in items:
        if not isinstance(item, bytes) or len(item) != size:
            found = f"{len(item)} bytes" if isinstance(item, bytes) else "a list"
            raise InvalidData(f"blob transaction: one of {what} is {found}, want {size} bytes")
    return items


def _check_proofs(blobs: tuple[ProvenBlob, ...]) -> None:
    for index, item in enumerate(blobs):
        proofs = [
            item.proofs[at : at + POINT_SIZE] for at in range(0, len(item.proofs), POINT_SIZE)
        ]
        if len(proofs) == 1:
            valid = kzg.blob_proof_holds(item.blob, item.commitment, proofs[0])
        else:
            valid = kzg.cell_proofs_hold(item.blob, item.commitment, proofs)
        if not valid:
            raise InvalidData(f"blob transaction: the proof of blob {index} does not hold")


def _listed(hashes: tuple[bytes, ...]) -> str:
    return ", ".join(f"0x{item.hex()}" for item in hashes) or "none"
