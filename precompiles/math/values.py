"""The functions on Python values, for those who need no chain to divide.

They answer and refuse as the chain does: each encodes a call, and reads the output.  All
raise `InvalidInput` for what the chain would refuse too.
"""

from __future__ import annotations

from collections.abc import Sequence

from byline.precompiles.abi import WORD, Tail, array_tail, encode
from byline.precompiles.functions import Function
from byline.precompiles.math.functions import (
    APPORTION,
    APPORTION_CHUNK,
    CAP_FLOOR,
    DECAY,
    RELU,
    SOFTMAX,
)


def encode_call(method: int, amount: int, weights: Sequence[int]) -> bytes:
    """Encode a call of `apportion`, as a contract or a wallet would.

    Values are placed as they are (below 2**256), so this also makes refused inputs.
    """
    return call_of(APPORTION, method, amount, array_tail(weights))


def call_of(function: Function, *arguments: int | bytes | Tail) -> bytes:
    """Encode a call of `function`, with the arguments as they are."""
    return function.selector + encode(*arguments)


def apportion(method: int, amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide `amount` (wei, below 2**128) by `weights` (uint64); one of `call.METHODS`."""
    return _array(APPORTION.run(encode_call(method, amount, weights)))


def apportion_chunk(
    amount: int, total: int, reached: int, weights: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Return what a cascade of `amount` by `total` gives `weights`, and the sum reached.

    `reached` is the sum of the weights before; the next chunk begins with what is returned.
    """
    output = APPORTION_CHUNK.run(
        call_of(APPORTION_CHUNK, amount, total, reached, array_tail(weights))
    )
    return _array(output), _second(output)


def cap_floor(
    amount: int, weights: Sequence[int], min_pay: int, max_bps: int
) -> tuple[tuple[int, ...], int]:
    """Divide `amount` so that each gets 0, or `min_pay` up to `max_bps` of it; and the carry."""
    output = CAP_FLOOR.run(call_of(CAP_FLOOR, amount, array_tail(weights), min_pay, max_bps))
    return _array(output), _second(output)


def relu(scores: Sequence[int]) -> tuple[int, ...]:
    """Return the positive parts of `scores` (int64)."""
    return _array(RELU.run(call_of(RELU, array_tail(scores))))


def softmax(scores: Sequence[int], temperature: int) -> tuple[int, ...]:
    """Return the softmax of `scores` (int64) at `temperature`, both in units of 2**-16.

    The best has 2**32.
    """
    return _array(SOFTMAX.run(call_of(SOFTMAX, array_tail(scores), temperature)))


def decay(weights: Sequence[int], ages: Sequence[int], half_life: int) -> tuple[int, ...]:
    """Halve each of `weights` (uint64) with every `half_life` of its age (both uint32)."""
    data = call_of(DECAY, array_tail(weights), array_tail(ages), half_life)
    return _array(DECAY.run(data))


def _array(output: bytes) -> tuple[int, ...]:
    """Read the array whose offset is the first word of `output`, and which ends it."""
    start = int.from_bytes(output[:WORD], "big") + WORD
    return tuple(
        int.from_bytes(output[at : at + WORD], "big") for at in range(start, len(output), WORD)
    )


def _second(output: bytes) -> int:
    return int.from_bytes(output[WORD : 2 * WORD], "big")
