"""The inputs of the five functions: read whole, bounded, and nothing computed yet.

Refusals 4 to 7 of `refusals`, but for `ZeroToken` and `TooManyLabels`, which take a loop over
what was read, and for `ZeroNeighbours`, which stands before the latter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from byline.precompiles.abi import (
    SELECTOR,
    WORD,
    array_length,
    bytes_argument,
    end_of_words,
    malformed,
    nothing_follows,
    uint,
)
from byline.precompiles.evidence.refusals import (
    MAX_DOCUMENT_BYTES,
    MAX_DOCUMENTS,
    MAX_INPUT,
    MAX_MINIMUM,
    MAX_OUTPUT,
    bad_minimum,
    documents_too_long,
    input_too_long,
    not_tokens,
    offset_out_of_range,
    output_too_long,
    too_many_documents,
)

TOKEN: Final = 4
"""Bytes of a token."""
HIGH_BYTES: Final = bytes(WORD - 1)
"""What stands before the byte of a uint8."""


@dataclass(frozen=True, slots=True)
class MatchLen:
    """`matchLen(bytes a,uint32 offA,bytes b,uint32 offB,uint32 max)`."""

    a: bytes
    off_a: int
    b: bytes
    off_b: int
    most: int


@dataclass(frozen=True, slots=True)
class VerifyChunk:
    """`verifyChunk(bytes32 root,uint64 index,bytes chunk,bytes proof)`."""

    root: bytes
    index: int
    chunk: bytes
    proof: bytes


@dataclass(frozen=True, slots=True)
class Spans:
    """`spans(bytes output,bytes[] docs,uint16 minLen)`."""

    output: bytes
    documents: tuple[bytes, ...]
    min_len: int


@dataclass(frozen=True, slots=True)
class CompareSuffix:
    """`compareSuffix(bytes x,bytes y)`."""

    x: bytes
    y: bytes


@dataclass(frozen=True, slots=True)
class KnnShapley:
    """`knnShapley(uint8 k,uint8 yq,uint8[] labelsSorted)`."""

    k: int
    label: int
    labels: bytes
    """One byte each, the nearest first."""


def head(index: int) -> int:
    """Return the byte offset of argument `index` in the input."""
    return SELECTOR + WORD * index


def bounded(data: bytes) -> bytes:
    """Refuse an input that no function of this precompile takes; return it otherwise."""
    if len(data) > MAX_INPUT:
        raise input_too_long(len(data))
    return data


def read_match_len(data: bytes) -> MatchLen:
    """Read the input of `matchLen`."""
    a, end = bytes_argument(bounded(data), head(0), head(5))
    off_a = uint(data, head(1), 32)
    b, end = bytes_argument(data, head(2), end)
    off_b = uint(data, head(3), 32)
    most = uint(data, head(4), 32)
    nothing_follows(data, end)
    for offset, text in ((off_a, a), (off_b, b)):
        if offset > len(text):
            raise offset_out_of_range(offset, len(text))
    return MatchLen(a, off_a, b, off_b, most)


def read_verify_chunk(data: bytes) -> VerifyChunk:
    """Read the input of `verifyChunk`."""
    root = uint(bounded(data), head(0)).to_bytes(WORD, "big")
    index = uint(data, head(1), 64)
    chunk, end = bytes_argument(data, head(2), head(4))
    proof, end = bytes_argument(data, head(3), end)
    nothing_follows(data, end)
    return VerifyChunk(root, index, chunk, proof)


def read_spans(data: bytes) -> Spans:
    """Read the input of `spans`."""
    output, end = bytes_argument(bounded(data), head(0), head(3))
    documents, end = _documents(data, head(1), end)
    min_len = uint(data, head(2), 16)
    nothing_follows(data, end)
    if not 1 <= min_len <= MAX_MINIMUM:
        raise bad_minimum(min_len)
    if len(output) % TOKEN:
        raise not_tokens(len(output))
    if len(output) > MAX_OUTPUT * TOKEN:
        raise output_too_long(len(output) // TOKEN)
    for document in documents:
        if len(document) % TOKEN:
            raise not_tokens(len(document))
    if (size := sum(map(len, documents))) > MAX_DOCUMENT_BYTES:
        raise documents_too_long(size)
    return Spans(output, documents, min_len)


def _documents(data: bytes, place: int, start: int) -> tuple[tuple[bytes, ...], int]:
    """Read the `bytes[]` whose head is at `place` and which must lie at `start`."""
    count = array_length(data, place, start)
    if count > MAX_DOCUMENTS:
        raise too_many_documents(count)
    end = end_of_words(data, start, count)
    base = start + WORD
    documents = []
    for index in range(count):
        document, end = bytes_argument(data, base + WORD * index, end, base)
        documents.append(document)
    return tuple(documents), end


def read_compare_suffix(data: bytes) -> CompareSuffix:
    """Read the input of `compareSuffix`."""
    x, end = bytes_argument(bounded(data), head(0), head(2))
    y, end = bytes_argument(data, head(1), end)
    nothing_follows(data, end)
    return CompareSuffix(x, y)


def read_knn_shapley(data: bytes) -> KnnShapley:
    """Read the input of `knnShapley`."""
    k = uint(bounded(data), head(0), 8)
    label = uint(data, head(1), 8)
    count = array_length(data, head(2), head(3))
    end = end_of_words(data, head(3), count)
    labels = _labels(data, head(4), end)
    nothing_follows(data, end)
    return KnnShapley(k, label, labels)


def _labels(data: bytes, first: int, end: int) -> bytes:
    """Read the words from `first` to `end` as uint8."""
    labels = data[first + WORD - 1 : end : WORD]
    for offset in range(first, end, WORD):
        if data[offset : offset + WORD - 1] != HIGH_BYTES:
            raise malformed(offset, "the word exceeds uint8: clear its high bits")
    return labels
