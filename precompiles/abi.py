"""Strict reading of ABI-encoded input, and encoding.

The Solidity ABI allows many encodings of the same arguments (offsets that overlap or
leave gaps, bytes after the end).  Only the canonical one is taken here, so that two
implementations agree on every input by agreeing on one form:

* a word lies wholly inside the input,
* an unsigned integer has no bits above its width, a signed one repeats its sign there,
* a dynamic argument starts exactly where the part before it ends: the head, or the dynamic
  argument before,
* `bytes` are filled up with zero bytes to a whole word,
* nothing follows the last element.

Arguments are read in their order, a dynamic one with all its parts, the end of the input
last.  Each breach is a `MalformedInput` that names the byte offset of the word at fault.
https://docs.soliditylang.org/en/latest/abi-spec.html (strict encoding mode)

A function of several dynamic arguments keeps the place where the next one must lie:

    nodes, end = bytes_argument(data, head=4, start=4 + 64)
    edges, end = bytes_argument(data, head=36, start=end)
    nothing_follows(data, end)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


def sint(data: bytes, offset: int, bits: int) -> int:
    """Read the word at byte `offset` as a signed integer of `bits` bits."""
    value = uint(data, offset)
    value -= (value >> 255) << 256
    if value >> (bits - 1) not in (0, -1):
        raise malformed(offset, f"the word exceeds int{bits}: repeat the sign in its high bits")
    return value


def array_length(data: bytes, head: int, start: int, base: int = SELECTOR) -> int:
    """Read the length, in elements or bytes, of the dynamic argument that must lie at `start`.

    `head` is where its offset stands, and `base` what that offset counts from; all are byte
    offsets of the input, selector included.  The content is not looked at: bound the length first,
    then call `end_of_words` or `end_of_bytes`.
    """
    expected = start - base
    if uint(data, head) != expected:
        raise malformed(head, f"the offset must be {expected}, right after the part before it")
    return uint(data, start)


def end_of_words(data: bytes, start: int, length: int) -> int:
    """Return where the array of `length` words at `start` ends; refuse where it is cut off.

    `start` is the place of the length; the first element is a word further on.
    """
    first = start + WORD
    end = first + WORD * length
    if len(data) < end:
        missing = first + (len(data) - first) // WORD * WORD
        raise malformed(missing, f"{length} elements are declared, and the input ends here")
    return end


def end_of_bytes(data: bytes, start: int, length: int) -> int:
    """Return where the `bytes` of that length at `start` end, filled up to a whole word.

    Refuses where they are cut off, and where they are filled up with anything but zeros (the
    fault is then in the last word).
    """
    end = end_of_words(data, start, -(-length // WORD))
    if any(data[start + WORD + length : end]):
        raise malformed(end - WORD, "the bytes are filled up with something else than zeros")
    return end


def nothing_follows(data: bytes, end: int) -> None:
    """Refuse an input that goes on after `end`."""
    if len(data) > end:
        raise malformed(end, f"{len(data) - end} bytes follow the last element")


def bytes_argument(data: bytes, head: int, start: int, base: int = SELECTOR) -> tuple[bytes, int]:
    """Read the `bytes` whose head is at `head` and which must lie at `start`.

    Returns them and where the next dynamic argument must lie.
    """
    length = array_length(data, head, start, base)
    end = end_of_bytes(data, start, length)
    return data[start + WORD : start + WORD + length], end


@dataclass(frozen=True, slots=True)
class Tail:
    """A dynamic value as it lies behind the head: its length, then its content."""

    encoded: bytes


def word(value: int) -> bytes:
    """Encode an integer of -2**255..2**256-1 as a word, negative ones by two's complement."""
    return value.to_bytes(WORD, "big", signed=value < 0)


def array_tail(values: Iterable[int]) -> Tail:
    """Return an array of integers as a dynamic value."""
    return words_tail(b"".join(map(word, values)))


def words_tail(words: bytes) -> Tail:
    """Return an array, given as its elements' words, as a dynamic value."""
    return Tail(word(len(words) // WORD) + words)


def bytes_tail(value: bytes) -> Tail:
    """Return `bytes` as a dynamic value, filled up to a whole word."""
    return Tail(word(len(value)) + value + bytes(-len(value) % WORD))


def encode(*values: int | bytes | Tail) -> bytes:
    """Encode arguments or results: integers, 32-byte words, and dynamic values.

    An address is given as an integer, or as a word of its own.
    """
    place = WORD * len(values)
    head, tails = [], []
    for value in values:
        if isinstance(value, Tail):
            head.append(word(place))
            tails.append(value.encoded)
            place += len(value.encoded)
        elif isinstance(value, int):
            head.append(word(value))
        elif len(value) == WORD:
            head.append(value)
        else:
            raise ValueError(f"{len(value)} bytes are not a word: wrap bytes in bytes_tail")
    return b"".join(head + tails)


def encode_array(words: bytes) -> bytes:
    """Encode `words`, whole 32-byte elements, as the only return value, an array."""
    return encode(words_tail(words))
