"""The input of `creditBatch`: read as far as its shape, before any loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from byline.derivation.hashing import keccak256
from byline.precompiles.abi import SELECTOR, WORD, malformed, uint
from byline.precompiles.errors import UNKNOWN_SELECTOR
from byline.precompiles.state.refusals import ENTRY, MAX_ENTRIES, bad_length

SIGNATURE: Final = "creditBatch(bytes32,bytes)"
SELECTOR_OF_CREDIT_BATCH: Final = keccak256(SIGNATURE.encode())[:SELECTOR]
PACKED_AT: Final = SELECTOR + 3 * WORD
"""Byte offset of the first entry: selector, pool, offset, length."""
OFFSET: Final = 2 * WORD


@dataclass(frozen=True, slots=True)
class CreditBatchCall:
    """What `creditBatch` was asked; the entries are still bytes, in any order."""

    pool: bytes
    """32 bytes."""
    packed: bytes
    """address 20 || amount 16 for each entry, at most `MAX_ENTRIES`."""

    @property
    def count(self) -> int:
        """Number of entries."""
        return len(self.packed) // ENTRY


def read_call(data: bytes) -> CreditBatchCall:
    """Read the whole input; refusals 5 to 11 of `refusals`."""
    if len(data) < SELECTOR:
        raise malformed(len(data), "the input ends inside the selector")
    if data[:SELECTOR] != SELECTOR_OF_CREDIT_BATCH:
        raise UNKNOWN_SELECTOR.refuse(
            f"no function 0x{data[:SELECTOR].hex()}: there is {SIGNATURE}", data[:SELECTOR]
        )
    uint(data, SELECTOR)
    if uint(data, SELECTOR + WORD) != OFFSET:
        raise malformed(SELECTOR + WORD, f"the offset of packed must be {OFFSET}")
    length = uint(data, SELECTOR + OFFSET)
    if length % ENTRY or length > ENTRY * MAX_ENTRIES:
        raise bad_length(length)
    end = PACKED_AT + -(-length // WORD) * WORD
    if len(data) != end:
        at = min(len(data), end)
        raise malformed(at, f"{length} bytes are declared, so the input has {end}")
    for at in range(PACKED_AT + length, end):
        if data[at]:
            raise malformed(at, "the padding must be zeros")
    return CreditBatchCall(data[SELECTOR : SELECTOR + WORD], data[PACKED_AT : PACKED_AT + length])


def pack(entries: Iterable[tuple[bytes, int]]) -> bytes:
    """Return (address, amount) pairs as `creditBatch` takes them, in the order given."""
    return b"".join(who + amount.to_bytes(16, "big") for who, amount in entries)


def encode_call(pool: bytes, packed: bytes) -> bytes:
    """Encode a call of `creditBatch`, as a contract would."""
    head = pool + OFFSET.to_bytes(WORD, "big") + len(packed).to_bytes(WORD, "big")
    return SELECTOR_OF_CREDIT_BATCH + head + packed + bytes(-len(packed) % WORD)
