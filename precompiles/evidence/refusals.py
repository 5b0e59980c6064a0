"""Why the evidence precompile refuses, and which reason wins.

The order is part of the functions: reference, kernel and the contract twin
(`node/contracts/attribution/AttributionEvidence.vy`) give the same revert data for an input
with several faults.  The first line that applies wins.

    1   the call carries value                              ValueNotAccepted()
    2   fewer than 4 bytes                                  MalformedInput(size)
    3   no function of this selector                        UnknownSelector(selector)
    4   more than 65,536 bytes, the selector included       InputTooLong(size)
    5   an argument, in their order, is not canonical       MalformedInput(its word)
        (`byline.precompiles.abi`; the elements of an array right after its end is found)
        spans: more than 256 documents declared             TooManyDocuments(number)
    6   something follows the last argument                 MalformedInput(end of the last)
    7   matchLen: offA, then offB, beyond the end           OffsetOutOfRange(offset, length)
        knnShapley: k is 0                                  ZeroNeighbours()
        knnShapley: the denominator would reach 2**63       TooManyLabels(number)
        spans, in this order:
            minLen is not 1..64                             BadMinimum(minLen)
            the output is not whole tokens of 4 bytes       NotTokens(size)
            the output has more than 1024 tokens            OutputTooLong(tokens)
            a document, the first such, is not whole tokens NotTokens(size)
            the documents have more than 32,768 bytes       DocumentsTooLong(size of all)
            the output holds a token 0, the first such      ZeroToken(its place)

What does not fit in `verifyChunk` is no fault: the answer is false.

A DELEGATECALL sends no value, so the precompile takes it from a frame that was paid, too; the
twin, which is code of that frame then, sees what the frame got, and refuses by line 1.
"""

from __future__ import annotations

from typing import Final

from byline.precompiles.errors import COMMON_ERRORS, CustomError, InvalidInput

MAX_INPUT: Final = 65_536
"""Bytes of the longest input, selector included: a step of a dispute can still carry it."""
MAX_DOCUMENTS: Final = 256
MAX_OUTPUT: Final = 1024
"""Tokens of the longest output."""
MAX_DOCUMENT_BYTES: Final = 32_768
"""Bytes of all documents of one call: 8192 tokens."""
MAX_MINIMUM: Final = 64
"""The longest span that can be asked for, which is the longest there is."""

INPUT_TOO_LONG: Final = CustomError("InputTooLong(uint256)")
TOO_MANY_DOCUMENTS: Final = CustomError("TooManyDocuments(uint256)")
OFFSET_OUT_OF_RANGE: Final = CustomError("OffsetOutOfRange(uint256,uint256)")
ZERO_NEIGHBOURS: Final = CustomError("ZeroNeighbours()")
TOO_MANY_LABELS: Final = CustomError("TooManyLabels(uint256)")
BAD_MINIMUM: Final = CustomError("BadMinimum(uint256)")
NOT_TOKENS: Final = CustomError("NotTokens(uint256)")
OUTPUT_TOO_LONG: Final = CustomError("OutputTooLong(uint256)")
DOCUMENTS_TOO_LONG: Final = CustomError("DocumentsTooLong(uint256)")
ZERO_TOKEN: Final = CustomError("ZeroToken(uint256)")

ERRORS: Final = (
    *COMMON_ERRORS,
    INPUT_TOO_LONG,
    TOO_MANY_DOCUMENTS,
    OFFSET_OUT_OF_RANGE,
    ZERO_NEIGHBOURS,
    TOO_MANY_LABELS,
    BAD_MINIMUM,
    NOT_TOKENS,
    OUTPUT_TOO_LONG,
    DOCUMENTS_TOO_LONG,
    ZERO_TOKEN,
)


def input_too_long(size: int) -> InvalidInput:
    """Line 4."""
    return INPUT_TOO_LONG.refuse(
        f"{size} bytes of input, and one call takes {MAX_INPUT}: split it", size
    )


def too_many_documents(count: int) -> InvalidInput:
    """Line 5."""
    return TOO_MANY_DOCUMENTS.refuse(
        f"{count} documents, and one call takes {MAX_DOCUMENTS}: join or split them", count
    )


def offset_out_of_range(offset: int, length: int) -> InvalidInput:
    """Line 7."""
    return OFFSET_OUT_OF_RANGE.refuse(
        f"offset {offset} is beyond the end of {length} bytes", offset, length
    )


def zero_neighbours() -> InvalidInput:
    """Line 7."""
    return ZERO_NEIGHBOURS.refuse("k is 0, and a vote needs at least one neighbour")


def too_many_labels(count: int) -> InvalidInput:
    """Line 7."""
    return TOO_MANY_LABELS.refuse(
        f"{count} labels: the denominator would reach 2**63; 42 labels fit with every k", count
    )


def bad_minimum(minimum: int) -> InvalidInput:
    """Line 7."""
    return BAD_MINIMUM.refuse(f"minLen {minimum}: a span has 1 to {MAX_MINIMUM} tokens", minimum)


def not_tokens(size: int) -> InvalidInput:
    """Line 7."""
    return NOT_TOKENS.refuse(f"{size} bytes are no whole tokens of 4 bytes", size)


def output_too_long(tokens: int) -> InvalidInput:
    """Line 7."""
    return OUTPUT_TOO_LONG.refuse(
        f"an output of {tokens} tokens, and one call takes {MAX_OUTPUT}: split it", tokens
    )


def documents_too_long(size: int) -> InvalidInput:
    """Line 7."""
    return DOCUMENTS_TOO_LONG.refuse(
        f"documents of {size} bytes, and one call takes {MAX_DOCUMENT_BYTES}: split them", size
    )


def zero_token(index: int) -> InvalidInput:
    """Line 7."""
    return ZERO_TOKEN.refuse(
        f"token {index} of the output is 0, which separates documents: no word has it", index
    )
