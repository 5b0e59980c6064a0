"""The evidence precompile, 0x...A771: what one transaction checks of an attribution.

    matchLen(bytes a, uint32 offA, bytes b, uint32 offB, uint32 max) -> uint32
    verifyChunk(bytes32 root, uint64 index, bytes chunk, bytes proof) -> bool
    spans(bytes output, bytes[] docs, uint16 minLen) -> bytes
    compareSuffix(bytes x, bytes y) -> int8
    knnShapley(uint8 k, uint8 yq, uint8[] labelsSorted) -> (int64[] num, uint64 den)

    merkle.py     the tree that datasets, evidence and records are committed by
    refusals.py   which inputs are refused, in which order, with which error
    call.py       the inputs' shapes
    _core_py.py   the reference: equal bytes, suffix order, chunks, the worth of neighbours
    _core_c.pyx   the same, compiled
    _spans_py.py  the reference of `spans`
    _spans_c.pyx  the same, compiled
    span.py       the entries that `spans` answers with
    gas.py        the prices

Both forms give the same bytes for every input; the tests hold them to it.  The compiled ones
are used where they were built; `BYLINE_NO_EXTENSIONS=1` switches to the reference, and
`BACKEND` says which it is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from byline.precompiles.abi import array_tail, bytes_tail, encode
from byline.precompiles.errors import InvalidInput
from byline.precompiles.evidence.call import (
    read_compare_suffix,
    read_knn_shapley,
    read_match_len,
    read_spans,
    read_verify_chunk,
)
from byline.precompiles.evidence.gas import (
    MINIMUM,
    compared_gas,
    knn_shapley_gas,
    spans_gas,
    verify_chunk_gas,
)
from byline.precompiles.evidence.refusals import ERRORS
from byline.precompiles.evidence.span import Span, read_entries
from byline.precompiles.functions import Function, by_selector, select

__all__ = [
    "BACKEND",
    "ERRORS",
    "FUNCTIONS",
    "Span",
    "compare_suffix",
    "gas",
    "knn_shapley",
    "match_len",
    "read_entries",
    "run",
    "spans",
    "verify_chunk",
]

BACKEND = "python"
if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS", "0") not in ("", "0"):
    from byline.precompiles.evidence._core_py import (
        compare_suffix,
        knn_shapley,
        match_len,
        verify_chunk,
    )
    from byline.precompiles.evidence._spans_py import spans
else:
    try:
        from byline.precompiles.evidence._core_c import (
            compare_suffix,
            knn_shapley,
            match_len,
            verify_chunk,
        )
        from byline.precompiles.evidence._spans_c import spans

        BACKEND = "cython"
    except ImportError:
        from byline.precompiles.evidence._core_py import (
            compare_suffix,
            knn_shapley,
            match_len,
            verify_chunk,
        )
        from byline.precompiles.evidence._spans_py import spans


def _run_match_len(data: bytes) -> bytes:
    call = read_match_len(data)
    return encode(match_len(call.a, call.off_a, call.b, call.off_b, call.most))


def _run_verify_chunk(data: bytes) -> bytes:
    call = read_verify_chunk(data)
    return encode(int(verify_chunk(call.root, call.index, call.chunk, call.proof)))


def _run_spans(data: bytes) -> bytes:
    call = read_spans(data)
    return encode(bytes_tail(spans(call.output, call.documents, call.min_len)))


def _run_compare_suffix(data: bytes) -> bytes:
    call = read_compare_suffix(data)
    return encode(compare_suffix(call.x, call.y))


def _run_knn_shapley(data: bytes) -> bytes:
    call = read_knn_shapley(data)
    numerators, denominator = knn_shapley(call.k, call.label, call.labels)
    return encode(array_tail(numerators), denominator)


FUNCTIONS: Final = by_selector(
    [
        Function(
            name="matchLen",
            inputs=(
                ("bytes", "a"),
                ("uint32", "offA"),
                ("bytes", "b"),
                ("uint32", "offB"),
                ("uint32", "max"),
            ),
            outputs=(("uint32", "length"),),
            gas=compared_gas,
            run=_run_match_len,
            summary="counts the equal bytes from two offsets on, up to `max`",
        ),
        Function(
            name="verifyChunk",
            inputs=(
                ("bytes32", "root"),
                ("uint64", "index"),
                ("bytes", "chunk"),
                ("bytes", "proof"),
            ),
            outputs=(("bool", "proven"),),
            gas=verify_chunk_gas,
            run=_run_verify_chunk,
            summary="says whether a Merkle tree of chunks holds `chunk` at `index`",
        ),
        Function(
            name="spans",
            inputs=(("bytes", "output"), ("bytes[]", "docs"), ("uint16", "minLen")),
            outputs=(("bytes", "entries"),),
            gas=spans_gas,
            run=_run_spans,
            summary="finds where an output repeats documents in `minLen` tokens or more",
        ),
        Function(
            name="compareSuffix",
            inputs=(("bytes", "x"), ("bytes", "y")),
            outputs=(("int8", "order"),),
            gas=compared_gas,
            run=_run_compare_suffix,
            summary="compares the first 256 bytes of two strings, a prefix being smaller",
        ),
        Function(
            name="knnShapley",
            inputs=(("uint8", "k"), ("uint8", "yq"), ("uint8[]", "labelsSorted")),
            outputs=(("int64[]", "num"), ("uint64", "den")),
            gas=knn_shapley_gas,
            run=_run_knn_shapley,
            summary="divides the vote of the `k` nearest labels by Shapley value, exactly",
        ),
    ]
)
"""The functions of the evidence precompile, by selector."""


def gas(data: bytes) -> int:
    """Return the gas for any input: the called function's price, or the minimum."""
    try:
        return select(FUNCTIONS, data).gas(data)
    except InvalidInput:
        return MINIMUM


def run(data: bytes) -> bytes:
    """Return the output for any input, or raise `InvalidInput` (see `refusals`)."""
    return select(FUNCTIONS, data).run(data)
