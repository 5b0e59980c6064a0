"""The table of `attribution.refusals`, line by line, on both cores.

Expected bytes are made by eth_abi, which knows nothing of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from byline.precompiles.abi import array_tail
from byline.precompiles.math import MAX_RECIPIENTS, METHODS, encode_call, functions
from byline.precompiles.math.call import CASCADE
from byline.precompiles.math.values import call_of
from tests.attribution_cores import Core, cores

GOOD = encode_call(CASCADE, 100, [1, 2])


def chunk(amount: int, total: int, reached: int, weights: Sequence[int]) -> bytes:
    return call_of(functions.APPORTION_CHUNK, amount, total, reached, array_tail(weights))


def cap_floor(amount: int, weights: Sequence[int], min_pay: int, max_bps: int) -> bytes:
    return call_of(functions.CAP_FLOOR, amount, array_tail(weights), min_pay, max_bps)


def relu(scores: Sequence[int]) -> bytes:
    return call_of(functions.RELU, array_tail(scores))


def softmax(scores: Sequence[int], temperature: int) -> bytes:
    return call_of(functions.SOFTMAX, array_tail(scores), temperature)


def decay(weights: Sequence[int], ages: Sequence[int], half_life: int) -> bytes:
    return call_of(functions.DECAY, array_tail(weights), array_tail(ages), half_life)


def error(signature: str, *arguments: object) -> bytes:
    kinds = [kind for kind in signature.split("(")[1].rstrip(")").split(",") if kind]
    return keccak(text=signature)[:4] + encode(kinds, arguments)


def malformed(offset: int) -> bytes:
    return error("MalformedInput(uint256)", offset)


def put(offset: int, value: int, data: bytes = GOOD) -> bytes:
    """Return a good input with the word at `offset` replaced."""
    return data[:offset] + value.to_bytes(32, "big") + data[offset + 32 :]


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
    "4 no amount": (GOOD[:36], malformed(36)),
    "4 amount above uint128": (put(36, 2**128), malformed(36)),
    "5 no offset": (GOOD[:99], malformed(68)),
    "5 weights not right behind": (put(68, 128), malformed(68)),
    "5 offset with high bits": (put(68, 2**255 + 96), malformed(68)),
    "6 no length": (GOOD[:100], malformed(100)),
    "7 one too many": (put(100, 4097), error("TooManyRecipients(uint256)", 4097)),
    "7 far too many": (put(100, 2**256 - 1), error("TooManyRecipients(uint256)", 2**256 - 1)),
    "7 before 8": (GOOD[:100] + b"\xff" * 32, error("TooManyRecipients(uint256)", 2**256 - 1)),
    "8 the last weight is missing": (GOOD[:-32], malformed(164)),
    "8 the last weight is cut short": (GOOD[:-1], malformed(164)),
    "8 all weights are missing": (GOOD[:132], malformed(132)),
    "9 one byte more": (GOOD + b"\0", malformed(196)),
    "9 a word more": (GOOD + bytes(32), malformed(196)),
    "10 unknown method": (put(4, 5), error("UnknownMethod(uint8)", 5)),
    "10 the last method": (put(4, 255), error("UnknownMethod(uint8)", 255)),
    "10 before 12": (encode_call(9, 1, [2**64]), error("UnknownMethod(uint8)", 9)),
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
CHUNK, BOUNDS = chunk(100, 3, 0, [1, 2]), cap_floor(100, [1, 2], 0, 10_000)
SCORES, DECAYED = softmax([1, -2], 1), decay([1, 2], [3, 4], 5)
ZERO, OVERFLOW = error("ZeroWeight()"), "WeightOverflow(uint256)"
MORE_LINES = {
    "chunk 4 total above uint64": (put(36, 2**64, CHUNK), malformed(36)),
    "chunk 4 reached above uint64": (put(68, 2**64, CHUNK), malformed(68)),
    "chunk 5 weights not right behind": (put(100, 96, CHUNK), malformed(100)),
    "chunk 8 cut": (CHUNK[:-1], malformed(196)),
    "chunk 9 one byte more": (CHUNK + b"\0", malformed(228)),
    "chunk 10 no total": (chunk(1, 0, 0, [2**64]), ZERO),
    "chunk 12 a wide weight": (chunk(1, 5, 0, [1, 2**64]), malformed(196)),
    "chunk 13 beyond the total": (chunk(1, 5, 3, [1, 2]), error(OVERFLOW, 6)),
    "chunk 13 begins beyond": (chunk(1, 5, 6, []), error(OVERFLOW, 6)),
    "chunk 13 far beyond": (chunk(1, 1, OVER, [OVER, OVER]), error(OVERFLOW, 3 * OVER)),
    "bounds 5 before 4": (put(36, 0, put(68, 2**128, BOUNDS)), malformed(36)),
    "bounds 7 before 4": (
        put(132, 4097, put(68, 2**128, BOUNDS)),
        error("TooManyRecipients(uint256)", 4097),
    ),
    "bounds 4 floor above uint128": (put(68, 2**128, BOUNDS), malformed(68)),
    "bounds 4 cap above uint16": (put(100, 2**16, BOUNDS), malformed(100)),
    "bounds 4 before 9": (put(100, 2**16, BOUNDS) + b"\0", malformed(100)),
    "bounds 9 a word more": (BOUNDS + bytes(32), malformed(228)),
    "bounds 10 more than all": (put(100, 10_001, BOUNDS), error("BadBps(uint256)", 10_001)),
    "bounds 10 before 12": (cap_floor(1, [2**64], 0, 65535), error("BadBps(uint256)", 65535)),
    "bounds 12 a wide weight": (cap_floor(1, [1, 2**64], 0, 1), malformed(196)),
    "bounds 13 one above": (cap_floor(1, [OVER, 1], 0, 1), error(OVERFLOW, 2**64)),
    "bounds 14 no weights": (cap_floor(1, [], 0, 1), ZERO),
    "bounds 14 before the bounds": (cap_floor(1, [0], 2, 1), ZERO),
    "relu 5 scores not right behind": (put(4, 64, relu([1])), malformed(4)),
    "relu 8 cut": (relu([1])[:-1], malformed(68)),
    "relu 12 above int64": (relu([1, 2**63]), malformed(100)),
    "relu 12 below int64": (relu([-(2**63) - 1]), malformed(68)),
    "relu 12 an unsigned one": (relu([2**64 - 1]), malformed(68)),
    "softmax 4 temperature above uint32": (put(36, 2**32, SCORES), malformed(36)),
    "softmax 8 before 4": (put(36, 2**32, SCORES)[:-1], malformed(132)),
    "softmax 10 no temperature": (softmax([2**63], 0), error("ZeroTemperature()")),
    "softmax 12 above int64": (softmax([0, 2**63], 1), malformed(132)),
    "softmax 12 the lowest": (softmax([-(2**255)], 1), malformed(100)),
    "decay 5 ages not right behind": (put(36, 96, DECAYED), malformed(36)),
    "decay 7 too many ages": (
        put(196, 4097, DECAYED),
        error("TooManyRecipients(uint256)", 4097),
    ),
    "decay 8 ages cut": (DECAYED[:-1], malformed(260)),
    "decay 4 half-life above uint32": (put(68, 2**32, DECAYED), malformed(68)),
    "decay 9 a byte more": (DECAYED + b"\0", malformed(292)),
    "decay 10 before 11": (decay([1], [], 0), error("ZeroHalfLife()")),
    "decay 11 other many": (
        decay([2**64], [1, 2], 1),
        error("LengthMismatch(uint256,uint256)", 1, 2),
    ),
    "decay 12 a wide weight before ages": (decay([1, 2**64], [2**32, 1], 1), malformed(164)),
    "decay 12 a wide age": (decay([1, 2], [1, 2**32], 1), malformed(260)),
}
LINES |= MORE_LINES


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize(("data", "expected"), LINES.values(), ids=LINES.keys())
def test_each_fault_reverts_with_the_error_of_its_line(
    core: Core, data: bytes, expected: bytes
) -> None:
    assert core.outcome(data) == (False, expected)


@pytest.mark.parametrize("core", cores(), ids=lambda core: core.name)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_bounds_themselves_are_accepted(core: Core, method: int) -> None:
    assert core.shares(method, 2**128 - 1, [2**64 - 1]) == [2**128 - 1]
    assert sum(core.shares(method, 2**128 - 1, [1] * MAX_RECIPIENTS)) == 2**128 - 1


def test_a_refusal_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"4097 elements, and one call takes 4096: split"):
        cores()[0].run(put(100, 4097))
    with pytest.raises(ValueError, match=r"input byte 196: 1 bytes follow the last element"):
        cores()[0].run(GOOD + b"\0")
