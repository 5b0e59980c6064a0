"""The leaves that an inference commits to, as bytes and back; big-endian.

evidence leaf, 56 bytes, one for each place that a span is credited to

    u32 outPos | u32 len | u32 dataset | u32 lo | u32 hi | u32 pos | owner 20 | u64 weight
    | u32 saIndex

record leaf, 180 bytes, one for each inference of a batch

    payer 20 | reqHash 32 | outHash 32 | evidenceRoot 32 | weightsRoot 32 | fee u128
    | tokensIn u32 | tokensOut u32 | nonce u64

packed list, 28 bytes each, ascending: owner 20 | points u64
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.attribution.tokens import encode_tokens

EVIDENCE_LEAF_BYTES: Final = 56
RECORD_LEAF_BYTES: Final = 180
PACKED_BYTES: Final = 28

_EVIDENCE: Final = struct.Struct(">6I20sQI")
_RECORD: Final = struct.Struct(">20s32s32s32s32s16sIIQ")
_PACKED: Final = struct.Struct(">20sQ")

Points = tuple[tuple[bytes, int], ...]
"""Owners (20 bytes, strictly ascending) and the points of each."""


@dataclass(frozen=True, slots=True)
class EvidenceLeaf:
    """One place in a dataset that has a span of the output, and what it is worth."""

    out_pos: int
    """Index in the output of the span's first token."""
    length: int
    """Of the span, in tokens."""
    dataset: int
    lo: int
    """The suffixes that start with the span are the entries lo to hi - 1 of the dataset's
    suffix array."""
    hi: int
    pos: int
    """Position in the dataset's tokens: its suffix array's entry `sa_index`."""
    owner: bytes
    """20 bytes: who owns that position."""
    weight: int
    """This place's part of the span's weight, below 2**64."""
    sa_index: int

    def encode(self) -> bytes:
        """Return the 56 bytes; `ValueError` for a field that does not fit."""
        if len(self.owner) != 20:
            raise ValueError(f"owner of {len(self.owner)} bytes: want 20")
        try:
            return _EVIDENCE.pack(
                self.out_pos, self.length, self.dataset, self.lo, self.hi, self.pos,
                self.owner, self.weight, self.sa_index,
            )  # fmt: skip
        except struct.error as error:
            raise ValueError(f"{self} does not fit an evidence leaf: {error}") from None

    @classmethod
    def decode(cls, data: bytes) -> EvidenceLeaf:
        """Return the leaf of exactly 56 bytes, or raise `ValueError`."""
        if len(data) != EVIDENCE_LEAF_BYTES:
            raise ValueError(
                f"evidence leaf of {len(data)} bytes: want exactly {EVIDENCE_LEAF_BYTES}"
            )
        return cls(*_EVIDENCE.unpack(data))


def encode_evidence(leaves: Iterable[EvidenceLeaf]) -> bytes:
    """Return all leaves one after another, as they are published."""
    return b"".join(leaf.encode() for leaf in leaves)


def decode_evidence(data: bytes) -> tuple[EvidenceLeaf, ...]:
    """Return published leaves; `ValueError` for a length that is no multiple of 56."""
    if len(data) % EVIDENCE_LEAF_BYTES:
        raise ValueError(
            f"evidence of {len(data)} bytes: want a multiple of {EVIDENCE_LEAF_BYTES}"
        )
    return tuple(EvidenceLeaf(*fields) for fields in _EVIDENCE.iter_unpack(data))


@dataclass(frozen=True, slots=True)
class RecordLeaf:
    """One inference as its batch commits to it.  Hashes and roots are 32 bytes."""

    payer: bytes
    """20 bytes."""
    req_hash: bytes
    out_hash: bytes
    """Hash of the output's token string: `out_hash(tokens)`."""
    evidence_root: bytes
    """Merkle root over the evidence leaves."""
    weights_root: bytes
    """Sum tree root over (owner, points)."""
    fee: int
    """Wei, below 2**128."""
    tokens_in: int
    tokens_out: int
    nonce: int

    def encode(self) -> bytes:
        """Return the 180 bytes; `ValueError` for a field that does not fit."""
        hashes = (self.req_hash, self.out_hash, self.evidence_root, self.weights_root)
        if len(self.payer) != 20 or any(len(one) != 32 for one in hashes):
            raise ValueError(f"{self}: want a payer of 20 bytes and hashes of 32")
        try:
            return _RECORD.pack(
                self.payer, *hashes, self.fee.to_bytes(16, "big"),
                self.tokens_in, self.tokens_out, self.nonce,
            )  # fmt: skip
        except (struct.error, OverflowError) as error:
            raise ValueError(f"{self} does not fit a record leaf: {error}") from None

    @classmethod
    def decode(cls, data: bytes) -> RecordLeaf:
        """Return the leaf of exactly 180 bytes, or raise `ValueError`."""
        if len(data) != RECORD_LEAF_BYTES:
            raise ValueError(f"record leaf of {len(data)} bytes: want exactly {RECORD_LEAF_BYTES}")
        payer, req, out, evidence, weights, fee, tokens_in, tokens_out, nonce = _RECORD.unpack(
            data
        )
        wei = int.from_bytes(fee, "big")
        return cls(payer, req, out, evidence, weights, wei, tokens_in, tokens_out, nonce)


def encode_packed(points: Points) -> bytes:
    """Return the packed list; `ValueError` unless owners ascend strictly and points fit."""
    for (before, _), (after, _) in pairwise(points):
        if before >= after:
            raise ValueError(f"owner 0x{after.hex()} after 0x{before.hex()}: want ascending ones")
    try:
        return b"".join(_PACKED.pack(_address(owner), amount) for owner, amount in points)
    except struct.error as error:
        raise ValueError(f"points do not fit 64 bits: {error}") from None


def decode_packed(data: bytes) -> Points:
    """Return the list behind packed bytes; `ValueError` for what `encode_packed` never makes."""
    if len(data) % PACKED_BYTES:
        raise ValueError(f"packed list of {len(data)} bytes: want a multiple of {PACKED_BYTES}")
    points: Points = tuple(_PACKED.iter_unpack(data))
    encode_packed(points)
    return points


def out_hash(output: Sequence[int]) -> bytes:
    """Return the hash of an output's token string, as a record names it."""
    return keccak256(encode_tokens(output))


def _address(owner: bytes) -> bytes:
    if len(owner) != 20:
        raise ValueError(f"owner of {len(owner)} bytes: want 20")
    return owner
