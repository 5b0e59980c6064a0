"""The table of `attribution.refusals`, line by line, on both cores.

Expected bytes are made by eth_abi, which knows nothing of ours.
"""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from byline.precompiles.math import MAX_RECIPIENTS, encode_call
from byline.precompiles.math.call import CASCADE, HAMILTON
from tests.attribution_cores import Core, cores

GOOD = encode_call(CASCADE, 100, [1, 2])


def error(signature: str, *arguments: object) -> bytes:
    kinds = [kind for kind in signature.split("(")[1].rstrip(")").split(",") if kind]
    return keccak(text=signature)[:4] + encode(kinds, arguments)


def malformed(offset: int) -> bytes:
    return error("MalformedInput(uint256)", offset)


def put(offset: int, value: int) -> bytes:
    """Return the good input with the word at `offset` replaced."""
    return GOOD[:offset] + value.to_bytes(32, "big") + GOOD[offset + 32 :]


OVER = 2**64 - 1
LONG = encode_call(CASCADE, 1, [1] * MAX_RECIPIENTS)
LINES = {
    "2 no input": (b"", malformed(0)),
    "2 a selector cut short": (GOOD[:3], malformed(3)),
    "3 another function": (
        b"\xde\xad\xbe\xef",
        error("UnknownSelector(bytes4)", b"\xde\xad\xbe\xef"),
    ),
    "3 before the arguments": (b"\0" * 400, error("UnknownSelector(bytes4)", b"\0" * 4)),
    "4 no method": (GOOD[:4], malformed(4)),
    "4 method cut short": (GOOD[:35], malformed(4)),
    "4 method above uint8": (put(4, 256), malformed(4)),
    "5 no amount": (GOOD[:36], malformed(36)),
    "5 amount above uint128": (put(36, 2**128), malformed(36)),
    "6 no offset": (GOOD[:99], malformed(68)),
    "6 weights not right behind": (put(68, 128), malformed(68)),
    "6 offset with high bits": (put(68, 2**255 + 96), malformed(68)),
    "7 no length": (GOOD[:100], malformed(100)),
    "8 one too many": (put(100, 4097), error("TooManyRecipients(uint256)", 4097)),
    "8 far too many": (put(100, 2**256 - 1), error("TooManyRecipients(uint256)", 2**256 - 1)),
    "8 before 9": (GOOD[:100] + b"\xff" * 32, error("TooManyRecipients(uint256)", 2**256 - 1)),
    "9 the last weight is missing": (GOOD[:-32], malformed(164)),
    "9 the last weight is cut short": (GOOD[:-1], malformed(164)),
    "9 all weights are missing": (GOOD[:132], malformed(132)),
    "10 one byte more": (GOOD + b"\0", malformed(196)),
    "10 a word more": (GOOD + bytes(32), malformed(196)),
    "11 unknown method": (put(4, 5), error("UnknownMethod(uint8)", 5)),
    "11 the last method": (put(4, 255), error("UnknownMethod(uint8)", 255)),
    "11 before 12": (encode_call(9, 1, [2**64]), error("UnknownMethod(uint8)", 9)),
    "12 a wide weight": (put(132, 2**64), malformed(132)),
    "12 the lowest bit above": (put(164, 2**64 + 1), malformed(164)),
    "12 the highest bit above": (put(164, 2**255), malformed(164)),
    "12 the first of two": (encode_call(0, 1, [1, 2**70, 2**80]), malformed(164)),
    "12 before 13": (encode_call(0, 1, [OVER, OVER, 2**64]), malformed(196)),
    "13 one above": (encode_call(0, 1, [OVER, 1]), error("WeightOverflow(uint256)", 2**64)),
    "13 far above": (
        encode_call(0, 1, [OVER] * MAX_RECIPIENTS),
        error("WeightOverflow(uint256)", OVER * MAX_RECIPIENTS),
    ),
    "14 no weights": (encode_call(0, 1, []), error("ZeroWeight()")),
    "14 only zeros": (encode_call(0, 1, [0, 0, 0]), error("ZeroWeight()")),
    "14 nothing to divide": (encode_call(1, 0, [0]), error("ZeroWeight()")),
}


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize(("data", "expected"), LINES.values(), ids=LINES.keys())
def test_each_fault_reverts_with_the_error_of_its_line(
    core: Core, data: bytes, expected: bytes
) -> None:
    assert core.outcome(data) == (False, expected)


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize("method", [CASCADE, HAMILTON])
def test_the_bounds_themselves_are_accepted(core: Core, method: int) -> None:
    assert core.shares(method, 2**128 - 1, [2**64 - 1]) == [2**128 - 1]
    assert sum(core.shares(method, 2**128 - 1, [1] * MAX_RECIPIENTS)) == 2**128 - 1


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"4097 elements, and one call takes 4096: split"):
        cores()[0].run(put(100, 4097))
    with pytest.raises(ValueError, match=r"input byte 196: 1 bytes follow the last element"):
        cores()[0].run(GOOD + b"\0")
