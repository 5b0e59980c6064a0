"""The price of the evidence checks, by the sizes that the input declares.

    matchLen        300 + 1 for each 8 bytes of input
    compareSuffix   300 + 1 for each 8 bytes of input
    verifyChunk     1000 + 12 for each word of the chunk + 120 for each sibling in the proof
    spans           2000 + 600 for each document + 4 for each token, of the output too
                         + 1 for each 16 cells (tokens of the output by those of all documents)
    knnShapley      800 + 60 for each label
    at least        1400

An input that is refused pays for what it declares: the minimum, the documents that may have
been read, the labels that are there.

Each number was weighed against ecrecover (3000 gas) in the same process, reading and pricing of
the input included.  Gas charged / gas that the time is worth is 1.3 or more on the worst
inputs that a search finds (`make bench ARGS=gas`), and on known ones of all sizes:

    matchLen, compareSuffix     nothing 3.2     32,000 bytes 14
    verifyChunk                 no sibling, no chunk 1.4    1024 bytes, 10 siblings 1.9
                                60,000 bytes 1.9            63 siblings 11
    spans                       nothing 1.8     256 documents of a token 1.7
                                1024 by 8192 tokens: all different 2.6, all the same 5,
                                one other token in 64 1.8
    knnShapley                  10 labels 1.3   42 labels 1.8   263 labels 1.3
                                2043, refused, 2.3
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.abi import SELECTOR, WORD
from byline.precompiles.errors import InvalidInput
from byline.precompiles.evidence.call import (
    TOKEN,
    head,
    read_knn_shapley,
    read_spans,
    read_verify_chunk,
)
from byline.precompiles.evidence.merkle import HASH, U64
from byline.precompiles.evidence.refusals import MAX_DOCUMENTS, MAX_INPUT

MINIMUM: Final = 1400
BASE: Final = 300
BYTES_COMPARED: Final = 8
"""Bytes that one gas compares."""
CHUNK_BASE: Final = 1000
"""Reading the head, the first node and the root."""
CHUNK_WORD: Final = 12
"""One word absorbed by Keccak-256; an opcode pays 6."""
SIBLING: Final = 120
"""One node hashed."""
SPANS_BASE: Final = 2000
"""Reading the head, and the memory for the table."""
DOCUMENT: Final = 600
"""Finding one document in the input, which the price and the function both do."""
TOKEN_EACH: Final = 4
"""One token looked up among those of the output."""
CELLS: Final = 16
"""Cells of the table that one gas fills."""
NEIGHBOURS_BASE: Final = 800
"""Reading the head, and two arrays of results."""
LABEL: Final = 60
"""One label read, one value written."""


def compared_gas(data: bytes) -> int:
    """Return the gas of `matchLen` and of `compareSuffix` for an input."""
    return _at_least(BASE + min(len(data), MAX_INPUT) // BYTES_COMPARED)


def verify_chunk_gas(data: bytes) -> int:
    """Return the gas of `verifyChunk` for an input."""
    try:
        call = read_verify_chunk(data)
    except InvalidInput:
        return MINIMUM
    words = -(-len(call.chunk) // WORD)
    siblings = max(0, len(call.proof) - U64) // HASH
    return _at_least(CHUNK_BASE + CHUNK_WORD * words + SIBLING * siblings)


def spans_gas(data: bytes) -> int:
    """Return the gas of `spans` for an input."""
    try:
        call = read_spans(data)
    except InvalidInput:
        return _at_least(SPANS_BASE + DOCUMENT * _documents_declared(data))
    output = len(call.output) // TOKEN
    text = sum(map(len, call.documents)) // TOKEN
    gas = SPANS_BASE + DOCUMENT * len(call.documents) + TOKEN_EACH * (output + text)
    return _at_least(gas + -(-output * text // CELLS))


def _documents_declared(data: bytes) -> int:
    """Return how many documents may be read before a refusal."""
    if len(data) > MAX_INPUT:
        return 0
    start = SELECTOR + int.from_bytes(data[head(1) : head(2)], "big")
    count = int.from_bytes(data[start : start + WORD], "big")
    return count if count <= MAX_DOCUMENTS else 0


def knn_shapley_gas(data: bytes) -> int:
    """Return the gas of `knnShapley` for an input."""
    try:
        labels = len(read_knn_shapley(data).labels)
    except InvalidInput:
        labels = max(0, min(len(data), MAX_INPUT) - head(4)) // WORD
    return _at_least(NEIGHBOURS_BASE + LABEL * labels)


def _at_least(gas: int) -> int:
    return max(MINIMUM, gas)
