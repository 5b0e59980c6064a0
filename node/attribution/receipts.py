"""Receipts: what a payer signs, and what an operator sends to the ledger for each answer.

The payer signs EIP-712 typed data, InferenceReceipt(address payer,uint32 modelId,uint64 nonce,
bytes32 reqHash,bytes32 outHash,uint128 fee,uint64 deadline), in the domain "Byline Inference
Ledger", "1", chain id, ledger.  The operator adds what the answer is made of:

    payer 20 | nonce u64 | reqHash 32 | outHash 32 | fee u128 | deadline u64 | evidenceRoot 32
    | weightsRoot 32 | tokensIn u32 | tokensOut u32 | r 32 | s 32 | v 1        253 bytes

Numbers are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.derivation.kernels.secp256k1 import recover
from byline.derivation.transaction import SECP256K1_N
from byline.node import eip712
from byline.node.attribution.encoding import RecordLeaf
from byline.node.eip712 import Domain

RECEIPT_BYTES: Final = 253
SIGNATURE_BYTES: Final = 65
MOST_RECEIPTS: Final = 200
"""Of one batch: what proves the payouts of so many wrong fits one transaction."""

_SIGNED: Final = struct.Struct(">20sQ32s32s16sQ32s32sII65s")
_RECEIPT_TYPE: Final = keccak256(
    b"InferenceReceipt(address payer,uint32 modelId,uint64 nonce,bytes32 reqHash,"
    b"bytes32 outHash,uint128 fee,uint64 deadline)"
)


@dataclass(frozen=True, slots=True)
class ReceiptDomain:
    """The ledger that a receipt is for."""

    chain_id: int
    ledger: bytes
    """20 bytes."""

    def separator(self) -> bytes:
        """Return the hash of the domain (EIP-712)."""
        return Domain("Byline Inference Ledger", "1", self.chain_id, self.ledger).separator()


@dataclass(frozen=True, slots=True)
class InferenceReceipt:
    """A payer's word that an answer costs it `fee`."""

    payer: bytes
    """20 bytes."""
    model_id: int
    nonce: int
    """Any number below 2**64 that the payer has not used yet; in any order."""
    req_hash: bytes
    out_hash: bytes
    """Hash of the answer's token string."""
    fee: int
    """Wei, from 1 to 2**128-1."""
    deadline: int
    """Up to and including this second the operator may record it."""

    def digest(self, domain: ReceiptDomain) -> bytes:
        """Return the hash that is signed (EIP-712)."""
        return eip712.digest(
            domain.separator(),
            eip712.struct_hash(
                _RECEIPT_TYPE,
                self.payer,
                self.model_id,
                self.nonce,
                self.req_hash,
                self.out_hash,
                self.fee,
                self.deadline,
            ),
        )

    def sign(self, domain: ReceiptDomain, key: bytes) -> bytes:
        """Return r, s and v: 65 bytes, s in its lower half, v 27 or 28."""
        return eip712.signature(key, self.digest(domain))

    def signer(self, domain: ReceiptDomain, signature: bytes) -> bytes | None:
        """Return who signed this receipt, or `None` where the ledger would see no signature."""
        if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
            return None
        r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
        if s > SECP256K1_N // 2:
            return None
        return recover(self.digest(domain), signature[64] - 27, r, s)


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt, its signature, and what the operator records for it."""

    receipt: InferenceReceipt
    evidence_root: bytes
    weights_root: bytes
    tokens_in: int
    tokens_out: int
    signature: bytes
    """65 bytes: r, s, v."""

    @property
    def record(self) -> RecordLeaf:
        """Return the leaf that the batch commits to for this receipt."""
        receipt = self.receipt
        return RecordLeaf(
            payer=receipt.payer,
            req_hash=receipt.req_hash,
            out_hash=receipt.out_hash,
            evidence_root=self.evidence_root,
            weights_root=self.weights_root,
            fee=receipt.fee,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            nonce=receipt.nonce,
        )

    def encode(self) -> bytes:
        """Return the 253 bytes; `ValueError` for a field that does not fit."""
        receipt = self.receipt
        hashes = (receipt.req_hash, receipt.out_hash, self.evidence_root, self.weights_root)
        sizes = [len(one) for one in (receipt.payer, *hashes, self.signature)]
        if sizes != [20, 32, 32, 32, 32, SIGNATURE_BYTES]:
            raise ValueError(
                f"payer, hashes, roots and signature of {sizes} bytes: want 20, 32 each and 65"
            )
        try:
            return _SIGNED.pack(
                receipt.payer,
                receipt.nonce,
                receipt.req_hash,
                receipt.out_hash,
                receipt.fee.to_bytes(16, "big"),
                receipt.deadline,
                self.evidence_root,
                self.weights_root,
                self.tokens_in,
                self.tokens_out,
                self.signature,
            )
        except (struct.error, OverflowError) as error:
            raise ValueError(f"{self} does not fit a receipt: {error}") from None

    @classmethod
    def decode(cls, data: bytes, model_id: int) -> SignedReceipt:
        """Return what 253 bytes say about a model's answer, or raise `ValueError`.

        The model is not among them: a batch names it once.
        """
        if len(data) != RECEIPT_BYTES:
            raise ValueError(f"receipt of {len(data)} bytes: want exactly {RECEIPT_BYTES}")
        payer, nonce, req, out, fee, deadline, evidence, weights, tokens_in, tokens_out, rsv = (
            _SIGNED.unpack(data)
        )
        wei = int.from_bytes(fee, "big")
        receipt = InferenceReceipt(payer, model_id, nonce, req, out, wei, deadline)
        return cls(receipt, evidence, weights, tokens_in, tokens_out, rsv)


def encode_receipts(receipts: Iterable[SignedReceipt]) -> bytes:
    """Return receipts one after another, as the ledger's recordBatch takes them."""
    return b"".join(receipt.encode() for receipt in receipts)
