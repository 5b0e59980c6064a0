"""The functions that divide and weigh, as the chain calls them."""

from __future__ import annotations

from typing import Final

from byline.precompiles.abi import encode, encode_array, words_tail
from byline.precompiles.functions import Function
from byline.precompiles.math import dividing
from byline.precompiles.math.call import (
    read_call,
    read_cap_floor,
    read_chunk,
    read_decay,
    read_relu,
    read_softmax,
)
from byline.precompiles.math.gas import (
    cap_floor_gas,
    chunk_gas,
    decay_gas,
    gas,
    relu_gas,
    softmax_gas,
)


def _apportion(data: bytes) -> bytes:
    call = read_call(data)
    return encode_array(dividing.divide(call.method, call.amount, call.words))


def _chunk(data: bytes) -> bytes:
    call = read_chunk(data)
    shares, end = dividing.divide_chunk(
        call.amount, call.total, call.reached, call.weights.words, call.weights.start
    )
    return encode(words_tail(shares), end)


def _cap_floor(data: bytes) -> bytes:
    call = read_cap_floor(data)
    shares, carry = dividing.cap_floor(
        call.amount, call.weights.words, call.min_pay, call.max_bps, call.weights.start
    )
    return encode(words_tail(shares), carry)


def _relu(data: bytes) -> bytes:
    scores = read_relu(data)
    return encode_array(dividing.relu(scores.words, scores.start))


def _softmax(data: bytes) -> bytes:
    call = read_softmax(data)
    return encode_array(dividing.softmax(call.scores.words, call.temperature, call.scores.start))


def _decay(data: bytes) -> bytes:
    call = read_decay(data)
    return encode_array(
        dividing.decay(call.weights.words, call.ages.words, call.half_life, call.weights.start)
    )


APPORTION: Final = Function(
    name="apportion",
    inputs=(("uint8", "method"), ("uint128", "amount"), ("uint64[]", "weights")),
    outputs=(("uint128[]", "amounts"),),
    gas=gas,
    run=_apportion,
    summary="divides `amount` by `weights`; method 0 is cascade, 1 hamilton, 2 webster, "
    "3 dhondt, 4 adams",
)

APPORTION_CHUNK: Final = Function(
    name="apportionChunk",
    inputs=(
        ("uint128", "amount"),
        ("uint64", "totalW"),
        ("uint64", "startC"),
        ("uint64[]", "weights"),
    ),
    outputs=(("uint128[]", "amounts"), ("uint64", "endC")),
    gas=chunk_gas,
    run=_chunk,
    summary="a part of a cascade of `amount` by weights that sum to `totalW`, of which `startC` "
    "lie before this part and `endC` before the next",
)

CAP_FLOOR: Final = Function(
    name="capFloor",
    inputs=(
        ("uint128", "amount"),
        ("uint64[]", "weights"),
        ("uint128", "minPay"),
        ("uint16", "maxBps"),
    ),
    outputs=(("uint128[]", "amounts"), ("uint128", "carry")),
    gas=cap_floor_gas,
    run=_cap_floor,
    summary="divides `amount` by `weights` so that each gets nothing, or at least `minPay` and "
    "at most `maxBps` of it; `carry` is what nobody may have",
)

RELU: Final = Function(
    name="relu",
    inputs=(("int64[]", "scores"),),
    outputs=(("uint64[]", "weights"),),
    gas=relu_gas,
    run=_relu,
    summary="the positive parts of `scores`",
)

SOFTMAX: Final = Function(
    name="softmax",
    inputs=(("int64[]", "scores"), ("uint32", "temperature")),
    outputs=(("uint64[]", "weights"),),
    gas=softmax_gas,
    run=_softmax,
    summary="the softmax of `scores` at `temperature`, both in units of 2**-16; the highest "
    "score weighs 2**32",
)

DECAY: Final = Function(
    name="decay",
    inputs=(("uint64[]", "weights"), ("uint32[]", "ages"), ("uint32", "halfLife")),
    outputs=(("uint64[]", "decayed"),),
    gas=decay_gas,
    run=_decay,
    summary="halves each weight with every `halfLife` of its age",
)

FUNCTIONS: Final = (APPORTION, APPORTION_CHUNK, CAP_FLOOR, RELU, SOFTMAX, DECAY)
