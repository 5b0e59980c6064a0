"""Text to tokens, and tokens to the bytes that commitments are made of.

A token is a word or a single mark of the casefolded text; its number is the first four bytes
of the word's hash.  Two words may share a number: then they match each other, for everybody
alike, since only numbers are compared.  What counts as a word is Unicode's rule, which grows
with the versions of Python: characters that an older one does not know may split differently,
and then the roots differ and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from byline.derivation.hashing import keccak256

SEPARATOR: Final = 0
"""The token behind each document; no word has it, so no match runs over it."""

TOKEN_BYTES: Final = 4
MAX_TOKEN: Final = 2**32 - 1

CHUNK_BYTES: Final = 1024
CHUNK_TOKENS: Final = CHUNK_BYTES // TOKEN_BYTES
"""Tokens, or entries of a suffix array, in one chunk of a commitment."""

WORD: Final = re.compile(r"\w+|[^\w\s]")
"""A word or a mark, in casefolded text."""


@lru_cache(maxsize=1 << 17)
def token_id(word: str) -> int:
    """Return the number of a word or mark: never 0, below 2**32.

    Raises `ValueError` (of UTF-8) for a lone surrogate, which is no character.
    """
    return int.from_bytes(keccak256(word.encode())[:TOKEN_BYTES], "big") or 1


def words_of(text: str) -> list[str]:
    """Return the words and marks of `text` in order, casefolded."""
    return WORD.findall(text.casefold())


def tokenize(text: str) -> tuple[int, ...]:
    """Return the tokens of `text` in order; `ValueError` for text that UTF-8 cannot hold."""
    return tuple(map(token_id, words_of(text)))


def token_string(texts: Iterable[str]) -> list[int]:
    """Return the tokens of all documents in order, a separator behind each."""
    tokens: list[int] = []
    for text in texts:
        tokens.extend(map(token_id, words_of(text)))
        tokens.append(SEPARATOR)
    return tokens


def encode_tokens(tokens: Sequence[int]) -> bytes:
    """Return the token string: four bytes each, big-endian.

    Raises `ValueError` for a number outside 0..2**32-1.
    """
    for token in tokens:
        if not 0 <= token <= MAX_TOKEN:
            raise ValueError(f"token {token} does not fit: want 0 to {MAX_TOKEN}")
    return b"".join(token.to_bytes(TOKEN_BYTES, "big") for token in tokens)


def decode_tokens(data: bytes) -> tuple[int, ...]:
    """Return the tokens of a token string; `ValueError` for a length that is no multiple of 4."""
    if len(data) % TOKEN_BYTES:
        raise ValueError(f"a token string of {len(data)} bytes: want a multiple of {TOKEN_BYTES}")
    return tuple(
        int.from_bytes(data[at : at + TOKEN_BYTES], "big")
        for at in range(0, len(data), TOKEN_BYTES)
    )


def chunks_of(data: bytes) -> tuple[bytes, ...]:
    """Return `data` in chunks of 1024 bytes; the last may be shorter."""
    return tuple(data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
