"""Transactions to the batch inbox: frames in calldata, or in blobs with their proofs.

Sources: EIP-1559, EIP-4844 ("Networking": the form with blobs, commitments and proofs),
EIP-7594 (its successor with cell proofs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from byline.derivation.blob import encode_blob
from byline.derivation.hashing import keccak256
from byline.derivation.kernels import rlp
from byline.derivation.transaction import BLOB, Transaction, decode_transaction
from byline.node.accounts import DevAccount
from byline.node.keys import sign
from byline.node.l1 import kzg
from byline.node.l2.data_availability import MAX_BLOBS, TRANSACTION_GAS, calldata_gas
from byline.node.signing import sign_dynamic_fee

ProofKind: TypeAlias = Literal["blob", "cell"]
"""One proof for a blob (until Osaka), or one for each of its 128 cells."""

CELLS_VERSION: Final = 1
"""EIP-7594: the version that the network form with cell proofs carries."""


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers, in wei per gas."""

    most: int
    """Base fee and tip together, at most."""
    tip: int
    blob: int = 0
    """Per blob gas, at most; only transactions with blobs say it."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The blobs of a transaction and the proofs that they belong to it."""

    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    """48 bytes each."""
    proofs: tuple[bytes, ...]
    """48 bytes each: one a blob, or 128."""
    kind: ProofKind

    @classmethod
    def of(cls, blobs: Sequence[bytes], kind: ProofKind) -> Sidecar:
        """Commit to `blobs` and prove it; takes 50 ms a blob, with cell proofs 200.

        Raises `ValueError` for what is no blob.
        """
        commitments = tuple(kzg.commitment(blob) for blob in blobs)
        if kind == "cell":
            proofs = tuple(proof for blob in blobs for proof in kzg.cell_proofs(blob))
        else:
            pairs = zip(blobs, commitments, strict=True)
            proofs = tuple(kzg.blob_proof(blob, commitment) for blob, commitment in pairs)
        return cls(tuple(blobs), commitments, proofs, kind)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The versioned hashes, by which the transaction names the blobs."""
        return tuple(kzg.hash_of(commitment) for commitment in self.commitments)

    def wrap(self, raw: bytes) -> bytes:
        """Return the network form of the type 3 transaction `raw`."""
        body = rlp.decode(raw[1:])
        version = [CELLS_VERSION] if self.kind == "cell" else []
        parts = [list(part) for part in (self.blobs, self.commitments, self.proofs)]
        return bytes([BLOB]) + bytes(rlp.encode([body, *version, *parts]))


@dataclass(frozen=True, slots=True)
class InboxTransaction:
    """A signed transaction to the inbox, as blocks hold it and as nodes take it."""

    transaction: Transaction
    network: bytes
    """What `eth_sendRawTransaction` takes."""


def in_calldata(
    account: DevAccount, inbox: bytes, chain_id: int, nonce: int, fees: Fees, item: bytes
) -> InboxTransaction:
    """Return a type 2 transaction that carries one data item."""
    tx = sign_dynamic_fee(
        account,
        chain_id=chain_id,
        nonce=nonce,
        gas=calldata_gas(item),
        to=inbox,
        max_fee=fees.most,
        tip=fees.tip,
        data=item,
    )
    return InboxTransaction(tx, tx.raw)


def sidecar_of(items: Sequence[bytes], kind: ProofKind) -> Sidecar:
    """Return the blobs of `items`, one each; raises `ValueError` for none or too many."""
    if not 1 <= len(items) <= MAX_BLOBS:
        raise ValueError(f"blob transaction: {len(items)} data items, want 1 to {MAX_BLOBS}")
    return Sidecar.of([encode_blob(item) for item in items], kind)


def in_blobs(
    account: DevAccount, inbox: bytes, chain_id: int, nonce: int, fees: Fees, sidecar: Sidecar
) -> InboxTransaction:
    """Return a type 3 transaction that carries the blobs of `sidecar`."""
    fields: list[rlp.Encodable] = [
        chain_id, nonce, fees.tip, fees.most, TRANSACTION_GAS, inbox, 0, b"", [], fees.blob,
        list(sidecar.hashes),
    ]  # fmt: skip
    digest = keccak256(bytes([BLOB]) + rlp.encode(fields))
    signed = [*fields, *sign(account.key, digest)]
    tx = decode_transaction(bytes([BLOB]) + rlp.encode(signed))
    assert isinstance(tx, Transaction)
    return InboxTransaction(tx, sidecar.wrap(tx.raw))
