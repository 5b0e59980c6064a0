"""The table of `evidence.refusals`, line by line, on both forms.

Inputs and expected bytes are made by eth_abi, which knows nothing of ours.
"""

from __future__ import annotations

import pytest

from byline.precompiles.evidence.merkle import merkle_proof, merkle_root
from byline.precompiles.evidence.refusals import MAX_INPUT
from tests.evidence_cores import Core, call, cores, token_string
from tests.unit.precompiles.test_refusals import error, malformed

MATCH = call("matchLen", b"abc", 1, b"bcd", 0, 9)
CHUNK = call("verifyChunk", merkle_root([b"abc"]), 0, b"abc", merkle_proof([b"abc"], 0))
SPANS = call("spans", token_string([1, 2]), [token_string([3]), token_string([1, 2])], 2)
ORDER = call("compareSuffix", b"a", b"b")
WORTH = call("knnShapley", 2, 7, [7, 8, 9])
GOOD = {"matchLen": MATCH, "verifyChunk": CHUNK, "spans": SPANS, "order": ORDER, "knn": WORTH}


def put(good: bytes, offset: int, value: int) -> bytes:
    """Return the good input with the word at `offset` replaced."""
    return good[:offset] + value.to_bytes(32, "big") + good[offset + 32 :]


def long_input(size: int) -> bytes:
    """Return a call of matchLen with `size` bytes in all, if that can be."""
    return call("matchLen", bytes(size - 4 - 7 * 32), 0, b"", 0, 0)


def spans(output: bytes, documents: list[bytes], minimum: int) -> bytes:
    return call("spans", output, documents, minimum)


# Offsets in MATCH: heads 4..163, a 164 and 196, b 228 and 260, end 292.  In SPANS: heads
# 4..99, output 100 and 132, documents 164, their heads 196 and 228, 260 and 292, 324 and 356.
LINES = {
    "2 no input": (b"", malformed(0)),
    "2 a selector cut short": (MATCH[:3], malformed(3)),
    "3 another function": (b"\1\2\3\4", error("UnknownSelector(bytes4)", b"\1\2\3\4")),
    "4 one word too long": (
        long_input(MAX_INPUT + 32 - 28),
        error("InputTooLong(uint256)", MAX_INPUT + 4),
    ),
    "4 a byte too long": (
        long_input(MAX_INPUT - 28) + bytes(29),
        error("InputTooLong(uint256)", MAX_INPUT + 1),
    ),
    "4 before 5": (
        MATCH[:4] + b"\xff" * MAX_INPUT,
        error("InputTooLong(uint256)", MAX_INPUT + 4),
    ),
    "5 no argument": (MATCH[:4], malformed(4)),
    "5 a not right behind the head": (put(MATCH, 4, 192), malformed(4)),
    "5 a's offset with high bits": (put(MATCH, 4, 2**255 + 160), malformed(4)),
    "5 a without length": (MATCH[:164], malformed(164)),
    "5 a cut short": (MATCH[:200], malformed(196)),
    "5 a far too long": (put(MATCH, 164, 2**256 - 1), malformed(292)),
    "5 a filled up with something": (put(MATCH, 196, 2**256 - 1), malformed(196)),
    "5 wide offA": (put(MATCH, 36, 2**32), malformed(36)),
    "5 a before offA": (put(put(MATCH, 36, 2**32), 164, 33), malformed(228)),
    "5 b where a is": (put(MATCH, 68, 160), malformed(68)),
    "5 b filled up with something": (put(MATCH, 260, 1), malformed(260)),
    "5 wide offB": (put(MATCH, 100, 2**32), malformed(100)),
    "5 wide max": (put(MATCH, 132, 2**32), malformed(132)),
    "5 wide index": (put(CHUNK, 36, 2**64), malformed(36)),
    "5 no root": (CHUNK[:35], malformed(4)),
    "5 chunk not right behind the head": (put(CHUNK, 68, 160), malformed(68)),
    "5 proof not right behind the chunk": (put(CHUNK, 100, 224), malformed(100)),
    "5 x not right behind the head": (put(ORDER, 4, 96), malformed(4)),
    "5 y not right behind x": (put(ORDER, 36, 160), malformed(36)),
    "5 output filled up with something": (put(SPANS, 132, 1), malformed(132)),
    "5 documents where the output is": (put(SPANS, 36, 96), malformed(36)),
    "5 documents without number": (SPANS[:164], malformed(164)),
    "5 257 documents": (put(SPANS, 164, 257), error("TooManyDocuments(uint256)", 257)),
    "5 documents without end": (
        put(SPANS, 164, 2**256 - 1),
        error("TooManyDocuments(uint256)", 2**256 - 1),
    ),
    "5 number before minLen": (
        put(put(SPANS, 68, 2**16), 164, 300),
        error("TooManyDocuments(uint256)", 300),
    ),
    "5 heads of documents cut off": (SPANS[:240], malformed(228)),
    "5 the first document not behind the heads": (put(SPANS, 196, 96), malformed(196)),
    "5 the second document where the first is": (put(SPANS, 228, 64), malformed(228)),
    "5 a document cut short": (SPANS[:-1], malformed(356)),
    "5 a document filled up with something": (put(SPANS, 292, 1), malformed(292)),
    "5 wide minLen": (put(SPANS, 68, 2**16), malformed(68)),
    "5 wide k": (put(WORTH, 4, 256), malformed(4)),
    "5 wide label": (put(WORTH, 36, 256), malformed(36)),
    "5 labels not right behind the head": (put(WORTH, 68, 128), malformed(68)),
    "5 labels cut off": (WORTH[:-1], malformed(196)),
    "5 labels without end": (put(WORTH, 100, 2**256 - 1), malformed(228)),
    "5 a wide label among them": (put(WORTH, 164, 256), malformed(164)),
    "5 the first of two": (put(put(WORTH, 196, 2**255), 132, 2**200), malformed(132)),
    "5 before 6": (put(WORTH, 196, 256) + b"\0", malformed(196)),
    "7 offA": (put(MATCH, 36, 4), error("OffsetOutOfRange(uint256,uint256)", 4, 3)),
    "7 offA before offB": (
        put(put(MATCH, 36, 4), 100, 5),
        error("OffsetOutOfRange(uint256,uint256)", 4, 3),
    ),
    "7 offB": (
        put(MATCH, 100, 2**32 - 1),
        error("OffsetOutOfRange(uint256,uint256)", 2**32 - 1, 3),
    ),
    "7 no neighbours": (put(WORTH, 4, 0), error("ZeroNeighbours()")),
    "7 no neighbours of many": (call("knnShapley", 0, 1, [1] * 500), error("ZeroNeighbours()")),
    "7 43 labels": (
        call("knnShapley", 1, 1, [1] * 43),
        error("TooManyLabels(uint256)", 43),
    ),
    "7 as many labels as the input takes": (
        call("knnShapley", 255, 1, [1] * 2043),
        error("TooManyLabels(uint256)", 2043),
    ),
    "7 264 labels": (
        call("knnShapley", 255, 1, [1] * 264),
        error("TooManyLabels(uint256)", 264),
    ),
    "7 minLen 0": (put(SPANS, 68, 0), error("BadMinimum(uint256)", 0)),
    "7 minLen 65": (put(SPANS, 68, 65), error("BadMinimum(uint256)", 65)),
    "7 minLen before tokens": (spans(b"abc", [], 0), error("BadMinimum(uint256)", 0)),
    "7 an output of 3 bytes": (spans(b"abc", [b"x"], 1), error("NotTokens(uint256)", 3)),
    "7 no tokens before too many": (
        spans(b"abcde" * 1001, [], 1),
        error("NotTokens(uint256)", 5005),
    ),
    "7 an output of 1025 tokens": (
        spans(b"abcd" * 1025, [b"x"], 1),
        error("OutputTooLong(uint256)", 1025),
    ),
    "7 a document of 5 bytes": (
        spans(b"abcd", [b"abcd", b"abcde", b"abcdef"], 1),
        error("NotTokens(uint256)", 5),
    ),
    "7 a token too much in documents": (
        spans(b"abcd", [b"abcd" * 8000, b"abcd" * 193], 1),
        error("DocumentsTooLong(uint256)", 32_772),
    ),
    "7 documents before a token 0": (
        spans(bytes(4), [bytes(32_772)], 1),
        error("DocumentsTooLong(uint256)", 32_772),
    ),
    "7 a token 0": (
        spans(token_string([5, 0, 1, 0]), [b"abcd"], 1),
        error("ZeroToken(uint256)", 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize(("data", "expected"), LINES.values(), ids=LINES.keys())
def test_each_fault_reverts_with_the_error_of_its_line(
    core: Core, data: bytes, expected: bytes
) -> None:
    assert core.outcome(data) == (False, expected)


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
def test_the_good_inputs_are_good_and_take_nothing_more(core: Core, good: bytes) -> None:
    assert core.outcome(good)[0]
    for more in (b"\0", bytes(32), b"\1" * 40):
        assert core.outcome(good + more) == (False, malformed(len(good)))


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
def test_the_bounds_themselves_are_accepted(core: Core) -> None:
    assert core.outcome(long_input(MAX_INPUT - 28))[0]
    assert core.outcome(spans(b"abcd" * 1024, [b"abcd"] * 256, 64))[0]
    assert core.outcome(spans(b"abcd", [b"abcd" * 8000, b"abcd" * 192], 1))[0]
    assert core.outcome(call("matchLen", b"abc", 3, b"", 0, 2**32 - 1)) == (True, bytes(32))


def test_a_refusal_says_what_to_do() -> None:
    core = cores()[0]
    with pytest.raises(ValueError, match="offset 4 is beyond the end of 3 bytes"):
        core.match_len(b"abc", 4, b"", 0, 1)
    with pytest.raises(ValueError, match=r"43 labels: .* 42 labels fit with every k"):
        core.knn_shapley(1, 1, bytes(43))
