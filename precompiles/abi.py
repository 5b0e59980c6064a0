"""Strict reading of ABI-encoded input, and the one encoding of output that is needed.

The Solidity ABI allows many encodings of the same arguments (offsets that overlap or
leave gaps, bytes after the end).  Only the canonical one is taken here, so that two
implementations agree on every input by agreeing on one form:

* a word lies wholly inside the input,
* an unsigned integer has no bits above its width,
* a dynamic array starts exactly where the part before it ends,
* nothing follows the last element.

Each breach is a `MalformedInput` that names the byte offset of the word at fault.
https://docs.soliditylang.org/en/latest/abi-spec.html (strict encoding mode)
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import MALFORMED_INPUT, InvalidInput

WORD: Final = 32
SELECTOR: Final = 4
"""Bytes before the arguments; argument offsets count from here."""


def malformed(offset: int, message: str) -> InvalidInput:
    """Return the refusal of the word at byte `offset` of the input."""
    return MALFORMED_INPUT.refuse(f"input byte {offset}: {message}", offset)


def uint(data: bytes, offset: int, bits: int = 256) -> int:
    """Read the word at byte `offset` as an unsigned integer of `bits` bits."""
    if offset + WORD > len(data):
        raise malformed(offset, f"the input of {len(data)} bytes ends inside this word")
    value = int.from_bytes(data[offset : offset + WORD], "big")
    if value >> bits:
        raise malformed(offset, f"the word exceeds uint{bits}: clear its high bits")
    return value


def array_length(data: bytes, offset: int, start: int) -> int:
    """Read the length of the array whose head is at `offset` and which must lie at `start`.

    `start` is a byte offset of the input, selector included.  The elements are not
    looked at: bound the length first, then call `end_of_array`.
    """
    expected = start - SELECTOR
    if uint(data, offset) != expected:
        raise malformed(offset, f"the array's offset must be {expected}, right after the head")
    return uint(data, start)


def end_of_array(data: bytes, start: int, length: int) -> None:
    """Refuse unless the array of `length` words at `start` is there and ends the input."""
    first = start + WORD
    end = first + WORD * length
    if len(data) < end:
        missing = first + (len(data) - first) // WORD * WORD
        raise malformed(missing, f"{length} elements are declared, and the input ends here")
    if len(data) > end:
        raise malformed(end, f"{len(data) - end} bytes follow the last element")


def encode_array(words: bytes) -> bytes:
    """Encode `words`, whole 32-byte elements, as the only return value, an array."""
    return WORD.to_bytes(32, "big") + (len(words) // WORD).to_bytes(32, "big") + words
