"""Inputs of the evidence precompile: sizes, and texts that its loops like least."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from byline.precompiles.abi import WORD, Tail, array_tail, bytes_tail, word
from byline.precompiles.calibration.genes import Gene, Genes, Probe
from byline.precompiles.calibration.math_inputs import call
from byline.precompiles.evidence.call import TOKEN
from byline.precompiles.evidence.refusals import (
    MAX_DOCUMENT_BYTES,
    MAX_DOCUMENTS,
    MAX_INPUT,
    MAX_MINIMUM,
    MAX_OUTPUT,
)

HEADS: Final = 512
"""More bytes than selector, head and lengths of any function here have."""
TEXT: Final = (MAX_INPUT - HEADS) // 2
"""Bytes of each of two texts that an input can hold."""
LABELS: Final = (MAX_INPUT - HEADS) // WORD


def _match_len(genes: Genes, source: random.Random) -> bytes:
    a = source.randbytes(genes["a"])
    same = min(genes["same"], len(a), genes["b"])
    b = a[:same] + source.randbytes(genes["b"] - same)
    signature = "matchLen(bytes,uint32,bytes,uint32,uint32)"
    start = min(genes["offset"], len(a), len(b))
    return call(signature, bytes_tail(a), start, bytes_tail(b), start, 2**32 - 1)


def _verify_chunk(genes: Genes, source: random.Random) -> bytes:
    depth = genes["depth"]
    chunks = min(2**depth, 2**64 - 1)
    proof = chunks.to_bytes(8, "big") + source.randbytes(32 * depth)
    index = source.randrange(chunks) if depth < 64 else 0
    chunk = source.randbytes(genes["chunk"])
    signature = "verifyChunk(bytes32,uint64,bytes,bytes)"
    return call(signature, source.randbytes(32), index, bytes_tail(chunk), bytes_tail(proof))


def _tokens(count: int, words: int, source: random.Random) -> bytes:
    return b"".join(source.randint(1, words).to_bytes(TOKEN, "big") for _ in range(count))


RANDOM, QUOTING, PERIODIC = range(3)


def _spans(genes: Genes, source: random.Random) -> bytes:
    words = genes["words"]
    output = _tokens(genes["output"], words, source)
    total, number = genes["text"], genes["documents"]
    if genes["kind"] == QUOTING:
        text = output * (total // max(1, genes["output"]) + 1)
    elif genes["kind"] == PERIODIC:
        text = _tokens(words % 64 + 1, words, source) * total
    else:
        text = _tokens(total, words, source)
    size = total // number * TOKEN if number else 0
    documents = [text[at * size : (at + 1) * size] for at in range(number)]
    if documents:
        documents[-1] = text[(number - 1) * size : total * TOKEN]
    signature = "spans(bytes,bytes[],uint16)"
    return call(signature, bytes_tail(output), texts_tail(documents), genes["least"])


def texts_tail(texts: Sequence[bytes]) -> Tail:
    """Return a `bytes[]` as a dynamic value."""
    tails = [bytes_tail(text).encoded for text in texts]
    heads, place = [], WORD * len(texts)
    for tail in tails:
        heads.append(word(place))
        place += len(tail)
    return Tail(word(len(texts)) + b"".join(heads + tails))


def _text(genes: Genes) -> int:
    return genes["text"] if genes["documents"] else 0


def _compare_suffix(genes: Genes, source: random.Random) -> bytes:
    x = source.randbytes(genes["a"])
    same = min(genes["same"], len(x), genes["b"])
    y = x[:same] + source.randbytes(genes["b"] - same)
    return call("compareSuffix(bytes,bytes)", bytes_tail(x), bytes_tail(y))


def _knn_shapley(genes: Genes, source: random.Random) -> bytes:
    labels = [source.randint(0, genes["labels"]) for _ in range(genes["count"])]
    signature = "knnShapley(uint8,uint8,uint8[])"
    return call(signature, genes["k"], 0, array_tail(labels))


A: Final = Gene("a", 0, TEXT, is_size=True, is_declared=True)
B: Final = Gene("b", 0, TEXT, is_size=True, is_declared=True)
CHUNK: Final = Gene("chunk", 0, MAX_INPUT - HEADS - 64 * 32, is_size=True, is_declared=True)
TEXT_TOKENS: Final = Gene("text", 0, MAX_DOCUMENT_BYTES // TOKEN, is_size=True, is_declared=True)
SAME: Final = Gene("same", 0, TEXT, is_size=True)


def _words_of_both(genes: Genes) -> float:
    return (genes["a"] + genes["b"]) / 8


PROBES: Final = (
    Probe(
        "matchLen",
        "matchLen",
        (A, B, SAME, Gene("offset", 0, 64)),
        _match_len,
        (("8 bytes", _words_of_both),),
    ),
    Probe(
        "verifyChunk",
        "verifyChunk",
        (CHUNK, Gene("depth", 0, 64, is_declared=True)),
        _verify_chunk,
        (
            ("word", lambda genes: -(-genes["chunk"] // WORD)),
            ("sibling", lambda genes: genes["depth"]),
        ),
    ),
    Probe(
        "spans",
        "spans",
        (
            Gene("output", 0, MAX_OUTPUT, is_size=True, is_declared=True),
            Gene("documents", 0, MAX_DOCUMENTS, is_size=True, is_declared=True),
            TEXT_TOKENS,
            Gene("words", 1, 2**16, is_size=True),
            Gene("least", 1, MAX_MINIMUM),
            Gene("kind", 0, 2),
        ),
        _spans,
        (
            ("document", lambda genes: genes["documents"]),
            ("token", lambda genes: genes["output"] + _text(genes)),
            ("16 cells", lambda genes: genes["output"] * _text(genes) / 16),
        ),
    ),
    Probe(
        "compareSuffix",
        "compareSuffix",
        (A, B, SAME),
        _compare_suffix,
        (("8 bytes", _words_of_both),),
    ),
    Probe(
        "knnShapley",
        "knnShapley",
        (
            Gene("count", 0, LABELS, is_size=True, is_declared=True),
            Gene("k", 1, 255, is_size=True),
            Gene("labels", 0, 3),
        ),
        _knn_shapley,
        (("label", lambda genes: genes["count"]),),
    ),
)
"""Every function of the evidence precompile."""
