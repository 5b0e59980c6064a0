"""The filter over addresses and topics of logs: the rules, and the reference of `_bloom_c`.

Source: the yellow paper, section 4.3.1 (the function M).  Of the Keccak-256 hash of an item
the first three pairs of bytes, modulo 2048, name the bits that are set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from byline.derivation.kernels.keccak import keccak256

BLOOM_BYTES: Final = 256


def bloom_of(items: Sequence[bytes]) -> bytes:
    """Return the 256-byte filter in which every item is found."""
    bits = 0
    for item in items:
        digest = keccak256(item)
        for at in (0, 2, 4):
            bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits.to_bytes(BLOOM_BYTES, "big")


def union_of(blooms: Sequence[bytes]) -> bytes:
    """Return the filter that has the bits of all; `ValueError` for one of another size."""
    bits = 0
    for bloom in blooms:
        if len(bloom) != BLOOM_BYTES:
            raise ValueError(f"bloom: want {BLOOM_BYTES} bytes, got {len(bloom)}")
        bits |= int.from_bytes(bloom, "big")
    return bits.to_bytes(BLOOM_BYTES, "big")
