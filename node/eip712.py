"""Structures that people sign for our contracts, hashed and signed as wallets do (EIP-712).

The few lines that are needed of eth-account, whose import takes longer than the rest of a
start; a test holds both to the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.node.keys import sign

_DOMAIN_TYPE: Final = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """The contract that a signature is for."""

    name: str
    version: str
    chain_id: int
    contract: bytes
    """20 bytes."""

    def separator(self) -> bytes:
        """Return the hash of the domain."""
        texts = (keccak256(text.encode()) for text in (self.name, self.version))
        return struct_hash(_DOMAIN_TYPE, *texts, self.chain_id, self.contract)


def struct_hash(kind: bytes, *fields: int | bytes) -> bytes:
    """Return the hash of a structure.

    kind: the hash of its type.  fields: in order; numbers that are not negative, addresses of
    20 bytes, and for whatever is longer its hash.
    """
    words = (
        field.to_bytes(32, "big") if isinstance(field, int) else field.rjust(32, b"\0")
        for field in fields
    )
    return keccak256(kind + b"".join(words))


def digest(separator: bytes, struct: bytes) -> bytes:
    """Return what is signed: the hash of a domain's separator and a structure's hash."""
    return keccak256(b"\x19\x01" + separator + struct)


def signature(key: bytes, signed: bytes) -> bytes:
    """Return r, s and v for a digest: 65 bytes, s in its lower half, v 27 or 28."""
    parity, r, s = sign(key, signed)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
