"""A dataset: texts and their owners, and the four roots that commit to them.

docRoot    chunks of (u32 length | utf8 text) of all documents
tokRoot    chunks of the token string: the tokens of each document and a separator
saRoot     chunks of the suffix array
ownerRoot  one leaf for each range of positions: u32 start | u32 end | owner 20

Chunks are 1024 bytes.  Neighbouring documents of one owner make one range.  An opening is a
part of this with the proofs that a contract checks.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from byline.node.attribution.suffix_array import Words, suffix_array
from byline.node.attribution.tokens import CHUNK_TOKENS, chunks_of, token_string
from byline.precompiles.evidence.merkle import MerkleTree

MAX_TOKENS: Final = 2**32 - 1

_RANGE: Final = struct.Struct(">II20s")


@dataclass(frozen=True, slots=True)
class Document:
    """One text and who gave it."""

    text: str
    owner: bytes
    """20 bytes: the address that is paid for it."""


@dataclass(frozen=True, slots=True)
class OwnerRange:
    """The positions from `start` up to and without `end`, and who owns them."""

    start: int
    end: int
    owner: bytes

    def encode(self) -> bytes:
        """Return the 28 bytes that are committed."""
        return _RANGE.pack(self.start, self.end, self.owner)

    @classmethod
    def decode(cls, data: bytes) -> OwnerRange:
        """Return the range of exactly 28 bytes, or raise `ValueError`."""
        if len(data) != _RANGE.size:
            raise ValueError(f"owner range of {len(data)} bytes: want exactly {_RANGE.size}")
        return cls(*_RANGE.unpack(data))


@dataclass(frozen=True, slots=True)
class Opening:
    """Consecutive chunks of a commitment and the proof of each."""

    first: int
    """Index of the first chunk in its tree."""
    chunks: tuple[bytes, ...]
    proofs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Roots:
    """What a dataset is registered with: four Merkle roots of 32 bytes."""

    documents: bytes
    tokens: bytes
    suffixes: bytes
    owners: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Texts with everything that is committed of them.  Compared by identity.

    `Dataset.build` makes an honest one.  The constructor takes the parts as they were
    committed, which may be wrong: what a watcher finds there is for `check_dataset`.
    """

    id: int
    """In the registry, from 1; 0 before it is registered."""
    documents: tuple[Document, ...]
    tokens: Words
    """The token string; not to be written to."""
    suffix_array: Words
    """As many entries as there are tokens, unless it was committed otherwise."""
    ranges: tuple[OwnerRange, ...]
    token_bytes: bytes = field(init=False, repr=False)
    suffix_bytes: bytes = field(init=False, repr=False)
    doc_tree: MerkleTree = field(init=False, repr=False)
    tok_tree: MerkleTree = field(init=False, repr=False)
    sa_tree: MerkleTree = field(init=False, repr=False)
    owner_tree: MerkleTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.tokens) <= MAX_TOKENS:
            raise ValueError(f"dataset of {len(self.tokens)} tokens: want 1 to {MAX_TOKENS}")
        if not len(self.suffix_array):
            raise ValueError(f"suffix array of no entries for {len(self.tokens)} tokens")
        token_bytes, suffix_bytes = _big_endian(self.tokens), _big_endian(self.suffix_array)
        derived = {
            "token_bytes": token_bytes,
            "suffix_bytes": suffix_bytes,
            "doc_tree": MerkleTree(chunks_of(encode_documents(self.documents))),
            "tok_tree": MerkleTree(chunks_of(token_bytes)),
            "sa_tree": MerkleTree(chunks_of(suffix_bytes)),
            "owner_tree": MerkleTree([one.encode() for one in self.ranges]),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @classmethod
    def build(cls, id: int, documents: Iterable[Document]) -> Dataset:  # noqa: A002
        """Return the honest dataset of `documents`; 417,000 tokens take about a second.

        Raises `ValueError` for no documents, text that UTF-8 cannot hold, or an owner that is
        not an address.
        """
        given = tuple(documents)
        tokens = np.array(token_string(document.text for document in given), np.uint32)
        return cls(id, given, tokens, suffix_array(tokens), owner_ranges(given, tokens))

    def numbered(self, id: int) -> Dataset:  # noqa: A002
        """Return this dataset under another number; what was hashed is shared, not redone."""
        other = copy(self)
        object.__setattr__(other, "id", id)
        return other

    @property
    def roots(self) -> Roots:
        """The four roots."""
        trees = (self.doc_tree, self.tok_tree, self.sa_tree, self.owner_tree)
        return Roots(*(tree.root for tree in trees))

    def __len__(self) -> int:
        """Return the number of tokens, separators included."""
        return len(self.tokens)

    def owner_at(self, pos: int) -> bytes:
        """Return who owns position `pos`; `IndexError` beyond the end."""
        return self.ranges[self._range_of(pos)].owner

    def document_at(self, pos: int) -> int:
        """Return the index of the document that position `pos` is in, its separator included."""
        self._range_of(pos)
        return int(np.count_nonzero(self.tokens[:pos] == 0))

    def open_tokens(self, pos: int, count: int = 1) -> Opening:
        """Return the chunks that hold the tokens `pos` to `pos + count - 1`."""
        return _open(self.tok_tree, self.token_bytes, pos, count)

    def open_suffix(self, index: int, count: int = 1) -> Opening:
        """Return the chunks that hold the entries `index` to `index + count - 1`."""
        return _open(self.sa_tree, self.suffix_bytes, index, count)

    def open_owner(self, pos: int) -> Opening:
        """Return the one range that holds position `pos`."""
        return self.open_range(self._range_of(pos))

    def open_range(self, index: int, count: int = 1) -> Opening:
        """Return the owner ranges `index` to `index + count - 1`."""
        if count < 1 or not 0 <= index <= len(self.ranges) - count:
            raise IndexError(f"no ranges {index} to {index + count - 1} of {len(self.ranges)}")
        chosen = range(index, index + count)
        return Opening(
            index,
            tuple(self.ranges[at].encode() for at in chosen),
            tuple(self.owner_tree.proof(at) for at in chosen),
        )

    def _range_of(self, pos: int) -> int:
        if not 0 <= pos < len(self.tokens):
            raise IndexError(f"no position {pos} in dataset {self.id} of {len(self)} tokens")
        return max(bisect_right(self.ranges, pos, key=lambda one: one.start) - 1, 0)


def encode_documents(documents: Iterable[Document]) -> bytes:
    """Return what docRoot commits to: each text in UTF-8 behind its length in 4 bytes."""
    texts = (document.text.encode() for document in documents)
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def owner_ranges(documents: Sequence[Document], tokens: Words) -> tuple[OwnerRange, ...]:
    """Return who owns which positions; a document ends behind its separator."""
    ranges: list[OwnerRange] = []
    start = 0
    ends = (np.flatnonzero(tokens == 0) + 1).tolist()
    for document, end in zip(documents, ends, strict=True):
        if len(document.owner) != 20:
            raise ValueError(f"owner of {len(document.owner)} bytes: want an address of 20")
        if ranges and ranges[-1].owner == document.owner:
            start = ranges.pop().start
        ranges.append(OwnerRange(start, end, document.owner))
        start = end
    return tuple(ranges)


def _big_endian(words: Words) -> bytes:
    return words.astype(">u4").tobytes()


def _open(tree: MerkleTree, data: bytes, at: int, count: int) -> Opening:
    total = len(data) // 4
    if count < 1 or not 0 <= at <= total - count:
        raise IndexError(f"no entries {at} to {at + count - 1}: there are {total}")
    first, last = at // CHUNK_TOKENS, (at + count - 1) // CHUNK_TOKENS
    chunks = chunks_of(data[first * 4 * CHUNK_TOKENS : (last + 1) * 4 * CHUNK_TOKENS])
    return Opening(first, chunks, tuple(tree.proof(index) for index in range(first, last + 1)))
